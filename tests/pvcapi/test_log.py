"""Logs over HTTP: asked of the node that has them."""

from __future__ import annotations

from tests.operations.played import Said, with_daemons
from tests.operations.world import World
from tests.pvcapi.stand import Api, Stand, error


def test_a_guests_last_lines_and_then_what_is_new(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    console = Said("boots", "tick 1")
    with_daemons(world, {"web1": console}, {"hv1": Said("ZooKeeper: connected")})
    first = api.get("/api/v1/vm/web1/log", params={"lines": 1}).json()
    assert first == {"lines": ["tick 1"], "place": "said:2"}
    console.lines.append("tick 2")
    assert api.get("/api/v1/vm/web1/log", params={"after": first["place"]}).json()["lines"] == ["tick 2"]
    assert api.get("/api/v1/node/hv1/log").json()["lines"] == ["ZooKeeper: connected"]
    assert world.load().tasks == {}


def test_what_nobody_answers_is_refused_and_asked_no_longer(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    late = api.get("/api/v1/vm/web1/log", params={"wait_s": 0})
    assert (late.status_code, error(late.json())[0]) == (409, "refused")
    assert late.json()["message"] == "the daemon of hv1 has not answered in time"
    assert world.load().tasks == {}
    world.kill("hv2")
    assert api.get("/api/v1/node/hv2/log").status_code == 409
    assert api.get("/api/v1/vm/ghost/log").status_code == 404
    assert api.get("/api/v1/node/hv1/log", params={"lines": 5000}).status_code == 400


def test_who_may_only_look_asks_no_node(viewer: Api, stand: Stand) -> None:
    stand.world.add_vm("web1", "hv1")
    assert viewer.get("/api/v1/vm/web1/log").status_code == 403
    assert viewer.get("/api/v1/node/hv1/log").status_code == 403
    assert stand.world.load().tasks == {}
