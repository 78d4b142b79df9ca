from pvccore.model.cluster import Cluster
from pvccore.model.forecast import Forecast
from pvccore.model.struct import replace
from pvctui.rows.forecast_lines import death_cell, forecast_lines, header_part
from pvctui.rows.header_line import header_line
from pvctui.rows.lines import text_of
from pvctui.rows.node_rows import NODE_COLUMNS, rows_of_nodes
from tests.pvctui.canned import GB, NOW_S, cluster_of, fence_of, night, node, uuid, view_of, vm, well

FAILS = Forecast(at=NOW_S, nodes=3, parked={"hv2": 3, "hv1": 1}, reasons={"hv1": "a: limit hv1"})
HOLDS = Forecast(at=NOW_S, nodes=3)


def told(name: str, cluster: Cluster) -> str:
    return "\n".join(text_of(line) for line in forecast_lines(name, cluster))


def header(forecast: Forecast, width: int = 120) -> str:
    return text_of(header_line(view_of(replace(well(), forecast=forecast)), width))


def test_the_header_says_whether_any_single_node_may_die() -> None:
    assert "N−1 yes" in header(HOLDS)
    assert "N−1 no: hv1 +1" in header(FAILS)


def test_the_header_says_nothing_that_nobody_has_worked_out() -> None:
    assert "N−1" not in header(Forecast())
    assert header_part(Forecast(at=1.0)) == ()


def test_a_narrow_header_leaves_it_out_whole_rather_than_cut() -> None:
    assert "N−1" not in header(FAILS, width=44)
    assert len(header(FAILS, width=44)) == 44


def test_a_nodes_row_says_how_many_would_be_parked() -> None:
    at = [column.key for column in NODE_COLUMNS].index("n1")
    rows = {row.key: row for row in rows_of_nodes(view_of(replace(well(), forecast=FAILS)))}
    assert [rows[name].text(at) for name in ("hv1", "hv2", "hv3")] == ["1 parked", "3 parked", "yes"]


def test_a_node_that_is_fenced_has_no_forecast() -> None:
    dead = node("hv3", alive=False, fence=fence_of("hv3"))
    assert death_cell(dead, FAILS) == ("–", "dim")
    assert "fenced already" in told("hv3", night())


def test_a_death_tells_what_is_parked_and_why_and_where_the_others_go() -> None:
    vms = [vm(1, "a", "hv1"), vm(2, "b", "hv1"), vm(3, "[red]c", "hv1", node_limit=("hv1",))]
    text = told("hv1", cluster_of([node("hv1"), node("hv2")], vms))
    assert text.startswith("If it died now, 2 of its 3 VMs would run elsewhere,\n1 would be parked until a node")
    assert "■ [red]c  limit hv1" in text
    assert "where to: hv2 2" in text
    assert text.endswith("a  → hv2\nb  → hv2")


def test_a_death_that_parks_nothing_says_so() -> None:
    cluster = cluster_of([node("hv1"), node("hv2")], [vm(1, "a", "hv1")])
    assert told("hv1", cluster).startswith("If it died now, its VM would run elsewhere.")
    assert told("hv2", cluster) == "If it died now, nothing would be missed: no VM runs here."


def test_many_vms_are_counted_rather_than_listed() -> None:
    vms = [vm(number, f"v{number:03}", "hv1", memory_mb=1) for number in range(130)]
    stuck = [vm(200 + number, f"w{number:03}", "hv1", memory_mb=200 * GB) for number in range(60)]
    text = told("hv1", cluster_of([node("hv1", memory_gb=20000), node("hv2")], [*vms, *stuck]))
    assert "and 30 more" in text
    assert "and 10 more" in text


def test_a_node_that_is_gone_says_so() -> None:
    assert "not registered" in told(uuid(9), well())
