from threading import Event

import pytest

from pvccore.model.change import Change, Kind, Write
from pvccore.model.errors import Refused, Unavailable
from pvccore.state.store import Connection
from pvctui.bridge import LiveFeed, Opened
from tests.pvctui.canned import uuid, vm, well
from tests.pvctui.stored import StoredCluster, wait_until


def test_the_first_snapshot_is_full_and_later_ones_are_differences() -> None:
    stored, woken = StoredCluster(well()), Event()
    feed = stored.feed()
    feed.start(woken.set)
    try:
        wait_until(lambda: feed.link().is_live)
        first = feed.take()
        assert first.delta.full
        assert len(first.cluster.vms) == 9
        woken.clear()
        new = vm(50, "new1", "hv1")
        for kind, record in ((Kind.DEFINITION, new.definition), (Kind.PLACEMENT, new.placement)):
            write = Write(kind=kind, key=new.uuid, before=None, after=record)
            stored.session.commit(Change(writes=(write,), quiet=True))
        wait_until(lambda: uuid(50) in feed.take().cluster.vms)
        assert not feed.take().delta.full
    finally:
        feed.stop()


def test_it_wakes_once_until_something_is_taken() -> None:
    stored, wakes = StoredCluster(well()), []
    feed = stored.feed()
    feed.start(lambda: wakes.append(1))
    try:
        wait_until(lambda: feed.link().is_live)
        for number in range(20):
            change = Change(writes=(), what=f"something {number}")
            stored.session.commit(change)
        wait_until(lambda: len(wakes) >= 1)
        told = len(wakes)
        stored.session.commit(Change(writes=(), what="one more"))
        assert len(wakes) == told
        feed.take()
        stored.session.commit(Change(writes=(), what="the last"))
        wait_until(lambda: len(wakes) == told + 1)
    finally:
        feed.stop()


def test_an_empty_tree_is_said_with_what_to_do() -> None:
    feed = StoredCluster().feed()
    feed.start(lambda: None)
    try:
        wait_until(lambda: bool(feed.link().trouble))
        assert feed.link().trouble == "no cluster at h1:2181/pvc; run `pvc init`"
        assert not feed.link().is_live
    finally:
        feed.stop()


def test_a_lost_connection_ages() -> None:
    stored = StoredCluster(well())
    feed = stored.feed()
    feed.start(lambda: None)
    try:
        wait_until(lambda: feed.link().is_live)
        stored.tree.go_down()
        link = feed.link()
        assert link.connection is not Connection.CONNECTED
        assert not link.is_live
        wait_until(lambda: (feed.link().age_s or 0.0) > 0.02)
        stored.tree.come_up()
        wait_until(lambda: feed.link().is_live)
    finally:
        feed.stop()


def test_refused_credentials_are_told_as_such() -> None:
    def refuse() -> Opened:
        raise Refused("ZooKeeper at h1 refused the credentials")

    feed = LiveFeed(refuse)
    feed.start(lambda: None)
    try:
        wait_until(lambda: feed.link().connection is Connection.REFUSED)
        with pytest.raises(Unavailable):
            _ = feed.session_store
    finally:
        feed.stop()


def test_a_feed_that_was_never_started_can_be_stopped() -> None:
    StoredCluster().feed().stop()
