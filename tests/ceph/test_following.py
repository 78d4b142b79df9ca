"""Commands that take long tell how far they are, can be stopped, and are given up when they fall silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvccore.ceph import commands as module
from pvccore.ceph.commands import CephCommands, go_on
from pvccore.model.errors import NotFound, PvcError, Refused, Unavailable
from tests.ceph.test_commands import tool


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CephCommands:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return CephCommands(configuration="/etc/some.conf", user="pvc", limit_s=5.0)


def test_progress_is_told_as_it_comes(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "rbd", r"printf '\rImage copy: 12%% complete...\rImage copy: 50%% complete...'; sleep 0.7")
    told: list[float] = []

    def tell(share: float, _text: str) -> bool:
        told.append(share)
        return True

    commands.rbd_followed("copy", "vms/a", "vms/b", tell=tell)
    assert told[0] == 0.0
    assert told[-1] == 0.5


def test_the_progress_of_qemu_img_is_understood_and_its_words_are_ours(commands: CephCommands, tmp_path: Path) -> None:
    tool(
        tmp_path,
        "qemu-img",
        r"""echo "$@" > """ + str(tmp_path / "words") + r"""; printf '    (25.00/100%%)\r'; sleep 0.7""",
    )
    told: list[float] = []

    def tell(share: float, _text: str) -> bool:
        told.append(share)
        return True

    commands.image_written("/var/lib/pvc/images/a.qcow2", "qcow2", "vms/a", tell=tell)
    assert told[-1] == 0.25
    words = (tmp_path / "words").read_text()
    assert words == ("convert -p -n -f qcow2 -O raw /var/lib/pvc/images/a.qcow2 rbd:vms/a:id=pvc:conf=/etc/some.conf\n")


def test_whoever_is_told_can_stop_it(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "rbd", "exec sleep 30")
    with pytest.raises(Refused, match="cancelled"):
        commands.rbd_followed("copy", "vms/a", "vms/b", tell=lambda _share, _text: False)


def test_silence_is_given_up(commands: CephCommands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_LIMIT_S", 0.5)
    tool(tmp_path, "rbd", "exec sleep 30")
    with pytest.raises(Unavailable, match="did not move"):
        commands.rbd_followed("copy", "vms/a", "vms/b", tell=go_on)


@pytest.mark.parametrize(
    "script, error, words",
    [
        (r"printf 'Image copy: 10%% complete\rrbd: copy failed: busy\n'; exit 16", Refused, "rbd: copy failed: busy"),
        ("echo 'no such image' >&2; exit 2", NotFound, "no such image"),
    ],
)
def test_a_failure_is_told_in_the_tools_last_words(
    commands: CephCommands, tmp_path: Path, script: str, error: type[PvcError], words: str
) -> None:
    tool(tmp_path, "rbd", script)
    with pytest.raises(error, match=words):
        commands.rbd_followed("copy", "vms/a", "vms/b", tell=go_on)


def test_a_missing_tool_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="can't be run"):
        CephCommands().rbd_followed("rm", "vms/a", tell=go_on)


def test_several_questions_are_asked_of_one_process(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "ceph", """while read -r line; do printf '\\n{"asked": "%s"}\\n' "$line"; done""")
    assert commands.ceph_all("status", "osd dump") == [{"asked": "status"}, {"asked": "osd dump"}]


def test_a_question_without_an_answer_is_a_failure_of_all(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "ceph", "echo '{}'")
    with pytest.raises(Unavailable, match="answered 1 of 2"):
        commands.ceph_all("status", "osd dump")


HANGS_AT_THE_SECOND = """read -r one; printf '{"asked": "%s"}\\n{"cut": ' "$one"; exec sleep 30"""


def test_what_was_answered_before_another_question_hung_is_not_lost(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "ceph", HANGS_AT_THE_SECOND)
    quick = commands.within(0.3)
    assert quick.ceph_all("status", "osd perf", may_hang=1) == [{"asked": "status"}, None]
    with pytest.raises(Unavailable, match="did not answer within"):
        quick.ceph_all("status", "osd perf")


def test_a_question_that_ceph_refused_is_told_with_its_reason(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "ceph", "echo '{}'; echo 'a warning' >&2; echo 'Error EACCES: access denied' >&2")
    with pytest.raises(Unavailable, match="answered 1 of 2 questions: Error EACCES: access denied"):
        commands.ceph_all("status", "osd dump")
