"""What only a real ZooKeeper can do to a client: lose its session, refuse it, hang, be elsewhere."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from kazoo.client import KazooClient

from lab.waiting import wait_until
from lab.zookeeper import ZooKeeperServer
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import Refused, Unavailable
from pvccore.model.vm import VmState
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.live import LiveCluster
from pvccore.state.live_thread import LiveThread
from pvccore.state.session import create_tree
from pvccore.state.store import Connection, Create, Delete, Put
from pvccore.state.zookeeper import ZooKeeperStore
from tests.state.clusters import WEB1, define, place, register, session_for

pytestmark = pytest.mark.zookeeper

LIMIT_S = 15.0


@contextmanager
def client(server: ZooKeeperServer, *, chroot: str = "", auth: str = "") -> Iterator[ZooKeeperStore]:
    address = ZooKeeperAddress(hosts=server.hosts, chroot=chroot, auth=auth)
    store = ZooKeeperStore(address, clock=time.monotonic, session_s=4.0)
    store.connect()
    try:
        yield store
    finally:
        store.close()


def state(store: ZooKeeperStore) -> Connection:
    return store.connection


def end_session(server: ZooKeeperServer, store: ZooKeeperStore) -> None:
    """Close a client's session under it, as its expiry would."""
    thief = KazooClient(server.hosts, client_id=store._client.client_id)
    thief.start()
    thief.stop()
    thief.close()


def test_nobody_answering_is_said_within_the_limit() -> None:
    store = ZooKeeperStore(ZooKeeperAddress(hosts="127.0.0.1:1"), clock=time.monotonic)
    assert store.connection is Connection.CLOSED
    began_s = time.monotonic()
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1/pvc"):
        store.connect(limit_s=0.3)
    assert time.monotonic() - began_s < LIMIT_S
    with pytest.raises(Unavailable):
        store.read(["/"])
    store.close()
    assert state(store) is Connection.CLOSED


@pytest.mark.parametrize("hosts", ["127.0.0.1:1", "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3"])
def test_where_every_address_refuses_the_limit_is_not_waited_for(hosts: str) -> None:
    store = ZooKeeperStore(ZooKeeperAddress(hosts=hosts), clock=time.monotonic)
    began_s = time.monotonic()
    with pytest.raises(Unavailable, match=r"/pvc: Connection refused$"):
        store.connect(limit_s=4 * LIMIT_S)
    store.close()
    assert time.monotonic() - began_s < LIMIT_S


def test_an_address_that_does_not_answer_is_given_the_whole_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvccore.state.zookeeper.REFUSED_LIMIT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hosts = f"127.0.0.1:1,127.0.0.1:{silent.getsockname()[1]}"
        store = ZooKeeperStore(ZooKeeperAddress(hosts=hosts), clock=time.monotonic)
        began_s = time.monotonic()
        with pytest.raises(Unavailable, match=r"/pvc$"):
            store.connect(limit_s=1.0)
        assert time.monotonic() - began_s >= 1.0
        store.close()


def test_who_had_a_session_waits_for_a_server_that_starts_again(
    zookeeper_server: ZooKeeperServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client(zookeeper_server) as store, ThreadPoolExecutor() as pool:
        monkeypatch.setattr("pvccore.state.zookeeper.REFUSED_LIMIT_S", 0.0)
        zookeeper_server.kill()
        wait_until(lambda: store._client.refusal, within_s=LIMIT_S, what="a refusal")
        waiting = pool.submit(store.connect, 4 * LIMIT_S)
        zookeeper_server.start()
        waiting.result()
        assert store.connection is Connection.CONNECTED


def test_a_lost_session_is_told_and_replaced_and_watches_are_back(zookeeper_server: ZooKeeperServer) -> None:
    with client(zookeeper_server) as store, client(zookeeper_server) as other:
        other.commit([Create("/lost")])
        states, heard = list[Connection](), list[str]()
        store.on_connection(states.append)
        store.watch("/lost", heard.append, recursive=True)
        mine = store.commit([Create("/lost/s-", ephemeral=True, sequential=True)])[0]
        session = store.session_id
        end_session(zookeeper_server, store)
        wait_until(lambda: Connection.CONNECTED in states, within_s=LIMIT_S, what="a new session")
        assert Connection.LOST in states
        assert store.session_id not in {0, session}
        assert other.read([mine]) == [None]
        heard.clear()
        other.commit([Create("/lost/new")])
        wait_until(lambda: heard == ["/lost/new"], within_s=LIMIT_S, what="the watch")


def test_an_answer_that_never_comes_leaves_a_commit_in_doubt(
    zookeeper_server: ZooKeeperServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvccore.state.zookeeper.ANSWER_LIMIT_S", 0.3)
    with client(zookeeper_server) as store:
        zookeeper_server.hang()
        try:
            with pytest.raises(Unavailable) as refused:
                store.commit([Create("/in-doubt")])
        finally:
            zookeeper_server.resume()
        assert refused.value.in_doubt
        wait_until(lambda: store.connection is Connection.CONNECTED, within_s=LIMIT_S, what="the connection")
        wait_until(lambda: store.read(["/in-doubt"])[0], within_s=LIMIT_S, what="the commit in doubt")


def test_a_hanging_server_is_noticed_before_half_the_session_is_over(zookeeper_server: ZooKeeperServer) -> None:
    with client(zookeeper_server) as store:
        session = store.session_id
        began_s = time.monotonic()
        zookeeper_server.hang()
        try:
            wait_until(lambda: store.connection is not Connection.CONNECTED, within_s=LIMIT_S, what="a notice")
            took_s = time.monotonic() - began_s
            assert store.last_heard_s <= began_s
        finally:
            zookeeper_server.resume()
        # One ping may have been answered just before; nothing on this machine takes another two seconds.
        assert took_s < 4.0
        wait_until(lambda: store.connection is Connection.CONNECTED, within_s=LIMIT_S, what="the connection")
        assert store.session_id == session


def test_pings_of_an_idle_client_keep_it_heard(zookeeper_server: ZooKeeperServer) -> None:
    with client(zookeeper_server) as store:
        first_s = store.last_heard_s
        wait_until(lambda: store.last_heard_s > first_s, within_s=LIMIT_S, what="a ping")


def test_without_the_password_nothing_is_read_or_written(zookeeper_server: ZooKeeperServer) -> None:
    with client(zookeeper_server, auth="ops:secret") as ours, client(zookeeper_server) as stranger:
        ours.commit([Create("/private", b"1")])
        (znode,) = ours.read(["/private"])
        assert znode is not None
        assert znode.data == b"1"
        with pytest.raises(Refused):
            stranger.read(["/private"])
        with pytest.raises(Refused):
            stranger.children(["/private"])
        for operation in (Put("/private", b"2", -1), Create("/private/a")):
            with pytest.raises(Refused):
                stranger.commit([operation])
        ours.commit([Delete("/private")])


def test_a_snapshot_survives_a_restart_of_the_server_and_finds_what_it_missed(
    zookeeper_server: ZooKeeperServer,
) -> None:
    with client(zookeeper_server, chroot="/restart") as store, client(zookeeper_server, chroot="/restart") as other:
        schema = store.address.schema
        session = session_for(other, schema)
        create_tree(session)
        session.commit(register("hv1"))
        session.commit(define(WEB1, "web1", "hv1"))
        seen: list[tuple[Cluster, Delta]] = []
        thread = LiveThread(
            lambda wake: LiveCluster(store, schema, clock=time.monotonic, wake=wake),
            lambda cluster, delta: seen.append((cluster, delta)),
            clock=time.monotonic,
        )
        thread.start()
        try:
            wait_until(lambda: seen, within_s=LIMIT_S, what="the first snapshot")
            assert seen[0][1].full
            session.commit(place(seen[0][0].vm("web1"), state=VmState.STARTING))
            wait_until(lambda: seen[-1][0].vm("web1").is_active, within_s=LIMIT_S, what="a change")
            zookeeper_server.kill()
            wait_until(lambda: not thread.live.is_current, within_s=LIMIT_S, what="the loss")
            before = seen[-1][0]
            zookeeper_server.start()
            wait_until(lambda: other.connection is Connection.CONNECTED, within_s=LIMIT_S, what="the writer")
            session.commit(place(before.vm("web1"), state=VmState.RUNNING))
            wait_until(
                lambda: seen[-1][0].vm("web1").placement.state is VmState.RUNNING, within_s=LIMIT_S, what="the change"
            )
            wait_until(lambda: thread.live.is_current, within_s=LIMIT_S, what="the resync")
            assert not seen[-1][1].full
            assert seen[-1][0].node("hv1") is before.node("hv1")
        finally:
            thread.stop()
        assert "live snapshot" not in {thread.name for thread in threading.enumerate()}


def test_a_snapshot_thread_waits_for_a_store_that_is_not_there_yet(zookeeper_server: ZooKeeperServer) -> None:
    with client(zookeeper_server, chroot="/later") as other:
        schema = other.address.schema
        create_tree(session_for(other, schema))
        store = ZooKeeperStore(other.address, clock=time.monotonic)
        seen: list[Cluster] = []
        thread = LiveThread(
            lambda wake: LiveCluster(store, schema, clock=time.monotonic, wake=wake),
            lambda cluster, _delta: seen.append(cluster),
            clock=time.monotonic,
        )
        thread.start()
        try:
            assert not seen
            store.connect()
            wait_until(lambda: seen, within_s=LIMIT_S, what="the first snapshot")
        finally:
            thread.stop()
            store.close()
        assert seen[0].journal[0].what == "cluster created"


def test_a_document_of_half_a_megabyte_is_stored_and_read(zookeeper_server: ZooKeeperServer) -> None:
    with client(zookeeper_server, chroot="/large") as store:
        data = b"x" * 500_000
        store.commit([Create("/large-document", data)])
        (znode,) = store.read(["/large-document"])
        assert znode is not None
        assert znode.data == data
