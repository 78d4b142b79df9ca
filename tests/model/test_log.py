import pytest

from pvccore.model.errors import Invalid
from pvccore.model.log import LogPart, log_part, place_in, printable_lines
from pvccore.model.task import Task

PART = LogPart(log="4711", end=120, lines=("tick 1", "tick 2"))


def test_a_part_comes_back_whole_from_a_task() -> None:
    words, *lines = PART.result.split("\n")
    assert log_part(Task(result=words, lines=tuple(lines))) == PART


@pytest.mark.parametrize("result", ["", "pool x is made", "log a\nb", "log a b to 3", "log a to x"])
def test_another_tasks_result_is_no_part_of_a_log(result: str) -> None:
    with pytest.raises(Invalid, match="no part of a log"):
        log_part(Task(result=result))


@pytest.mark.parametrize(
    "after, place",
    [("4711:120", 120), ("4712:120", None), ("", None), ("4711:", None), ("4711:x", None), ("4711", None)],
)
def test_a_place_counts_in_its_own_log_only(after: str, place: int | None) -> None:
    assert place_in("4711", after) == place
    assert place_in("4711", PART.place) == 120


@pytest.mark.parametrize(
    "said, shown",
    [
        ("\x1b[0;32m OK \x1b[0m started\r\n", (" OK  started",)),
        ("\x1b]0;root@hv1\x07# ", ("# ",)),
        ("\x1b]52;c;cGFzcw==\x1b\\x", ("x",)),
        ("\x1bcboot", ("boot",)),
        ("50 %\r60 %", ("50 %", "60 %")),
        ("a\x00b\u202ec\td", ("a\ufffdb\ufffdc   d",)),
        ("\x1b", ("\ufffd",)),
        ("ähm", ("ähm",)),
        ("", ()),
    ],
)
def test_a_terminal_obeys_nothing_that_a_guest_says(said: str, shown: tuple[str, ...]) -> None:
    assert printable_lines(said) == shown
