from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pvcapi.app import Limits
from pvcapi.auth import REMEMBERED, Pace
from pvccore.operations.tokens import Role
from tests.operations.world import World
from tests.pvcapi.stand import Api, Stand, error
from tests.pvcapi.storing import with_storage, with_task

FILLED = {
    "{vm}": "web1",
    "{node}": "hv1",
    "{name}": "settle_s",
    "{verb}": "flush",
    "{pool}": "vms",
    "{volume}": "data",
    "{snapshot}": "then",
    "{osd}": "0",
    "{task}": "t1",
}


def operations(stand: Stand) -> list[tuple[str, str]]:
    """Every method and path of the API, with something in place of its parameters."""
    paths: dict[str, dict[str, Any]] = stand.app.openapi_schema.to_schema()["paths"]
    found = []
    for path, item in paths.items():
        there = path
        for name, value in FILLED.items():
            there = there.replace(name, value)
        found += [(method.upper(), there) for method in item if method in ("get", "post", "put", "delete")]
    return sorted(found)


def test_nothing_is_told_without_a_token(stand: Stand) -> None:
    with stand.client("") as stranger:
        for method, path in operations(stand):
            answer = stranger.request(method, path)
            assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized"), (method, path)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_who_may_only_look_changes_nothing(stand: Stand, viewer: Api, world: World) -> None:
    with_task(with_storage(world)).add_vm("web1", "hv1")
    for method, path in operations(stand):
        if path.endswith("/events"):
            continue
        answer = viewer.request(method, path, json={})
        asks_a_node = path.endswith("/log")
        expected = 200 if method == "GET" and not asks_a_node else 403
        assert answer.status_code == expected, (method, path, answer.text)
    assert [entry.what for entry in world.load().journal] == ["cluster created"]


@pytest.mark.parametrize("token", ["", "wrong", "pvc_", "é", "x" * 10_000])
def test_a_wrong_token_is_no_token(stand: Stand, token: str) -> None:
    with stand.client("") as stranger:
        answer = stranger.get("/api/v1/vm", headers={b"X-Api-Key": token.encode()})
        assert answer.status_code == 401
        assert token[:50] not in answer.text or not token


def test_a_bearer_is_as_good_as_a_key(stand: Stand) -> None:
    with stand.client("") as client:
        assert client.get("/api/v1/vm", headers={"Authorization": f"Bearer {stand.keys['eye']}"}).status_code == 200
        assert client.get("/api/v1/vm", headers={"Authorization": stand.keys["eye"]}).status_code == 401


def test_a_revoked_token_is_refused_from_the_next_request_on(stand: Stand, api: Api) -> None:
    assert api.get("/api/v1/vm").status_code == 200
    stand.tokens.revoke("robot")
    assert api.get("/api/v1/vm").status_code == 401
    api.headers["X-Api-Key"] = stand.tokens.add("robot", Role.READ_ONLY, now=0.0)
    assert api.get("/api/v1/vm").status_code == 200
    assert api.post("/api/v1/status", json={"maintenance": True}).status_code == 403


def test_a_file_of_tokens_that_others_can_read_lets_nobody_in(stand: Stand, api: Api) -> None:
    stand.tokens.path.chmod(0o644)
    stand.tokens.path.touch()
    answer = api.get("/api/v1/vm")
    assert answer.status_code == 503
    assert "must not be wider than 0600" in answer.json()["message"]


def test_who_asks_too_often_is_told_when_to_come_again(world: World, tmp_path: Path) -> None:
    stand = Stand(world, tmp_path, Limits(requests_per_minute=12))
    with stand.client() as api:
        assert [api.get("/api/v1/vm").status_code for _ in range(3)] == [200, 200, 429]
        answer = api.get("/api/v1/vm")
        assert error(answer.json()) == ("too_many", [])
        assert 1 <= int(answer.headers["Retry-After"]) <= 6
    with stand.client("eye") as other:
        assert other.get("/api/v1/vm").status_code == 200
    with stand.client("") as stranger:
        assert [stranger.get("/api/v1/vm").status_code for _ in range(3)] == [401, 429, 429]


def test_a_pace_is_kept_and_few_are_remembered() -> None:
    now_s = 0.0
    pace = Pace(60, lambda: now_s)
    assert [pace.wait_s("a") for _ in range(11)] == [0.0] * 10 + [1.0]
    now_s = 2.0
    assert [pace.wait_s("a") for _ in range(3)] == [0.0, 0.0, 1.0]
    for number in range(REMEMBERED + 100):
        pace.wait_s(str(number))
    assert len(pace._known) == REMEMBERED


def test_metrics_and_events_need_a_token_too_unless_said_otherwise(world: World, tmp_path: Path) -> None:
    with Stand(world, tmp_path).client("") as stranger:
        assert stranger.get("/metrics").status_code == 401
        assert stranger.get("/api/v1/events").status_code == 401
    (tmp_path / "open").mkdir()
    with Stand(world, tmp_path / "open", Limits(public_metrics=True)).client("") as stranger:
        assert stranger.get("/metrics").status_code == 200
        assert stranger.get("/api/v1/vm").status_code == 401
