"""What every verb prints, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvccli.main import pvc
from pvccore.plan.storage import STORAGE_VERBS
from tests.pvccli.golden import FOLDER, command_lines, played, stage
from tests.pvccli.verbs import verbs_of

FOR_PROGRAMS = re.compile(r" (-f|--format) json|--json")
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    with stage():
        yield


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_is_played_again_word_for_word(path: Path) -> None:
    assert played(path) == path.read_text(), "if that is meant: python -m tests.pvccli.golden"


def test_every_verb_has_a_transcript_for_people_and_for_programs() -> None:
    played_lines = [line for path in TRANSCRIPTS for line in command_lines(path.read_text())]
    missing = []
    for verb, command in verbs_of(pvc):
        mine = [line for line in played_lines if f"{line} ".startswith(f"{verb} ")]
        for_programs = [line for line in mine if FOR_PROGRAMS.search(line)]
        takes_format = any("--format" in one.opts or "--json" in one.opts for one in command.params)
        if len(mine) == len(for_programs) or (takes_format and not for_programs):
            missing.append(verb)
    assert not missing


def test_every_verb_on_the_storage_is_typed_and_refused_somewhere() -> None:
    lines = [f"{line} " for path in TRANSCRIPTS for line in command_lines(path.read_text())]
    for verb in STORAGE_VERBS:
        assert sum(line.startswith(f"{verb} ") for line in lines) > 1, f"{verb} is typed once at most"
