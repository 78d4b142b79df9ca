"""The simulated Ceph under the real reporter and task runner: what the demo shows are real flows."""

from __future__ import annotations

from random import Random

import pytest

from pvccore.model.errors import PvcError
from pvccore.model.settings import Settings
from pvccore.model.storage import StorageHealth, part_name
from pvccore.model.task import INTERRUPTED, Task, TaskState
from pvccore.operations import storage, tasks
from pvccore.operations.operator import Operator
from pvccore.operations.reading import load_journal
from pvccore.plan.leftovers import DISCARD
from pvccore.state.session import Session
from simulation.demo import demo_nodes, demo_vms
from simulation.storage_duties import TEMPLATE_PATH
from simulation.world import World


class Demo:
    """A small demo and a person before it."""

    def __init__(self) -> None:
        nodes = demo_nodes(4)
        self.world = World(nodes, demo_vms(12, nodes, Random(1)), Settings(), seed=1, with_storage=True)
        self.world.start()
        self.wait(40)
        session = Session(self.world.connect(), self.world.schema, who="anna@ops1", wall_clock=self.world.clock.wall)
        self.operator = Operator(session=session, cluster=self.world.cluster)

    def wait(self, seconds: float) -> None:
        self.world.run(self.world.clock.now_s + seconds)

    def begin(self, verb: str, **given: str) -> str:
        goal = storage.ask(self.operator, verb, given, confirmed=True).goal
        assert goal is not None
        return goal.id

    def do(self, verb: str, **given: str) -> Task:
        key = self.begin(verb, **given)
        self.wait(70)
        return self.world.cluster().task(key)


@pytest.fixture
def demo() -> Demo:
    return Demo()


def test_the_reporter_sees_everything(demo: Demo) -> None:
    known = demo.world.cluster().storage
    assert known.status.health is StorageHealth.OK
    assert len(known.osds) == 8
    assert sorted(known.pools) == ["backup", "images", "vms"]
    assert len(known.volumes["vms"]) == 12
    assert all(volume.used_bytes > 0 for volume in known.volumes["vms"].values())
    assert 0.4 < known.status.used_ratio < 0.7


def test_every_kind_of_task_is_done(demo: Demo) -> None:
    for verb, given in (
        ("storage pool add", {"pool": "fast", "pgs": "16"}),
        ("storage volume add", {"volume": "fast/one", "size": "10G"}),
        ("storage volume upload", {"volume": "fast/image", "path": TEMPLATE_PATH, "node": "hv3"}),
        ("storage volume snapshot add", {"volume": "fast/one", "name": "s1"}),
        ("storage volume clone", {"volume": "fast/one@s1", "to": "fast/two"}),
        ("storage volume resize", {"volume": "fast/one", "size": "20G"}),
        ("storage volume snapshot rollback", {"volume": "fast/one", "name": "s1"}),
        ("storage volume remove", {"volume": "fast/two"}),
        ("storage volume snapshot remove", {"volume": "fast/one", "name": "s1"}),
        ("storage volume rename", {"volume": "fast/one", "name": "three"}),
        ("storage osd out", {"osd": "0"}),
        ("storage osd in", {"osd": "0"}),
        ("storage osd remove", {"osd": "7"}),
        ("storage osd add", {"node": "hv4", "device": "/dev/sdd"}),
        ("storage osd set", {"flag": "noout"}),
    ):
        task = demo.do(verb, **given)
        assert task.state is TaskState.DONE, f"{verb}: {task.error}"
    known = demo.world.cluster().storage
    assert sorted(known.volumes["fast"]) == ["image", "three"]
    assert known.status.flags == ("noout",)


def test_progress_is_seen_and_a_task_can_be_cancelled(demo: Demo) -> None:
    key = demo.begin("storage volume upload", volume="vms/new", path=TEMPLATE_PATH, node="hv2")
    demo.wait(10)
    task = demo.world.cluster().task(key)
    assert task.state is TaskState.RUNNING
    assert 0.2 < task.progress < 0.8
    tasks.cancel(demo.operator, key)
    demo.wait(5)
    assert demo.world.cluster().task(key).state is TaskState.CANCELLED
    demo.wait(30)
    assert "new" not in demo.world.cluster().storage.volumes["vms"]


def test_a_task_whose_node_loses_power_ends_interrupted(demo: Demo) -> None:
    key = demo.begin("storage volume upload", volume="vms/new", path=TEMPLATE_PATH, node="hv4")
    demo.wait(5)
    demo.world.power_off("hv4", by="fault")
    demo.wait(30)
    task = demo.world.cluster().task(key)
    assert task.state is TaskState.FAILED
    assert task.error.startswith(INTERRUPTED)


def test_what_an_interrupted_upload_left_is_removed_and_the_journal_says_so(demo: Demo) -> None:
    key = demo.begin("storage volume upload", volume="vms/new", path=TEMPLATE_PATH, node="hv4")
    demo.wait(5)
    assert demo.world.storage is not None
    images = demo.world.storage.pools["vms"].images
    part = part_name("new", key)
    assert part in images
    demo.world.power_off("hv4", by="fault")
    demo.wait(90)
    known = demo.world.cluster()
    assert "what there is of vms/new is removed" in known.task(key).error
    assert part not in images
    assert part not in known.storage.volumes["vms"]
    (removal,) = [task for task in known.tasks.values() if task.verb == DISCARD]
    assert removal.state is TaskState.DONE
    told = [(entry.what, entry.why) for entry in load_journal(demo.world.connect(), demo.world.schema, 50)]
    assert (f"{removal.title}: done", f"vms/{part} is removed") in told


def test_a_dead_node_takes_its_osds_down_and_health_says_so(demo: Demo) -> None:
    demo.world.power_off("hv4", by="fault")
    demo.wait(20)
    status = demo.world.cluster().storage.status
    assert status.health is StorageHealth.WARNING
    assert status.osds_up == 6
    assert "OSD_DOWN" in [check.code for check in status.checks]
    assert status.degraded_ratio > 0


def test_the_reporter_moves_with_the_lease(demo: Demo) -> None:
    first = demo.world.cluster().storage.status.by
    demo.world.kill_daemon(first)
    demo.wait(40)
    assert demo.world.cluster().storage.status.by not in ("", first)


def test_a_storage_that_does_not_answer_is_told_and_tasks_fail(demo: Demo) -> None:
    before = demo.world.cluster().storage.status
    demo.world.ceph.slow_s = 20.0
    demo.wait(60)
    status = demo.world.cluster().storage.status
    assert "did not answer" in status.error
    assert status.at <= status.error_since
    assert status.osds_total == before.osds_total
    assert demo.do("storage osd set", flag="noout").state is TaskState.FAILED
    demo.world.ceph.slow_s = 0.0
    demo.wait(40)
    assert demo.world.cluster().storage.status.error == ""


def test_slow_storage_and_full_pools_are_complained_of(demo: Demo) -> None:
    demo.world.ceph.slow_s = 2.0
    assert demo.world.storage is not None
    demo.world.storage.fill("backup")
    demo.world.storage.lose_osd("hv1")
    demo.wait(60)
    codes = [check.code for check in demo.world.cluster().storage.status.checks]
    assert {"SLOW_OPS", "OSD_DOWN"} <= set(codes)
    assert "OSD_NEARFULL" in codes or "OSD_FULL" in codes
    with pytest.raises(PvcError, match="80% is the limit"):
        demo.begin("storage volume add", volume="vms/big", size="500G")
    demo.world.ceph.slow_s = 0.0
    demo.world.storage.mend()
    demo.wait(60)
    assert demo.world.cluster().storage.status.health is StorageHealth.OK
