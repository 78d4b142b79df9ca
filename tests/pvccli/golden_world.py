"""The small cluster before which the golden transcripts are played: something of everything, the same every time."""

from __future__ import annotations

import shutil
from pathlib import Path

from pvccore.model.change import Kind
from pvccore.model.forecast import Forecast
from pvccore.model.task import Task, TaskState, task_key
from pvccore.model.vm import Definition, Placement, VmState, Wanted
from pvccore.operations.backup import backup
from pvccore.operations.operator import Operator
from pvccore.operations.reading import load_cluster
from pvccore.state.memory import MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from tests.architecture import source
from tests.operations.played import Said as Log
from tests.operations.played import with_daemons
from tests.operations.stored_storage import put_storage
from tests.operations.world import World, guest_xml, three_nodes

SHOP = Definition(
    memory_mb=2048,
    vcpus=2,
    node_limit=("hv1", "hv2"),
    tags=("web",),
    description="the shop",
    volumes=("vms/web1_disk",),
    networks=("br100",),
)
PARKED = Placement(parked_on="hv2", why="limit hv2; hv2 is flushed")


def busy_world() -> World:
    """Three nodes and one that is silent, four VMs, two tasks, a storage, and daemons that answer for logs."""
    world = three_nodes()
    world.add_vm("web1", "hv1", definition=SHOP, placement=Placement(previous_node="hv2"))
    world.add_vm("db1", "hv2", VmState.STOPPED, wanted=Wanted.RUNNING, placement=PARKED)
    world.add_vm("app1", "hv2")
    world.add_vm("old", "hv3", VmState.STOPPED, definition=Definition(memory_mb=512, vcpus=1, volumes=("vms/empty",)))
    world.add_node("hv4", alive=False)
    put_storage(world)
    world.write(Kind.FORECAST, "", None, Forecast(at=1000.0, nodes=3))
    for number, task in enumerate((_uploads(), _waits()), start=1):
        world.write(Kind.TASK, task_key(900.0 + number, f"{number:08d}"), None, task)
    with_daemons(world, {"web1": Log("boots", "login:")}, {"hv1": Log("node hv1, boot b1", "ZooKeeper: connected")})
    return world


def stored_world() -> World:
    """Three nodes, one VM with a disk, and a storage."""
    world = three_nodes()
    world.add_vm("web1", "hv1", definition=Definition(memory_mb=1024, vcpus=1, volumes=("vms/web1_disk",)))
    put_storage(world)
    return world


def no_cluster() -> Operator:
    """A person before an empty tree."""
    store, schema = MemoryTree(lambda: 0.0).connect(), Schema("/new")
    session = Session(store, schema, who="root@ops1", wall_clock=lambda: 5.0)
    return Operator(session=session, cluster=lambda: load_cluster(store, schema))


def write_files(folder: Path) -> None:
    """What command lines of the transcripts name."""
    (folder / "app2.xml").write_text(guest_xml("app2", memory_mb=512))
    old = busy_world().vm("old")
    (folder / "old.xml").write_text(guest_xml("old", old.uuid, vcpus=2))
    quiet = three_nodes()
    quiet.add_vm("web1", "hv1")
    (folder / "saved.jsonl").write_text("".join(backup(quiet.store, quiet.schema, at=1.0)))
    scenario = "crashed-guest-is-started-again.toml"
    shutil.copy(source.ROOT / "tests" / "scenarios" / scenario, folder / "crash.toml")


def _uploads() -> Task:
    return Task(
        verb="storage volume upload",
        title="make the volume vms/img of an image on hv1",
        runs_on="hv1",
        state=TaskState.RUNNING,
        asked_by="ben@ops2",
        asked_at=901.0,
        claimed_by="hv1",
        started_at=902.0,
        progress=0.25,
        text="5 of 20 GB",
    )


def _waits() -> Task:
    return Task(
        verb="storage osd in",
        title="let copies be placed on OSD 2",
        runs_on="hv4",
        asked_by="ben@ops2",
        asked_at=902.0,
    )
