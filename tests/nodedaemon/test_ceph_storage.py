"""A node's way to Ceph: which locks it breaks before a start, and how often it asks."""

from __future__ import annotations

from typing import Any

import pytest

from nodedaemon.ceph_storage import LISTED_FOR_S, CephStorage
from pvccore.model.errors import Refused, Unavailable

OWN, DEAD, ALIVE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


class PlayedCeph:
    """Answers as Ceph 16 does for one image; remembers what it was asked."""

    def __init__(self, holder: str = "", watcher: str = "") -> None:
        self.holder, self.watcher = holder, watcher
        self.asked: list[str] = []

    def ceph(self, *words: str) -> Any:
        self.asked.append(" ".join(words))
        return [{"addr": f"{DEAD}:0/0", "until": "2027-01-01"}]

    def rbd(self, *words: str, limit_s: float = 0.0) -> Any:
        del limit_s
        if words[0] == "lock":
            lock = {"id": "auto 1", "locker": "client.1", "address": f"{self.holder}:0/1"}
            return [lock] if self.holder else []
        return {"watchers": [{"address": f"{self.watcher}:0/1"}] if self.watcher else []}

    def rbd_plain(self, *words: str) -> str:
        self.asked.append(" ".join(words))
        return ""


class SlowCeph(PlayedCeph):
    """Takes longer for what changes something than it is given; `hears` it all the same, or not."""

    def __init__(self, *, hears: bool) -> None:
        super().__init__()
        self.hears = hears
        self.limits_s: list[float] = []

    def within(self, limit_s: float) -> SlowCeph:
        self.limits_s.append(limit_s)
        return self

    def ceph(self, *words: str) -> Any:
        self.asked.append(" ".join(words))
        if words[:3] == ("osd", "blocklist", "add"):
            raise Unavailable("ceph did not answer within 3.5 s", in_doubt=True)
        if words[1] == "tree":
            return {"nodes": [{"id": -2, "type": "host", "name": "hv2", "children": [4, 5]}]}
        return [{"addr": f"{DEAD}:0/0"}] if self.hears else []


class Time:
    now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


def storage(ceph: PlayedCeph, time: Time | None = None) -> CephStorage:
    commands: Any = ceph
    return CephStorage(commands, OWN, lambda _uuid: ("vms/web1",), (time or Time()).monotonic)


BROKEN = "lock rm vms/web1 auto 1 client.1"
LISTED = "osd blocklist ls"


def test_a_lock_of_our_own_is_stale_and_nobody_is_asked_about_it() -> None:
    ceph = PlayedCeph(holder=OWN, watcher=OWN)
    storage(ceph).inspect("a")
    assert ceph.asked == [BROKEN]


def test_a_lock_of_a_node_that_is_locked_out_is_broken() -> None:
    ceph = PlayedCeph(holder=DEAD, watcher=DEAD)
    storage(ceph).inspect("a")
    assert ceph.asked == [LISTED, BROKEN]


@pytest.mark.parametrize("ceph", [PlayedCeph(holder=ALIVE), PlayedCeph(watcher=ALIVE)], ids=["lock", "watcher"])
def test_anybody_else_is_refused_by_name(ceph: PlayedCeph) -> None:
    with pytest.raises(Refused, match=ALIVE):
        storage(ceph).inspect("a")
    assert BROKEN not in ceph.asked


def test_one_look_at_the_blocklist_serves_the_starts_of_a_moment() -> None:
    ceph, time = PlayedCeph(holder=DEAD), Time()
    node = storage(ceph, time)
    for uuid in ("a", "b", "c"):
        node.inspect(uuid)
    assert ceph.asked.count(LISTED) == 1
    time.now_s += LISTED_FOR_S
    node.inspect("d")
    assert ceph.asked.count(LISTED) == 2


def test_the_clients_of_a_domain_are_those_of_the_storage_address() -> None:
    assert storage(PlayedCeph(watcher=OWN)).clients("a") == (f"{OWN}:0/1",)
    assert storage(PlayedCeph()).clients("a") == (), "a disk that is only read has no watcher"


def test_a_domain_that_reaches_ceph_by_another_address_is_refused() -> None:
    """The blocklist entry of a fence would not keep it from writing."""
    node = storage(PlayedCeph(watcher=ALIVE))
    assert node.unfit() == ""
    with pytest.raises(Refused, match=f"from {ALIVE}, but storage_address is {OWN}"):
        node.clients("a")
    assert node.unfit() == f"it reaches Ceph from {ALIVE}, but storage_address is {OWN}"


def test_a_node_is_fit_again_once_a_domain_reaches_ceph_by_the_storage_address() -> None:
    ceph = PlayedCeph(watcher=ALIVE)
    node = storage(ceph)
    with pytest.raises(Refused):
        node.clients("a")
    ceph.watcher = OWN
    node.clients("a")
    assert node.unfit() == ""


def test_a_blocklisting_that_was_cut_off_counts_once_ceph_lists_it() -> None:
    ceph = SlowCeph(hears=True)
    storage(ceph).add_to_blocklist(DEAD, 3.5)
    assert ceph.asked == [f"osd blocklist add {DEAD}:0/0 31536000", LISTED]
    assert ceph.limits_s == [3.5], "only what changes something ends with the session"


def test_a_blocklisting_that_never_reached_ceph_is_tried_again() -> None:
    with pytest.raises(Unavailable, match="did not answer"):
        storage(SlowCeph(hears=False)).add_to_blocklist(DEAD, 3.5)


def test_the_osds_of_a_dead_node_are_marked_down_within_the_limit() -> None:
    ceph = SlowCeph(hears=True)
    storage(ceph).mark_osds_down("hv2", 3.0)
    assert ceph.asked == ["osd tree", "osd down 4 5"]
    assert ceph.limits_s == [3.0]
