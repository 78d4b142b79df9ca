from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nodedaemon.log_tasks import SerialLog, console_of
from pvccore.model.errors import Refused
from pvccore.model.log import MAX_LOG_BYTES
from pvccore.model.vm import Definition, Vm
from tests.operations.world import guest_xml

Log = Callable[[str], SerialLog]
WEB1 = Vm(uuid="00000000-0000-4000-8000-000000000001", definition=Definition(name="web1"))


@pytest.fixture
def log(tmp_path: Path) -> Log:
    def made(name: str) -> SerialLog:
        return SerialLog(path=tmp_path / name, folder=tmp_path)

    return made


def test_the_last_lines_are_told_and_then_what_is_new(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "web1.log"
    file.write_text("boots\ntick 1\ntick 2\n")
    first = log("web1.log").part(2, "")
    assert first.lines == ("tick 1", "tick 2")
    assert log("web1.log").part(2, first.place).lines == ()
    with file.open("a") as more:
        more.write("tick 3\ntick 4\ntick 5\n")
    assert log("web1.log").part(2, first.place).lines == ("tick 4", "tick 5")


def test_a_line_that_is_not_whole_is_told_to_who_asks_first_and_when_it_is_whole(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "web1.log"
    file.write_text("boots\nlogin: ")
    first = log("web1.log").part(9, "")
    assert first.lines == ("boots", "login: ")
    assert log("web1.log").part(9, first.place).lines == ()
    file.write_text("boots\nlogin: root\n")
    assert log("web1.log").part(9, first.place).lines == ("login: root",)


def test_a_log_that_begins_anew_is_told_from_its_beginning(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "web1.log"
    file.write_text("old\n" * 10)
    place = log("web1.log").part(1, "").place
    file.write_text("cut\n")
    assert log("web1.log").part(5, place).lines == ("cut",)
    file.rename(tmp_path / "web1.log.0")
    file.write_text("another\n" * 20)
    assert log("web1.log").part(2, place).lines == ("another", "another")


def test_an_answer_is_bounded_and_shows_nothing_that_a_terminal_obeys(log: Log, tmp_path: Path) -> None:
    (tmp_path / "web1.log").write_bytes(b"first\n" + b"\x1b[31m\xff" + b"x" * 2 * MAX_LOG_BYTES + b"\nlast\n")
    part = log("web1.log").part(100, "")
    assert len(part.result.encode()) <= MAX_LOG_BYTES + 100
    assert part.lines[-1] == "last"
    (tmp_path / "web1.log").write_bytes(b"\x1b[31mred\xff\n")
    assert log("web1.log").part(1, "").lines == ("red\N{REPLACEMENT CHARACTER}",)


def test_what_is_no_log_of_a_guest_is_not_read(log: Log, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"web1\.log: No such file"):
        log("web1.log").part(1, "")
    (tmp_path / "out").symlink_to("/etc/hostname")
    with pytest.raises(Refused, match="is not in"):
        log("out").part(1, "")
    with pytest.raises(Refused, match="is not in"):
        log("../x").part(1, "")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused, match="no plain file"):
        log("pipe").part(1, "")


def test_where_a_console_is_logged_stands_in_the_xml() -> None:
    xml = guest_xml("web1").replace(
        "<devices>", "<devices><serial type='pty'><log file='/var/log/libvirt/w'/></serial>"
    )
    assert console_of(WEB1, xml).path == Path("/var/log/libvirt/w")
    console = xml.replace("serial", "console")
    assert console_of(WEB1, console).path == Path("/var/log/libvirt/w")
    with pytest.raises(Refused, match=r"web1 keeps no console log; its XML would need <serial type='pty'><log file="):
        console_of(WEB1, guest_xml("web1"))
