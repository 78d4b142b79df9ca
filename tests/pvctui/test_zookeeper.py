"""The console on a real ZooKeeper, which another client changes and which goes away and comes back."""

import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from lab.zookeeper import ZooKeeperServer
from pvccore.model.cluster import Cluster
from pvccore.model.vm import VmState
from pvccore.operations.connecting import connect
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.store import Connection
from pvccore.state.zookeeper import ZooKeeperStore
from pvctui.bridge import Opened
from pvctui.dialogs.metadata import MetadataDialog
from tests.pvctui.canned import cluster_of, node, uuid, vm, well
from tests.pvctui.console import console
from tests.pvctui.dialogs.test_metadata import to_save
from tests.pvctui.stored import StoredCluster

pytestmark = pytest.mark.zookeeper
CONNECT_LIMIT_S = 10.0
SESSION_S = 30.0
"""The nodes of these clusters live as long as this session: a busy machine is not to end it."""

Store = Callable[[Cluster | None], StoredCluster]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    with ZooKeeperServer(tmp_path_factory.mktemp("zookeeper")) as started:
        yield started


@pytest.fixture
async def store(server: ZooKeeperServer) -> AsyncIterator[Store]:
    """Writes a canned cluster into the real ZooKeeper, each under a chroot of its own."""
    opened: list[ZooKeeperStore] = []

    def write(cluster: Cluster | None) -> StoredCluster:
        address = ZooKeeperAddress.parse(f"{server.hosts}/console{next(_numbers)}")
        other = ZooKeeperStore(address, clock=time.monotonic, session_s=SESSION_S)
        opened.append(other)
        other.connect()

        def open_store() -> Opened:
            found = connect(address, limit_s=CONNECT_LIMIT_S, must_exist=False)
            return Opened(store=found, schema=address.schema, where=address.where)

        return StoredCluster(cluster, other=other, open_store=open_store, schema=address.schema)

    yield write
    for one in opened:
        one.close()


_numbers = itertools.count()


async def test_a_value_that_another_client_changes_appears_in_the_table(store: Store) -> None:
    stored = store(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3")
        stored.run(uuid(1), VmState.PAUSED)
        await shown.until(lambda: "‖ paused" in shown.text())


async def test_maintenance_switched_by_keys_is_in_zookeeper(store: Store) -> None:
    stored = store(well())
    async with console(None, stored=stored) as shown:
        await shown.press("M", *"rack 2", "tab", "tab", "enter")
        await shown.until(lambda: "MAINTENANCE" in shown.line(1))
    found = stored.now()
    assert (found.maintenance.on, found.maintenance.by, found.maintenance.reason) == (True, "anna@ops1", "rack 2")
    assert found.journal[-1].what == "maintenance on"


async def test_the_forms_edit_is_in_zookeeper(store: Store) -> None:
    stored = store(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "e", "space", "right", "space")
        await to_save(shown)
        await shown.press("enter")
        await shown.until(lambda: not isinstance(shown.app.screen, MetadataDialog))
    assert stored.now().vms[uuid(1)].definition.node_limit == ("hv1", "hv2")


async def test_an_unknown_node_is_refused_with_the_field_named_and_nothing_is_written(store: Store) -> None:
    stored = store(cluster_of([node("hv1"), node("hv2")], [vm(1, "web1", "hv1", node_limit=("hv1", "gone9"))]))
    async with console(None, stored=stored) as shown:
        await shown.press("3", "e", "right", "space")
        await to_save(shown)
        await shown.press("enter")
        await shown.until(lambda: "node_limit 'gone9'" in shown.text())
    assert stored.now().vms[uuid(1)].definition.node_limit == ("hv1", "gone9")


async def test_viewers_are_known_at_connect_and_can_ask_for_nothing(server: ZooKeeperServer) -> None:
    chroot = f"/viewed{next(_numbers)}"
    operators = ZooKeeperAddress(hosts=server.hosts, chroot=chroot, auth="ops:secret", viewers="eyes:looking")
    viewers = ZooKeeperAddress(hosts=server.hosts, chroot=chroot, auth="eyes:looking")

    def open_store() -> Opened:
        found = connect(viewers, limit_s=CONNECT_LIMIT_S)
        return Opened(store=found, schema=viewers.schema, where=viewers.where)

    other = ZooKeeperStore(operators, clock=time.monotonic, session_s=SESSION_S)
    other.connect()
    stored = StoredCluster(well(), other=other, open_store=open_store, schema=operators.schema)
    async with console(None, stored=stored) as shown:
        assert "web1" in await shown.press("3")
        assert "✗ these credentials may only read" in shown.text().splitlines()[-1]
        assert "these credentials may only read" in await shown.press("M")
        assert "Turn maintenance on" not in shown.text()
        stored.run(uuid(1), VmState.PAUSED)
        await shown.until(lambda: "‖ paused" in shown.text())
    other.close()


async def test_an_empty_tree_says_what_to_do(store: Store) -> None:
    stored = store(None)
    async with console(None, stored=stored, waits=False) as shown:
        await shown.until(lambda: "run `pvc init`" in shown.text())
        assert "no cluster at 127.0.0.1:" in shown.text()


async def test_zookeeper_going_away_is_told_with_the_age_and_survived(store: Store, server: ZooKeeperServer) -> None:
    stored = store(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3")
        server.kill()
        await shown.until(lambda: "◌ reconnecting, data" in shown.line(0))
        assert "web1" in shown.text()
        assert "not connected" in await shown.press("M")
        server.start()
        await shown.until(lambda: "● live" in shown.line(0))
        await shown.until(lambda: stored.other.connection is Connection.CONNECTED)
        stored.run(uuid(1), VmState.PAUSED)
        await shown.until(lambda: "‖ paused" in shown.text())
