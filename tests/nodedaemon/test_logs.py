import json
import logging
import sys

from nodedaemon.logs import JsonFormatter, KeptLog, TextFormatter, named
from pvccore.model.change import Change
from pvccore.model.log import LINES_MAX


def record(message: str, **names: str) -> logging.LogRecord:
    made = logging.LogRecord("nodedaemon.agent", logging.INFO, "", 0, message, (), None)
    made.created, made.msecs = 1_700_000_000.0, 250.0
    for name, value in names.items():
        setattr(made, name, value)
    return made


def test_a_change_names_vm_node_and_reason() -> None:
    change = Change(writes=(), what="web1 placed on hv2", why="hv1 is off", vm="web1", node="hv2")
    assert json.loads(JsonFormatter().format(record(change.what, **named(change)))) == {
        "at": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "from": "nodedaemon.agent",
        "message": "web1 placed on hv2",
        "vm": "web1",
        "node": "hv2",
        "reason": "hv1 is off",
    }


def test_a_traceback_is_part_of_its_object() -> None:
    broken = record("broke off")
    try:
        int("no number")
    except ValueError:
        broken.exc_info = sys.exc_info()
    line = JsonFormatter().format(broken)
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["traceback"]


def test_control_characters_in_a_persons_words_do_not_reach_the_terminal() -> None:
    line = TextFormatter().format(record("maintenance on: \x1b[2J\nfake line"))
    assert line == "2023-11-14T22:13:20.250 INFO    nodedaemon.agent: maintenance on: \\x1b[2J\\nfake line"


def test_the_newest_lines_of_this_run_are_kept_for_who_asks() -> None:
    kept = KeptLog("run2")
    kept.setFormatter(logging.Formatter("%(message)s"))
    for number in range(LINES_MAX + 10):
        kept.handle(record(f"line {number}"))
    part = kept.part(2, "")
    assert part.lines == (f"line {LINES_MAX + 8}", f"line {LINES_MAX + 9}")
    assert kept.part(5, part.place).lines == ()
    kept.handle(record("one\ntwo\x1b[2J"))
    assert kept.part(5, part.place).lines == ("one", "two")
    assert len(kept.part(LINES_MAX, "run1:3").lines) == LINES_MAX
    assert len(kept.part(LINES_MAX, "run2:3").lines) == LINES_MAX
