"""What Ceph prints, in several versions, becomes the same values."""

from __future__ import annotations

import pytest

from pvccore.ceph.blocklist import address_of, whole_addresses
from pvccore.ceph.locks import Holders, Lock, parse_locks, parse_watchers
from pvccore.ceph.osds import osds_of
from tests.ceph.samples import sample

LOCK = {"locker": "client.4155", "address": "10.99.0.1:0/2838"}
WATCHER = {"address": "10.99.0.1:0/2838", "client": 4155, "cookie": 94}


@pytest.mark.parametrize(
    "client, address",
    [
        ("10.99.0.1:0/2838", "10.99.0.1"),
        ("v1:10.99.0.1:0/2838", "10.99.0.1"),
        ("v2:10.99.0.1:3300/0", "10.99.0.1"),
        ("[fd00::1]:0/7", "fd00::1"),
        ("v2:[fd00::1]:0/7", "fd00::1"),
    ],
)
def test_a_client_has_a_bare_address(client: str, address: str) -> None:
    assert address_of(client) == address


@pytest.mark.parametrize("listed", [[{"id": "auto 94", **LOCK}], {"auto 94": LOCK}])
def test_locks_are_read_from_a_list_and_from_a_dict(listed: object) -> None:
    assert parse_locks(listed) == (Lock(cookie="auto 94", locker="client.4155", address="10.99.0.1"),)


@pytest.mark.parametrize("listed", [None, [], {}])
def test_an_unlocked_image_has_no_locks(listed: object) -> None:
    assert parse_locks(listed) == ()


@pytest.mark.parametrize("status", [{"watchers": [WATCHER]}, {"watchers": {"watcher": WATCHER}}])
def test_watchers_are_read_from_a_list_and_from_a_dict(status: object) -> None:
    assert parse_watchers(status) == ("10.99.0.1",)


@pytest.mark.parametrize("status", [None, {}, {"watchers": []}])
def test_an_image_that_nobody_uses_has_no_watchers(status: object) -> None:
    assert parse_watchers(status) == ()


def test_only_entries_for_every_port_count_as_whole_addresses() -> None:
    listed = [
        {"addr": "10.99.0.1:0/0", "until": "2027-01-01T00:00:00"},
        {"addr": "10.99.0.2:6801/123", "until": "2027-01-01T00:00:00"},
        "10.99.0.3:0/0 2027-01-01T00:00:00",
        {"addr": "[fd00::1]:0/0", "until": "2027-01-01T00:00:00"},
    ]
    assert set(whole_addresses(listed)) == {"10.99.0.1", "10.99.0.3", "fd00::1"}


def test_what_ceph_18_prints_of_its_blocklist_locks_and_watchers_is_read() -> None:
    assert set(whole_addresses(sample("18", "blocklist_ls"))) == {"10.99.0.1"}
    assert [lock.address for lock in parse_locks(sample("18", "lock_ls"))] == ["10.99.2.254"]
    assert parse_watchers(sample("18", "rbd_status")) == ("10.99.2.254",)
    assert osds_of(sample("18", "osd_tree"), "hv1") == (0, 1, 2)


def test_the_osds_of_a_host_are_those_below_its_bucket() -> None:
    tree = {
        "nodes": [
            {"id": -1, "name": "default", "type": "root", "children": [-2, -3]},
            {"id": -2, "name": "hv1", "type": "host", "children": [2, 0]},
            {"id": -3, "name": "hv2", "type": "host", "children": [1]},
            {"id": 0, "name": "osd.0", "type": "osd"},
        ]
    }
    assert osds_of(tree, "hv1") == (0, 2)
    assert osds_of(tree, "hv9") == ()
    assert osds_of(None, "hv1") == ()


class TestHolders:
    def test_a_living_stranger_is_named(self) -> None:
        holders = Holders(volume="vms/web1", watchers=("10.0.0.9",))
        assert holders.foreign("10.0.0.1", []) == "10.0.0.9"

    def test_a_lock_without_a_watcher_counts_too(self) -> None:
        lock = Lock(cookie="auto 1", locker="client.1", address="10.0.0.9")
        assert Holders(volume="vms/web1", locks=(lock,)).foreign("10.0.0.1", []) == "10.0.0.9"

    def test_what_is_left_of_our_own_earlier_run_is_stale(self) -> None:
        assert not Holders(volume="vms/web1", watchers=("10.0.0.1",)).foreign("10.0.0.1", [])

    def test_a_node_that_is_locked_out_is_harmless(self) -> None:
        assert not Holders(volume="vms/web1", watchers=("10.0.0.9",)).foreign("10.0.0.1", ["10.0.0.9"])
