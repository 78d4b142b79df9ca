"""Who may read and write a cluster's tree, and how privately, before a real ZooKeeper."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.waiting import wait_until
from lab.zookeeper import ZooKeeperServer, free_port
from pvccore.model.change import Change, Kind, Write
from pvccore.model.errors import Refused, Unavailable
from pvccore.model.maintenance import Maintenance
from pvccore.operations.reading import load_cluster
from pvccore.state.address import Tls, ZooKeeperAddress
from pvccore.state.live import LiveCluster
from pvccore.state.rights import may_write
from pvccore.state.session import create_tree
from pvccore.state.store import Create
from pvccore.state.zookeeper import ZooKeeperStore
from tests.state.clusters import WEB1, define, register, session_for
from tests.state.private import make_certificates, private_settings

pytestmark = [
    pytest.mark.zookeeper,
    # kazoo forgets to close the socket of a handshake that failed.
    pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning"),
]
OPERATORS, VIEWERS = "ops:secret", "eyes:looking"


@contextmanager
def client(
    hosts: str,
    *,
    auth: str = "",
    viewers: str = "",
    tls: Tls | None = None,
    limit_s: float = 30.0,
    chroot: str = "/guarded",
) -> Iterator[ZooKeeperStore]:
    address = ZooKeeperAddress(hosts=hosts, chroot=chroot, auth=auth, viewers=viewers, tls=tls)
    # A long session leaves time for the handshake on a busy machine.
    store = ZooKeeperStore(address, clock=time.monotonic, session_s=40.0 if tls else 4.0)
    try:
        store.connect(limit_s)
        yield store
    finally:
        store.close()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a cluster whose maker knew operators and viewers."""
    with ZooKeeperServer(tmp_path_factory.mktemp("zookeeper")) as server:
        with client(server.hosts, auth=OPERATORS, viewers=VIEWERS) as store:
            assert create_tree(session_for(store, store.address.schema))
        with client(server.hosts, auth=OPERATORS) as store:
            # Another program of the operators, which knows nothing of viewers.
            session = session_for(store, store.address.schema)
            session.commit(register("hv1"))
            session.commit(define(WEB1, "web1", "hv1"))
        yield server.hosts


def test_viewers_see_everything_also_what_others_made_later(hosts: str) -> None:
    with client(hosts, auth=VIEWERS) as store:
        schema = store.address.schema
        live = LiveCluster(store, schema, clock=time.monotonic)
        live.start()
        cluster, _ = live.refresh()
        assert (set(cluster.nodes), [vm.name for vm in cluster.vms.values()], cluster.problems) == (
            {"hv1"},
            ["web1"],
            {},
        )
        assert store.read([schema.path(Kind.XML, WEB1), schema.name("web1")])[1] is not None
        assert cluster.journal


@pytest.mark.parametrize("auth, may", [(OPERATORS, True), (VIEWERS, False)])
def test_who_may_write_is_known_without_writing(hosts: str, auth: str, *, may: bool) -> None:
    with client(hosts, auth=auth) as store:
        schema = store.address.schema
        before = store.read([schema.version])
        assert may_write(store, schema) is may
        assert store.read([schema.version]) == before


def test_viewers_write_nothing(hosts: str) -> None:
    with client(hosts, auth=VIEWERS) as store:
        schema = store.address.schema
        session = session_for(store, schema)
        before = load_cluster(store, schema)
        write = Write(kind=Kind.MAINTENANCE, key="", before=before.maintenance, after=Maintenance(on=True))
        with pytest.raises(Refused, match="does not allow"):
            session.commit(Change(writes=(write,), what="maintenance on"))
        with pytest.raises(Refused, match="does not allow"):
            session.acquire_lease("hv1")
        with pytest.raises(Refused, match="does not allow"):
            store.commit([Create(schema.alive_prefix("hv1"), ephemeral=True, sequential=True)])
        assert load_cluster(store, schema).maintenance == before.maintenance


@pytest.mark.parametrize("auth", ["", "eyes:wrong", "stranger:secret"])
def test_strangers_see_nothing(hosts: str, auth: str) -> None:
    with client(hosts, auth=auth) as store, pytest.raises(Refused, match="does not allow"):
        load_cluster(store, store.address.schema)


def test_operators_end_what_operators_made(hosts: str) -> None:
    with client(hosts, auth=OPERATORS) as first, client(hosts, auth=OPERATORS) as second:
        schema = first.address.schema
        token = session_for(first, schema).acquire_lease("hv1")
        assert session_for(second, schema).line() == [token]
        with client(hosts, auth=VIEWERS) as viewer:
            assert load_cluster(viewer, schema).manager == "hv1"


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def private_hosts(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[str]:
    port = free_port()
    settings = private_settings(port, certificates)
    with ZooKeeperServer(tmp_path_factory.mktemp("private"), settings=settings):
        yield f"127.0.0.1:{port}"


def ours(certificates: Path, *, ca: str = "ca.pem") -> Tls:
    return Tls(ca=f"{certificates}/{ca}", certificate=f"{certificates}/client.pem", key=f"{certificates}/client.key")


def test_a_cluster_is_kept_and_watched_over_tls(private_hosts: str, certificates: Path) -> None:
    with client(private_hosts, auth=OPERATORS, tls=ours(certificates)) as store:
        schema = store.address.schema
        session = session_for(store, schema)
        assert create_tree(session)
        live = LiveCluster(store, schema, clock=time.monotonic)
        live.start()
        assert live.refresh()[0].nodes == {}
        for number in range(50):
            session.commit(register(f"hv{number}"))
        wait_until(lambda: len(live.refresh()[0].nodes) == 50, within_s=30, what="all fifty are seen")


def test_a_certificate_is_no_password(private_hosts: str, certificates: Path) -> None:
    """Operators and viewers may share one certificate: what they may do is told by their passwords."""
    same, shared = ours(certificates), "/shared"
    with client(private_hosts, auth=OPERATORS, viewers=VIEWERS, tls=same, chroot=shared) as store:
        schema = store.address.schema
        assert create_tree(session_for(store, schema))
    with client(private_hosts, auth=VIEWERS, tls=same, chroot=shared) as store:
        assert load_cluster(store, schema).nodes == {}
        with pytest.raises(Refused, match="does not allow"):
            session_for(store, schema).commit(register("hv1"))
    with client(private_hosts, auth="ops:wrong", tls=same, chroot=shared) as store, pytest.raises(Refused):
        load_cluster(store, schema)


def test_a_server_of_another_authority_is_not_believed(private_hosts: str, certificates: Path) -> None:
    with (
        pytest.raises(Unavailable),
        client(private_hosts, tls=ours(certificates, ca="client.pem"), limit_s=2.0),
    ):
        pass


def test_a_client_without_a_certificate_is_sent_away(private_hosts: str, certificates: Path) -> None:
    nameless = Tls(ca=f"{certificates}/ca.pem")
    with pytest.raises(Unavailable), client(private_hosts, tls=nameless, limit_s=2.0):
        pass
