from __future__ import annotations

import pytest

from pvccore.model.fence import FencePhase
from pvccore.model.node import WantedReadiness
from tests.operations.world import World
from tests.pvcapi.stand import Api, error

NODE = "/api/v1/node"


def test_nodes_are_listed_and_filtered(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    world.kill("hv3")
    listed = api.get(NODE)
    assert [(one["name"], one["alive"], one["vms"]) for one in listed.json()] == [
        ("hv1", True, 1),
        ("hv2", True, 0),
        ("hv3", False, 0),
    ]
    assert listed.headers["X-Total-Count"] == "3"
    assert [one["name"] for one in api.get(f"{NODE}?alive=false").json()] == ["hv3"]
    assert [one["name"] for one in api.get(f"{NODE}?readiness=ready&power=on&limit=1&offset=1").json()] == ["hv2"]
    assert api.get(f"{NODE}?role=hypervisor").json() == []


def test_everything_about_a_node_is_shown_and_no_secret(api: Api) -> None:
    shown = api.get(f"{NODE}/hv1").json()
    assert (shown["name"], shown["wanted_readiness"], shown["fence"]["phase"]) == ("hv1", "ready", "none")
    assert shown["fence_agents"] == ["ipmi"]


def test_a_node_is_flushed_and_made_ready(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    path = f"{NODE}/hv1/domain-state"
    assert api.get(f"{NODE}/hv1/preview/flush").json() == {"moved": {"web1": "hv2"}, "parked": {}}
    assert api.post(path, json={"state": "flush", "reason": "new memory"}).json()["text"] == "hv1 is flushing"
    assert world.node("hv1").readiness.wanted is WantedReadiness.FLUSHED
    assert world.load().journal[-1].why == "new memory"
    assert api.get(path).json() == {"node": "hv1", "wanted": "flushed", "state": "flushing", "waits_for": []}
    assert not api.post(path, json={"state": "flush"}).json()["changed"]
    assert api.post(path, json={"state": "ready"}).status_code == 200
    assert error(api.post(path, json={"state": "full"}).json()) == ("invalid", ["state"])
    assert error(api.post(path, json={"state": "flush", "reason": "x" * 300}).json()) == ("invalid", ["reason"])


def test_a_node_is_fenced(api: Api, world: World) -> None:
    path = f"{NODE}/hv2/fence"
    assert api.get(path).json()["phase"] == "none"
    assert api.post(path, json={"reason": "it smokes"}).status_code == 200
    fence = world.node("hv2").fence
    assert (fence.phase, fence.by) == (FencePhase.REQUESTED, "robot@ops1")
    assert api.get(path).json()["phase"] == "requested"
    again = api.post(path, json={})
    assert (again.status_code, again.json()["error"]) == (409, "refused")


def test_a_persons_word_that_a_node_is_off_is_taken_only_of_a_silent_one(api: Api, world: World) -> None:
    path = f"{NODE}/hv3/fence"
    assert api.post(path, json={"confirmed_off": True}).status_code == 409
    world.kill("hv3")
    assert api.post(path, json={"confirmed_off": True}).status_code == 200
    assert world.node("hv3").fence.phase is FencePhase.POWERED_OFF


def test_a_death_is_foretold(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    assert api.get(f"{NODE}/hv1/forecast").json() == {"survives": True, "placed": {"web1": "hv2"}, "parked": {}}
    assert sorted(api.get("/api/v1/forecast").json()) == ["hv1", "hv2", "hv3"]
    assert api.get(f"{NODE}/hv1/preview/fence").json()["moved"] == {"web1": "hv2"}
    assert api.get(f"{NODE}/hv1/preview/ready").json() == {"moved": {}, "parked": {}}
    assert error(api.get(f"{NODE}/hv1/preview/paint").json()) == ("invalid", ["verb"])


def test_a_node_is_retired(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1", placement=None)
    assert api.delete(f"{NODE}/hv1").status_code == 409
    assert api.delete(f"{NODE}/hv1?force=perhaps").status_code == 400
    world.add_node("hv4", alive=False, boot=False)
    assert api.delete(f"{NODE}/hv4").json()["text"] == "hv4 is removed"
    assert "hv4" not in world.load().nodes


@pytest.mark.parametrize("path", ["", "/domain-state", "/fence", "/forecast", "/preview/flush"])
def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    answer = api.get(f"{NODE}/hv9{path}")
    assert (answer.status_code, answer.json()["message"]) == (404, "no node 'hv9'")
