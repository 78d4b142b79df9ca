"""The API before a cluster in memory: every request sees what the store holds at that moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from pvcapi.app import Limits, build_app
from pvcapi.link import Listener
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Unavailable
from pvccore.operations.tokens import Role, TokenFile
from pvccore.state.schema import Schema
from pvccore.state.store import Store
from tests.operations.world import World

Api = TestClient[Litestar]


class MemorySource:
    """A source that reads the store anew for every request; `away` says why it can't."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.away = ""
        self.listeners: list[Listener] = []

    @property
    def store(self) -> Store:
        return self.world.store

    @property
    def schema(self) -> Schema:
        return self.world.schema

    def cluster(self) -> Cluster:
        if self.away:
            raise Unavailable(self.away)
        return self.world.load()

    def age_s(self) -> float | None:
        return 0.25

    def listen(self, listener: Listener) -> None:
        self.listeners.append(listener)


class Stand:
    """The application, its source, and a client for each kind of caller."""

    def __init__(self, world: World, folder: Path, limits: Limits | None = None) -> None:
        self.world = world
        self.source = MemorySource(world)
        self.tokens = TokenFile(folder / "tokens.json")
        self.keys = {
            "robot": self.tokens.add("robot", Role.OPERATOR, now=0.0),
            "eye": self.tokens.add("eye", Role.READ_ONLY, now=0.0),
        }
        self.app = build_app(self.source, self.tokens, host="ops1", limits=limits)

    def client(self, who: str = "robot") -> Api:
        client: Api = TestClient(self.app, raise_server_exceptions=False)
        if who:
            client.headers["X-Api-Key"] = self.keys[who]
        return client


def error(body: dict[str, Any]) -> tuple[str, list[str]]:
    """Why a request failed, and the fields that are to blame."""
    return body["error"], [one["field"] for one in body["fields"]]
