from __future__ import annotations

import pytest

from pvccore.model.bmc import BmcTest
from pvccore.model.change import Change, Kind
from pvccore.model.errors import Conflict, Unavailable
from pvccore.state.live import JOURNAL_SHOWN
from pvccore.state.store import Operation
from tests.operations.world import World
from tests.pvcapi.stand import Api, Stand, error


def test_the_status_is_shown(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    status = api.get("/api/v1/status").json()
    assert status["nodes"] == {"total": 3, "alive": 3, "ready": 3}
    assert status["vms"] == {"total": 1, "running": 1}
    assert (status["fences"], status["troubles"], status["problems"]) == ([], [], {})


def test_maintenance_is_switched(api: Api, world: World) -> None:
    answer = api.post("/api/v1/status", json={"maintenance": True, "reason": "switch upgrade"})
    assert answer.json() == {
        "changed": True,
        "text": "maintenance on now",
        "outcome": None,
        "tasks": [],
        "warnings": [],
    }
    assert (world.load().maintenance.by, world.load().maintenance.reason) == ("robot@ops1", "switch upgrade")
    assert not api.post("/api/v1/status", json={"maintenance": True}).json()["changed"]
    assert api.post("/api/v1/status", json={"maintenance": False}).json()["changed"]
    assert error(api.post("/api/v1/status", json={}).json()) == ("invalid", ["maintenance"])
    assert error(api.post("/api/v1/status", json={"maintenance": "on"}).json()) == ("invalid", ["maintenance"])


def test_who_will_be_fenced_and_who_could_not_be_is_told_when_maintenance_ends(api: Api, world: World) -> None:
    world.write(Kind.BMC, "hv3", None, BmcTest(at=990.0, by="hv1", error="ipmi: no answer"))
    api.post("/api/v1/status", json={"maintenance": True})
    world.kill("hv2")
    answer = api.post("/api/v1/status", json={"maintenance": False}).json()
    assert answer["changed"]
    assert answer["warnings"] == [
        "hv2 will be fenced unless back within 30 s.",
        "The BMC of hv3 fails its test: ipmi: no answer.",
    ]
    assert api.post("/api/v1/status", json={"maintenance": False}).json()["warnings"] == []


def test_the_journal_is_shown(api: Api) -> None:
    api.post("/api/v1/status", json={"maintenance": True})
    api.post("/api/v1/node/hv1/domain-state", json={"state": "flush"})
    entries = api.get("/api/v1/journal").json()
    assert [entry["what"] for entry in entries] == ["cluster created", "maintenance on", "flush hv1"]
    assert entries[-1]["node"] == "hv1"
    assert "vm" not in entries[-1]
    assert [entry["what"] for entry in api.get("/api/v1/journal?limit=1").json()] == ["flush hv1"]
    assert [entry["what"] for entry in api.get("/api/v1/journal?who=robot@ops1&node=").json()] == ["maintenance on"]
    assert api.get("/api/v1/journal?vm=web1").json() == []
    assert api.get("/api/v1/journal?limit=501").status_code == 400


def test_the_journal_is_paged_back_to_its_beginning(api: Api, world: World) -> None:
    for number in range(1, JOURNAL_SHOWN + 8):
        world.setup.commit(Change(writes=(), what=f"entry {number}", node="hv1" if number < 3 else ""))
    seen: list[str] = []
    page = api.get("/api/v1/journal?limit=300").json()
    while page:
        seen = [entry["what"] for entry in page] + seen
        page = api.get("/api/v1/journal", params={"limit": 300, "before": page[0]["key"]}).json()
    assert seen == ["cluster created", *(f"entry {number}" for number in range(1, JOURNAL_SHOWN + 8))]
    newest = api.get("/api/v1/journal?limit=1").json()[0]["key"]
    assert api.get("/api/v1/journal?node=hv1").json() == []
    old = api.get("/api/v1/journal", params={"node": "hv1", "before": newest}).json()
    assert [entry["what"] for entry in old] == ["entry 1", "entry 2"]


def test_settings_are_shown_and_set(api: Api, world: World) -> None:
    assert api.get("/api/v1/settings").json()["settle_s"] == 3.0
    assert api.get("/api/v1/settings/settle_s").json() == {"settle_s": 3.0}
    assert api.put("/api/v1/settings/settle_s", json={"value": 4.5}).json()["text"] == "settle_s is 4.5, it was 3.0"
    assert world.load().settings.settle_s == 4.5
    assert error(api.put("/api/v1/settings/settle_s", json={"value": -1}).json()) == ("invalid", ["settle_s"])
    assert error(api.put("/api/v1/settings/settle_s", json={"value": []}).json()) == ("invalid", ["value"])
    assert error(api.put("/api/v1/settings/colour", json={"value": "red"}).json()) == ("invalid", ["setting"])
    assert api.get("/api/v1/settings/colour").status_code == 404


def test_nothing_is_answered_from_memory_while_zookeeper_is_away(api: Api, stand: Stand) -> None:
    stand.source.away = "no connection to ZooKeeper (reconnecting)"
    for method, path, body in (
        ("GET", "/api/v1/vm", None),
        ("GET", "/api/v1/status", None),
        ("POST", "/api/v1/status", {"maintenance": True}),
    ):
        answer = api.request(method, path, json=body)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json()["message"] == "no connection to ZooKeeper (reconnecting)"


@pytest.mark.parametrize(
    "raised,status,word,in_doubt",
    [
        (Conflict("maintenance"), 409, "conflict", False),
        (Unavailable("the connection broke", in_doubt=True), 503, "unavailable", True),
        (ZeroDivisionError(), 500, "internal", False),
    ],
)
def test_a_failed_write_says_how_it_failed(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, word: str, in_doubt: bool
) -> None:
    def fail(operations: list[Operation]) -> list[str]:
        raise raised

    with stand.client() as api:
        monkeypatch.setattr(stand.world.store, "commit", fail)
        answer = api.post("/api/v1/status", json={"maintenance": True})
        assert answer.status_code == status
        assert (answer.json()["error"], answer.json()["in_doubt"]) == (word, in_doubt)
        assert "ZeroDivision" not in answer.text


def test_unknown_paths_and_methods_are_said_in_the_same_shape(api: Api) -> None:
    assert error(api.get("/api/v1/nothing").json()) == ("not_found", [])
    assert error(api.delete("/api/v1/status").json()) == ("method_not_allowed", [])
