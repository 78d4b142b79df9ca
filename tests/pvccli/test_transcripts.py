"""What a person types and what `pvc` answers, kept word for word: one file a subject, which reads like a shell's log.

`$ pvc …` is typed (`<<< y` answers its question), `| …` is on standard error, `exit N` where it is not 0. Every file
has a cluster of its own. With PVC_ACCEPT_TRANSCRIPTS=1 what is printed now is kept; look at it with `git diff`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvccore.plan.storage import STORAGE_VERBS
from tests.operations.stored_storage import put_storage
from tests.operations.world import World
from tests.pvccli.conftest import Pvc
from tests.pvccli.test_storage import WEB1

FOLDER = Path(__file__).parent / "transcripts"
FILES = sorted(FOLDER.glob("*.txt"))
ACCEPT = "PVC_ACCEPT_TRANSCRIPTS"
TYPED = re.compile(r"\$ pvc (?P<line>.*?)(?: <<< (?P<answer>\w+))?")


def typed(text: str) -> Iterator[re.Match[str]]:
    return (found for line in text.splitlines() if (found := TYPED.fullmatch(line)))


def answered(pvc: Pvc, text: str) -> Iterator[str]:
    """The file as it would be written now; what stands before the first command stays."""
    yield from (line for line in text.partition("\n$ ")[0].splitlines())
    for command in typed(text):
        answer = command["answer"] or ""
        said = pvc(command["line"], answer=f"{answer}\n" if answer else "")
        yield from ("", command[0], *said.out.splitlines(), *(f"| {line}" for line in said.err.splitlines()))
        if said.code:
            yield f"exit {said.code}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_pvc_answers_as_it_is_written(pvc: Pvc, world: World, path: Path) -> None:
    world.add_vm("web1", "hv1", definition=WEB1)
    put_storage(world)
    kept = path.read_text()
    now = "\n".join(line.rstrip() for line in answered(pvc, kept)) + "\n"
    if os.environ.get(ACCEPT) == "1":
        path.write_text(now)
    assert now == path.read_text()


def test_every_verb_on_the_storage_is_typed_and_refused_somewhere() -> None:
    lines = [f"{command['line']} " for path in FILES for command in typed(path.read_text())]
    for verb in STORAGE_VERBS:
        assert sum(line.startswith(f"{verb} ") for line in lines) > 1, f"{verb} is typed once at most"
