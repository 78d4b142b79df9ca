from collections.abc import Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.fence import Fence, FencePhase
from pvccore.model.forecast import Forecast
from pvccore.model.struct import replace
from pvctui.rows.lines import Line, text_of
from pvctui.rows.resilience_lines import resilience_tabs, summary_lines
from pvctui.rows.resilience_rows import RESILIENCE_COLUMNS, fence_took_s, rows_of_resilience
from pvctui.rows.subject_tabs import subject_tabs
from pvctui.rows.what_if import what_if, what_if_lines
from tests.pvctui.canned import GB, NOW_S, cluster_of, entry, fence_of, node, view_of, vm, well

AT = {column.key: index for index, column in enumerate(RESILIENCE_COLUMNS)}
TIMES = {"requested": NOW_S - 120, "off_sent": NOW_S - 118, "powered_off": NOW_S - 110, "recovered": NOW_S - 100}
PAST = Fence(round=2, times=TIMES)
FAILS = Forecast(at=NOW_S, nodes=3, parked={"hv2": 2}, reasons={"hv2": "db1: limit hv2"})


def told(lines: Sequence[Line]) -> str:
    return "\n".join(text_of(line) for line in lines)


def tab(subject: str, title: str, cluster: Cluster) -> str:
    return told(next(tab for tab in resilience_tabs(subject, view_of(cluster)) if tab.title == title).lines())


def tight() -> Cluster:
    """Three nodes with room for one death, not for two."""
    nodes = [node(name, memory_gb=20) for name in ("hv1", "hv2", "hv3")]
    return cluster_of(nodes, [vm(number, f"[red]v{number}", f"hv{number % 3 + 1}") for number in range(9)])


# What if


def test_all_marked_nodes_die_at_once_and_none_takes_anothers_vms() -> None:
    found = what_if(tight(), ["hv2", "hv1", "gone"])
    assert found.dead == ("hv1", "hv2")
    assert set(found.placed.values()) == {"hv3"}
    assert len(found.placed) == 2
    assert len(found.parked) == 4


def test_the_answer_names_what_is_parked_and_why_and_where_the_others_go() -> None:
    text = told(what_if_lines(what_if(tight(), ["hv1", "hv2"])))
    assert text.startswith("If hv1, hv2 died now\n2 of 6 VMs would run elsewhere, 4 would be parked:\n■ [red]v")
    assert "hv3 has" in text
    assert "where to: hv3 2" in text


def test_it_says_whether_yet_another_node_may_die() -> None:
    assert "After that N−1 would not hold: hv2 (" in told(what_if_lines(what_if(tight(), ["hv1"])))
    assert "After that any other node might die, too." in told(what_if_lines(what_if(well(5, 5), ["hv1"])))


def test_a_death_that_nobody_would_notice_and_none_at_all() -> None:
    assert "nothing would be missed" in told(what_if_lines(what_if(well(3, 0), ["hv1"])))
    assert told(what_if_lines(what_if(well(), []))) == "no node is marked"


def test_many_are_counted_rather_than_listed() -> None:
    vms = [vm(number, f"v{number:03}", "hv1", memory_mb=1) for number in range(70)]
    stuck = [vm(200 + number, f"w{number:03}", "hv1", memory_mb=500 * GB) for number in range(65)]
    text = told(
        what_if_lines(what_if(cluster_of([node("hv1", memory_gb=40000), node("hv2")], [*vms, *stuck]), ["hv1"]))
    )
    assert "and 10 more" in text
    assert "and 5 more" in text


def test_in_a_large_cluster_the_further_death_is_not_tried() -> None:
    many = cluster_of([node(f"hv{number}") for number in range(1, 202)], [vm(n, f"v{n}", "hv1") for n in range(101)])
    found = what_if(many, ["hv1"])
    assert found.next_parked is None
    assert "After that" not in told(what_if_lines(found))


# Rows


def rows(cluster: Cluster) -> dict[str, list[str]]:
    return {row.key: [row.text(index) for index in range(len(AT))] for row in rows_of_resilience(view_of(cluster))}


def test_a_row_says_what_its_death_would_mean_and_why() -> None:
    found = rows(replace(well(), forecast=FAILS, leases=("lease-0000000042", "lease-0000000043")))
    assert found["hv2"][AT["death"]] == "2 parked"
    assert found["hv2"][AT["why"]] == "db1: limit hv2"
    assert found["hv1"][AT["death"]] == "all elsewhere"
    assert found["hv1"][AT["manager"]] == "manages"
    assert found["hv2"][AT["manager"]] == "stands by"
    assert found["hv1"][AT["bmc"]] == "not yet"


def test_nobody_stands_by_where_nobody_is_in_line() -> None:
    assert rows(well())["hv2"][AT["manager"]] == ""


def test_the_last_fence_tells_how_long_it_took_and_how_long_ago_it_was() -> None:
    cluster = cluster_of([node("hv1", fence=PAST), node("hv2", fence=fence_of("hv2")), node("hv3")], [])
    found = {name: row[AT["fence"]] for name, row in rows(cluster).items()}
    assert found == {"hv1": "20 s, 1 m ago", "hv2": "under way", "hv3": "none"}


def test_a_fence_that_never_recovered_anything_has_no_duration() -> None:
    assert fence_took_s(Fence(round=1, times={"requested": 5.0})) is None
    assert fence_took_s(fence_of("hv1", FencePhase.RECOVERED, times=TIMES)) == 20


# Lines


def test_the_summary_says_whether_n_minus_one_holds() -> None:
    def first(forecast: Forecast) -> str:
        return text_of(summary_lines(view_of(replace(well(), forecast=forecast)))[0])

    assert "not worked out yet" in first(Forecast())
    assert "N−1 holds: any single node may die" in first(Forecast(at=NOW_S, nodes=3))
    assert "does not hold: hv2 would leave 2 VMs parked" in first(FAILS)
    many = {f"hv{number}": 1 for number in range(6)}
    assert "and 2 more" in first(Forecast(at=NOW_S, nodes=9, parked=many))


def test_the_summary_says_who_manages_and_how_many_stand_in_line() -> None:
    def second(**parts: object) -> str:
        return text_of(summary_lines(view_of(replace(well(), **parts)))[1])  # type: ignore[arg-type] # by name

    assert second() == "Manager hv1, lease-0000000042; no other coordinator stands in line"
    assert "2 more coordinators stand in line" in second(leases=("a", "b", "c"))
    assert "Manager nobody: nobody fences" in second(leases=(), manager="")


def test_fencing_tells_the_agents_the_times_and_the_journal() -> None:
    journal = (entry(1, "fence hv1: requested", "silent", node="hv1"), entry(2, "flush hv1", node="hv1"))
    text = tab("hv1", "Fencing", cluster_of([node("hv1", fence=PAST)], [], journal=journal))
    assert "ipmi 10.1.0.1:623" in text
    assert "Its last fence, 2 m ago" in text
    assert "after 20 s" in text
    assert "fence hv1: requested" in text
    assert "flush hv1" not in text
    assert "not tested yet" in text


def test_a_node_that_nothing_can_fence_says_so() -> None:
    bare = node("hv1")
    bare = replace(bare, config=replace(bare.config, fence_agents=()))
    text = tab("hv1", "Fencing", cluster_of([bare], []))
    assert "nothing: it can't be fenced" in text
    assert "no fence to tell the times of" in text


def test_without_marks_the_node_itself_is_tried() -> None:
    assert tab("hv1", "What if", well()).startswith("If hv1 died now")
    assert tab("hv1 hv2 hv3", "What if", well()).startswith("If hv2, hv3 died now")


def test_a_node_that_is_gone_says_so() -> None:
    assert [tab.title for tab in resilience_tabs("hv9", view_of(well()))] == ["Gone"]


def test_a_subjects_title_is_its_own_name() -> None:
    view = view_of(well())
    assert subject_tabs("death hv1 hv2", view)[0] == "hv1"
    assert subject_tabs("node hv1", view)[0] == "hv1"
    assert subject_tabs(f"vm {next(iter(view.cluster.vms))}", view)[0] == "web1"
