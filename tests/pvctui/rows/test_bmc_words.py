from pvccore.model.bmc import BmcTest
from pvccore.model.cluster import Cluster
from pvccore.model.node import Node
from pvccore.model.struct import replace
from pvctui.rows.attention import troubles
from pvctui.rows.bmc_words import bmc_cell, bmc_pieces
from pvctui.rows.lines import text_of
from pvctui.rows.maintenance_lines import turning_off_lines
from pvctui.rows.node_detail import node_tabs
from pvctui.rows.resilience_rows import RESILIENCE_COLUMNS, rows_of_resilience
from tests.pvctui.canned import NOW_S, cluster_of, node, view_of

PASSED = BmcTest(at=NOW_S - 7200, by="hv2")
FAILED = BmcTest(at=NOW_S - 60, by="hv2", error="ipmi 10.1.0.1:623: no answer", failing_since=NOW_S - 300)


def node_with(test: BmcTest) -> Node:
    return node("hv1", bmc=test)


def without_bmc() -> Node:
    bare = node_with(FAILED)
    return replace(bare, config=replace(bare.config, fence_agents=()))


def with_it(test: BmcTest) -> Cluster:
    return cluster_of([node_with(test), node("hv2")], [])


def test_a_column_tells_when_it_was_tested_and_by_a_glyph_how_that_went() -> None:
    view = view_of(with_it(PASSED))
    assert bmc_cell(node_with(BmcTest()), view) == ("not yet", "dim")
    assert bmc_cell(node_with(PASSED), view) == "✓ 2 h ago"
    assert bmc_cell(node_with(FAILED), view) == ("✗ 1 m ago", "bad")
    assert bmc_cell(without_bmc(), view) == ("no BMC", "dim")


def test_a_line_tells_from_where_it_was_asked_and_since_when_it_fails() -> None:
    view = view_of(with_it(PASSED))
    assert text_of(bmc_pieces(node_with(PASSED), view)) == "answers  2 h ago from hv2"
    failed = text_of(bmc_pieces(node_with(FAILED), view))
    assert failed.startswith("fails: ipmi 10.1.0.1:623: no answer  1 m ago from hv2, failing since ")
    assert text_of(bmc_pieces(without_bmc(), view)) == "no BMC"


def test_a_failing_one_is_told_wherever_somebody_relies_on_it() -> None:
    view = view_of(with_it(FAILED))
    (trouble,) = troubles(view)
    assert (trouble.what, trouble.subject, trouble.glyph) == ("hv1", "node hv1", "▲")
    assert "its BMC fails its test" in trouble.why
    assert "The BMC of hv1 fails its test" in "\n".join(map(text_of, turning_off_lines(view)))
    row = rows_of_resilience(view, ["hv1"])[0]
    assert "fails its test" in row.text(len(RESILIENCE_COLUMNS) - 1)
    (summary,) = (tab for tab in node_tabs("hv1", view) if tab.title == "Summary")
    assert any("BMC tested" in text_of(line) and "no answer" in text_of(line) for line in summary.lines())


def test_one_that_passes_is_no_trouble() -> None:
    view = view_of(with_it(PASSED))
    assert troubles(view) == []
    assert "BMC" not in "\n".join(map(text_of, turning_off_lines(view)))
