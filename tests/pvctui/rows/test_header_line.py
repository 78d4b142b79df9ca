from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvccore.state.store import Connection
from pvctui.rows.header_line import header_line
from pvctui.rows.lines import text_of
from pvctui.rows.view import Link
from tests.pvctui.canned import night, view_of, well


def header(width: int = 120, cluster: Cluster | None = None, **parts: object) -> str:
    return text_of(header_line(replace(view_of(cluster or night()), **parts), width))  # type: ignore[arg-type] # by name


def test_it_tells_the_numbers_and_the_clock() -> None:
    line = header()
    for part in ("prod-ams", "● live", "nodes 4/6", "VMs 28/44", "unknown 12", "failed 1", "parked 1"):
        assert part in line
    assert len(line) == 120


def test_what_is_none_is_not_told() -> None:
    assert "unknown" not in header(cluster=well())


def test_the_numbers_stay_when_the_clock_has_no_room() -> None:
    line = header(width=72)
    assert "parked 1" in line
    assert ":" not in line


def test_a_number_that_has_no_room_is_left_out_whole_and_missed() -> None:
    assert header(width=60).rstrip().endswith("unknown 12 …")


def test_a_lost_connection_is_told_with_the_age_of_what_is_shown() -> None:
    away = Link(connection=Connection.RECONNECTING, age_s=12.4)
    assert "◌ reconnecting, data 12 s old" in header(link=away)


def test_refused_credentials_are_told() -> None:
    assert "✗ refused" in header(link=Link(connection=Connection.REFUSED, trouble="who are you"))


def test_before_the_first_snapshot_no_number_is_told() -> None:
    line = header(link=Link())
    assert "◌ connecting" in line
    assert "nodes" not in line


def test_an_empty_tree_is_not_live() -> None:
    assert "✗ not connected" in header(link=Link(connection=Connection.RECONNECTING, trouble="no cluster at h/pvc"))


def test_read_only_is_told() -> None:
    assert "read-only" in header(read_only=True)
