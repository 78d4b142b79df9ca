from pvccore.model.cluster import Cluster
from pvccore.model.fence import Blocklist, BlocklistPhase, Fence, FenceCause, FencePhase
from pvccore.model.struct import replace
from pvctui.rows.fence_lines import fence_banner, fence_steps
from pvctui.rows.lines import text_of
from pvctui.rows.node_rows import fenced_nodes
from tests.pvctui.canned import confirmed, fence_of, in_maintenance, night, uuid, view_of


def with_fence(fence: Fence) -> Cluster:
    cluster = night()
    return replace(cluster, nodes={**cluster.nodes, "hv3": replace(cluster.nodes["hv3"], fence=fence)})


def banner(cluster: Cluster) -> str:
    return "   ".join(map(text_of, fence_banner(cluster.nodes["hv3"], view_of(cluster))))


def steps(cluster: Cluster) -> list[str]:
    return [text_of(line).rstrip() for line in fence_steps(cluster.nodes["hv3"], view_of(cluster))]


def test_the_banner_tells_phase_agent_age_round_and_who_waits() -> None:
    assert banner(night()) == "FENCING hv3   power off sent 3 s ago, reading its power (ipmi)   12 VMs wait   round 1"


def test_a_failed_fence_shouts_its_error() -> None:
    line = banner(with_fence(fence_of("hv3", FencePhase.FAILED, error="ipmi: no answer")))
    assert line.startswith("FENCE FAILED hv3   FAILED 3 s ago: ipmi: no answer")


def test_in_maintenance_a_requested_fence_is_held() -> None:
    cluster = in_maintenance(with_fence(fence_of("hv3", FencePhase.REQUESTED)))
    assert "held: maintenance is on" in banner(cluster)
    assert "held: maintenance is on, so nothing is powered off" in steps(cluster)


def test_the_steps_tell_what_is_done_under_way_and_to_come() -> None:
    found = steps(night())
    assert [line[0] for line in found] == ["✓", "✓", "✓", "…", " ", " "]
    assert "10.0.0.3" in found[4]
    assert "recover 12 VMs" in found[5]


def test_the_recovery_is_told_by_the_plan_itself() -> None:
    cluster = night()
    only_there = replace(
        cluster.vms[uuid(17)], definition=replace(cluster.vms[uuid(17)].definition, node_limit=("hv3",))
    )
    found = steps(replace(cluster, vms={**cluster.vms, uuid(17): only_there}))
    assert "plan: 11 elsewhere" in found[5]
    assert "1 parked: app17 (limit hv3" in found[6]


def test_past_power_off_the_evidence_is_named() -> None:
    off = fence_of(
        "hv3",
        FencePhase.RECOVERING,
        evidence=confirmed("hv3"),
        recovering=(uuid(17),),
        blocklist=Blocklist(phase=BlocklistPhase.ACKNOWLEDGED, address="10.0.0.3", round=1),
    )
    found = steps(with_fence(off))
    assert "ipmi: two readings of off" in found[3]
    assert found[3].startswith("✓")
    assert "10.0.0.3 can't write any more" in found[4]
    assert found[5].startswith("… recover 12 VMs")


def test_a_fence_that_a_person_asked_for_names_them() -> None:
    asked = fence_of("hv3", cause=FenceCause.PERSON, by="anna@ops1", reason="smoke")
    assert "asked by anna@ops1: smoke" in steps(with_fence(asked))[0]


def test_a_recovered_fence_is_settled() -> None:
    cluster = with_fence(fence_of("hv3", FencePhase.RECOVERED, recovering=(uuid(17), uuid(18))))
    assert banner(cluster).startswith("FENCED hv3   recovered 3 s ago")
    assert steps(cluster)[-1].startswith("✓ recovered")


def test_unfinished_fences_come_first() -> None:
    cluster = with_fence(fence_of("hv3", FencePhase.RECOVERED))
    nodes = {**cluster.nodes, "hv9": replace(cluster.nodes["hv6"], name="hv9", fence=fence_of("hv9"))}
    assert [node.name for node in fenced_nodes(replace(cluster, nodes=nodes))] == ["hv9", "hv3"]


def test_a_blocklist_that_is_lifted_as_the_node_comes_back_is_not_told_as_to_come() -> None:
    lifting = Blocklist(phase=BlocklistPhase.SENT, address="10.0.0.3", round=1)
    told = steps(with_fence(fence_of("hv3", FencePhase.RECOVERED, blocklist=lifting)))
    assert any("✓ blocklist" in line and "that is lifted as it comes back" in line for line in told)
