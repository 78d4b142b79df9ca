"""What is asked of Ceph at once becomes what is known, as far as it was answered; one odd pool hides no other."""

from __future__ import annotations

from typing import Any

import pytest

from nodedaemon.storage_reading import BY_THE_MANAGER, Look, Reading, Wanted, ask
from pvccore.model.errors import NotFound, Refused, Unavailable
from tests.ceph.samples import VERSIONS, sample

SAMPLES = {
    "status": "status", "df detail": "df", "osd dump": "osd_dump", "health detail": "health", "versions": "versions",
    "osd metadata": "osd_metadata", "osd tree": "osd_df_tree", "osd df tree": "osd_df_tree", "osd perf": "osd_perf",
}  # fmt: skip


class PlayedCeph:
    """Answers as some version did. has_manager: whether Ceph has its manager daemon. images: by pool, or an error."""

    def __init__(self, version: str = "16", *, has_manager: bool = True, images: Any = None) -> None:
        self.version, self.has_manager = version, has_manager
        self.images = images or {}

    def ceph_all(self, *commands: str, may_hang: int = 0) -> list[Any]:
        assert commands[len(commands) - may_hang :] == BY_THE_MANAGER
        hang = () if self.has_manager else BY_THE_MANAGER
        return [None if one in hang else sample(self.version, SAMPLES[one]) for one in commands]

    def rbd(self, *words: str, limit_s: float = 0.0) -> Any:
        pool = words[-1].partition("/")[0]
        found = self.images.get(pool, [])
        if isinstance(found, Exception):
            raise found
        if words[:2] == ("ls", "-l"):
            return [{"image": name, "size": 1} for name in found if not name.startswith("broken")]
        if words[0] == "ls":
            return found
        if words[:2] == ("namespace", "ls"):
            return [{"name": "ns"}]
        if words[0] == "info" and words[-1].endswith("/one"):
            return {"size": 1}
        if words[0] in ("snap", "lock"):
            return [{"id": "auto 1", "locker": "client.1", "address": "10.0.0.1:0/7"}] if words[0] == "lock" else []
        if words[0] == "status" and words[-1].endswith("/one"):
            return {"watchers": [{"address": "10.0.0.1:0/7"}]}
        raise NotFound("rbd", "(2) No such file or directory")


def read(ceph: PlayedCeph, look: Look, *names: str) -> Reading:
    heard: list[Reading | None] = []
    commands: Any = ceph
    ask(
        commands, Wanted(look=look, pool="vms", names=names), lambda reading, _error: heard.append(reading), lambda: 0.0
    )
    (reading,) = heard
    assert reading is not None
    return reading


@pytest.mark.parametrize("version", VERSIONS)
def test_an_overview_tells_all_of_it(version: str) -> None:
    reading = read(PlayedCeph(version, images={"vms": ["a", "b"]}), Look.OVERVIEW)
    assert len(reading.osds) == 3
    assert reading.names == {"vms": ("a", "b")}
    assert {pool.name: pool.namespaces for pool in reading.pools if pool.is_for_volumes} == {"vms": 1}
    assert next(pool.volumes for pool in reading.pools if pool.name == "vms") == 2


def test_without_cephs_manager_daemon_the_monitors_word_is_told() -> None:
    reading = read(PlayedCeph(has_manager=False), Look.OVERVIEW)
    assert reading.status.osds_total == 3
    assert [osd.is_up for osd in reading.osds] == [True] * 3


def test_a_pool_that_cant_be_listed_says_why_and_one_that_is_gone_is_no_pool() -> None:
    reading = read(PlayedCeph(images={"vms": Refused("rbd ls: (1) Operation not permitted")}), Look.OVERVIEW)
    assert "vms" not in reading.names
    assert "not permitted" in next(pool.error for pool in reading.pools if pool.name == "vms")
    gone = read(PlayedCeph(images={"vms": NotFound("rbd", "error opening pool 'vms'")}), Look.OVERVIEW)
    assert "vms" not in [pool.name for pool in gone.pools]


@pytest.mark.parametrize("look", [Look.POOL, Look.VOLUMES])
def test_an_image_that_is_listed_and_cant_be_opened_is_told(look: Look) -> None:
    reading = read(PlayedCeph(images={"vms": ["one", "broken"]}), look, "one", "broken", "gone")
    told = {name: volume.error if volume else None for name, volume in reading.volumes.items()}
    assert told["one"] == ""
    assert "can't open it" in (told["broken"] or "")
    assert told.get("gone") is None


def test_who_has_a_volume_open_is_told_and_of_one_that_is_gone_nothing() -> None:
    reading = read(PlayedCeph(), Look.HOLDERS, "one", "gone")
    holders = reading.holders["one"]
    assert holders is not None
    assert ([lock.address for lock in holders.locks], holders.watchers) == (["10.0.0.1"], ("10.0.0.1",))
    assert reading.holders["gone"] is None


def test_once_a_pool_does_not_answer_no_other_is_waited_for_and_the_rest_is_told() -> None:
    asked: list[str] = []

    class Stuck(PlayedCeph):
        def rbd(self, *words: str, limit_s: float = 0.0) -> Any:
            asked.append(words[-1])
            raise Unavailable("rbd did not answer within 10 s")

        def ceph_all(self, *commands: str, may_hang: int = 0) -> list[Any]:
            answers = super().ceph_all(*commands, may_hang=may_hang)
            dump = answers[commands.index("osd dump")]
            (vms,) = [pool for pool in dump["pools"] if pool["pool_name"] == "vms"]
            answers[commands.index("osd dump")] = {**dump, "pools": [vms, {**vms, "pool_name": "fast"}]}
            return answers

    reading = read(Stuck(), Look.OVERVIEW)
    assert asked == ["fast"]
    assert reading.status.osds_total == 3
    assert reading.names == {}
    assert all("did not answer within 10 s, asked for those of fast" in pool.error for pool in reading.pools)
