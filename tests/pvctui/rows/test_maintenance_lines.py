from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvctui.rows.lines import Line, text_of
from pvctui.rows.maintenance_lines import maintenance_banner, turning_off_lines, turning_on_lines
from tests.pvctui.canned import in_maintenance, night, node, view_of, well


def told(lines: list[Line]) -> str:
    return "\n".join(text_of(line) for line in lines)


def acknowledged(cluster: Cluster, version: int) -> Cluster:
    nodes = {
        name: replace(found, presence=replace(found.presence, maintenance_acknowledged=version))
        for name, found in cluster.nodes.items()
    }
    return replace(cluster, nodes=nodes)


def test_the_banner_tells_who_and_why_and_that_it_is_in_force() -> None:
    line = text_of(maintenance_banner(view_of(acknowledged(in_maintenance(well()), 3))))
    assert line.startswith("MAINTENANCE since ")
    assert line.endswith(" · nobody is fenced · by anna@ops1 · switch upgrade in rack 2")


def test_the_banner_names_who_has_not_acknowledged_yet() -> None:
    assert "; unacknowledged by hv1 and 2 more" in text_of(maintenance_banner(view_of(in_maintenance(well()))))


def test_on_a_narrow_terminal_the_banner_still_names_how_many_have_not() -> None:
    line = text_of(maintenance_banner(view_of(in_maintenance(well()))))
    assert "and 2 more" in line[:78]


def test_turning_on_tells_what_becomes_of_a_fence_under_way() -> None:
    assert "hv3 (off sent): its power is only read" in told(turning_on_lines(night()))


def test_turning_off_tells_who_would_be_fenced_and_who_not() -> None:
    cluster = in_maintenance(night())
    text = told(turning_off_lines(view_of(cluster)))
    assert "hv3 is silent: it gets 30 s of grace and will then be fenced (12 VMs)." in text
    assert "hv6 said goodbye and will not be fenced." in text


def test_turning_off_in_a_well_cluster_fences_nobody() -> None:
    assert told(turning_off_lines(view_of(in_maintenance(well())))) == "No node is silent now: nobody would be fenced."


def test_many_silent_nodes_are_not_all_named() -> None:
    silent = {f"hv{index}": node(f"hv{index}", alive=False) for index in range(1, 21)}
    text = told(turning_off_lines(view_of(replace(well(), nodes=silent))))
    assert "and 14 more silent nodes likewise." in text
