from pvccore.model.log import LogPart
from pvctui.rows import fetched as kept
from pvctui.rows.fetched import Fetched, KeptLog, log_wanted
from pvctui.rows.lines import text_of
from pvctui.rows.log_lines import log_rows, log_status, log_title
from tests.pvctui.canned import NOW_S, uuid, view_of, well

KEY = f"vm-log {uuid(1)}"


def told(fetched: Fetched | None) -> str:
    return text_of(log_status(KEY, view_of(well(), fetched={KEY: fetched} if fetched else {})))


def test_vms_and_nodes_have_logs_and_nothing_else_has() -> None:
    assert log_wanted(f"vm {uuid(1)}") == KEY
    assert log_wanted("fence hv3") == log_wanted("death hv3 hv4") == "node-log hv3"
    assert log_wanted("osd 3") == log_wanted("") == log_wanted("vm ") == ""


def test_it_is_said_whose_log_it_is() -> None:
    assert log_title(KEY, view_of(well())) == "web1 · console log"
    assert log_title("node-log hv1", view_of(well())) == "hv1 · the daemon's log"


def test_what_is_waited_for_what_failed_and_what_was_read_are_told_with_their_ages() -> None:
    assert told(None) == "→ waits for the daemon of hv1"
    assert told(Fetched(asked_s=NOW_S - 3)) == "→ waits for the daemon of hv1, asked 3 s ago"
    assert told(Fetched(error="no", at_s=NOW_S - 9)) == "✗ no   9 s ago"
    assert "9 s ago: 2 lines from the daemon of hv1" in told(Fetched(log=KeptLog(lines=("a", "b")), at_s=NOW_S - 9))


def test_new_lines_follow_the_old_ones_whose_oldest_go(monkeypatch: object) -> None:
    log = KeptLog().with_part(LogPart(log="l", end=1, lines=("a", "b")))
    assert (log.lines, log.place, log.first) == (("a", "b"), "l:1", 0)
    many = LogPart(log="l", end=2, lines=tuple(map(str, range(kept.MOST_LINES_KEPT - 1))))
    longer = log.with_part(many)
    assert (longer.lines[0], longer.first, len(longer.lines)) == ("b", 1, kept.MOST_LINES_KEPT)
    assert log_rows(Fetched(log=longer))[0].key == "1"
