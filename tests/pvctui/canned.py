"""A cluster as it might be at 03:00, as a value; and a feed that serves what a test puts into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import Unavailable
from pvccore.model.fence import Evidence, Fence, FenceAgent, FenceAgentKind, FenceCause, FencePhase
from pvccore.model.journal import JournalEntry
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import (
    Alive,
    DomainReport,
    Goodbye,
    GoodbyeReason,
    Node,
    NodeConfig,
    Presence,
    Readiness,
    ReadinessState,
    Report,
    WantedReadiness,
)
from pvccore.model.settings import Settings
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Migration, Placement, Vm, VmState, Wanted
from pvccore.state.schema import Schema
from pvccore.state.store import Connection, Store
from pvctui.bridge import Newest
from pvctui.rows.pulse import Pulse
from pvctui.rows.statuses import StatusBook
from pvctui.rows.view import Link, View

NOW_S = 1_790_000_000.0
GB = 1024


def node(name: str, *, alive: bool = True, memory_gb: int = 128, free_gb: int = 64, **parts: object) -> Node:
    number = int("".join(filter(str.isdigit, name)) or 0)
    base = Node(
        name=name,
        config=NodeConfig(
            storage_address=f"10.0.0.{number}",
            migration_address=f"10.0.2.{number}",
            fence_agents=(FenceAgent(kind=FenceAgentKind.IPMI, address=f"10.1.0.{number}:623"),),
        ),
        presence=Presence(boot_id=f"boot-{name}", daemon_id="1"),
        alive=Alive(token="s-0000000001") if alive else None,
        report=Report(
            zxid=number,
            boot_id=f"boot-{name}",
            at=NOW_S - 2,
            memory_total_mb=memory_gb * GB,
            memory_free_mb=free_gb * GB,
            load=2.5 + number,
            vcpus=32,
        ),
    )
    return replace(base, **parts)  # type: ignore[arg-type] # records by their names


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def vm(number: int, name: str, on: str, **parts: object) -> Vm:
    definition = {"memory_mb": 4 * GB, "vcpus": 2, "tags": ("web", "prod"), "volumes": (f"vms/{name}",)}
    placement: dict[str, object] = {"wanted": Wanted.RUNNING, "state": VmState.RUNNING, "node": on}
    for key, value in parts.items():
        (placement if key in Placement.__struct_fields__ else definition)[key] = value
    return Vm(
        uuid=uuid(number),
        definition=Definition(name=name, **definition),  # type: ignore[arg-type] # fields by their names
        placement=Placement(**placement),  # type: ignore[arg-type] # as above
    )


def report_domains(cluster: Cluster) -> Cluster:
    """Each living node reports the VMs that run there."""
    nodes = dict(cluster.nodes)
    for name, found in nodes.items():
        here = [one for one in cluster.vms_on(name) if one.is_active]
        domains = tuple(
            DomainReport(uuid=one.uuid, state="running", cpu=0.1 + 0.2 * (index % 7), memory_mb=one.memory_mb * 3 // 4)
            for index, one in enumerate(here)
        )
        nodes[name] = replace(found, report=replace(found.report, domains=domains))
    return replace(cluster, nodes=nodes)


def cluster_of(nodes: Sequence[Node], vms: Sequence[Vm], **parts: object) -> Cluster:
    base = Cluster(
        settings=Settings(cluster_name="prod-ams"),
        leases=("lease-0000000042",) if nodes else (),
        manager=nodes[0].name if nodes else "",
        started=True,
        nodes={found.name: found for found in nodes},
        vms={found.uuid: found for found in vms},
        names={found.name: found.uuid for found in vms},
    )
    return report_domains(replace(base, **parts))  # type: ignore[arg-type] # parts by their names


def well(nodes: int = 3, vms: int = 9) -> Cluster:
    """Nothing is wrong."""
    names = [f"hv{index + 1}" for index in range(nodes)]
    running = [vm(index + 1, f"web{index + 1}", names[index % nodes]) for index in range(vms)]
    return cluster_of([node(name) for name in names], running, journal=(entry(1, "cluster created"),))


def entry(
    number: int, what: str, why: str = "", *, who: str = "manager@hv1", vm: str = "", node: str = ""
) -> JournalEntry:
    at = NOW_S - 600 + number * 10
    return JournalEntry(key=f"e-{number:010}", at=at, who=who, what=what, why=why, vm=vm, node=node)


def fence_of(name: str, phase: FencePhase = FencePhase.OFF_SENT, **parts: object) -> Fence:
    times = {"requested": NOW_S - 5, "off_sent": NOW_S - 3}
    base = Fence(
        cause=FenceCause.ABSENT,
        round=1,
        boot_id=f"boot-{name}",
        phase=phase,
        attempts=1,
        since=NOW_S - 5,
        phase_since=NOW_S - 3,
        times=times,
    )
    return replace(base, **parts)  # type: ignore[arg-type] # fields by their names


def confirmed(name: str) -> tuple[Evidence, ...]:
    return (Evidence(round=1, boot_id=f"boot-{name}", agent="ipmi", text="two readings of off"),)


def night() -> Cluster:
    """One node being fenced, one flushed, one unsupervised; VMs failed, parked and moving."""
    nodes = [
        node("hv1", free_gb=40),
        node("hv2", free_gb=70),
        node("hv3", alive=False, free_gb=50, fence=fence_of("hv3")),
        node(
            "hv4",
            free_gb=120,
            readiness=Readiness(
                wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHED, by="anna@ops1", reason="replace fan"
            ),
        ),
        node("hv5", free_gb=12),
        node(
            "hv6",
            alive=False,
            presence=Presence(
                boot_id="boot-hv6", goodbye=Goodbye(boot_id="boot-hv6", reason=GoodbyeReason.DAEMON_STOP)
            ),
        ),
    ]
    homes = ["hv1"] * 8 + ["hv2"] * 8 + ["hv3"] * 12 + ["hv5"] * 8 + ["hv6"] * 4
    vms = [vm(index + 1, f"app{index + 1}", home) for index, home in enumerate(homes)]
    vms += [
        vm(
            101,
            "build7",
            "hv2",
            state=VmState.FAILED,
            failure="vms/build7 is locked by 10.1.0.99, which is alive",
            autorestart=False,
        ),
        vm(
            102,
            "db1",
            "hv4",
            state=VmState.STOPPED,
            parked_on="hv4",
            memory_mb=8 * GB,
            node_limit=("hv4", "hv5"),
            why="limit hv4,hv5; hv4 is flushed; hv5 has 3 of the 8 GB it needs",
        ),
        vm(
            103,
            "web2",
            "hv1",
            state=VmState.MIGRATING,
            previous_node="hv1",
            node_limit=("hv1", "hv2"),
            migration=Migration(id="m1", source="hv1", target="hv2"),
        ),
        vm(104, "spare", "hv2", wanted=Wanted.DISABLED, state=VmState.STOPPED),
    ]
    journal = (
        entry(1, "flush hv4", "replace fan", who="anna@ops1", node="hv4"),
        entry(20, "build7 failed", "vms/build7 is locked by 10.1.0.99", who="agent@hv2", vm="build7", node="hv2"),
        entry(30, "db1 parked on hv4", "limit hv4,hv5", vm="db1", node="hv4"),
        entry(40, "hv6 daemon stopped", "by root", who="agent@hv6", node="hv6"),
        entry(59, "fence hv3: requested", "session of 4 s expired, silent for 2.0 s", node="hv3"),
        entry(60, "fence hv3: power off sent", "ipmi: its power was on", node="hv3"),
    )
    return cluster_of(nodes, vms, journal=journal)


def in_maintenance(cluster: Cluster, reason: str = "switch upgrade in rack 2") -> Cluster:
    switched = Maintenance(version=3, on=True, by="anna@ops1", reason=reason, since=NOW_S - 240)
    return replace(cluster, maintenance=switched)


def view_of(cluster: Cluster, *, link: Link | None = None, **parts: object) -> View:
    book, pulse, full = StatusBook(), Pulse(), Delta(full=True)
    changed = book.take_in(cluster, full)
    pulse.take_in(cluster, full)
    live = Link(connection=Connection.CONNECTED, age_s=0.0)
    base = View(
        cluster=cluster, delta=full, book=book, pulse=pulse, link=link or live, now_s=NOW_S, changed_vms=changed
    )
    return replace(base, **parts)  # type: ignore[arg-type] # fields by their names


class CannedFeed:
    """A feed that says what a test put into it."""

    def __init__(self, cluster: Cluster | None = None, store: tuple[Store, Schema] | None = None) -> None:
        """`store`: where the console reads what is in no snapshot."""
        self._cluster = cluster or Cluster()
        self._delta = Delta(full=cluster is not None)
        self._link = Link(connection=Connection.CONNECTED, age_s=0.0) if cluster is not None else Link()
        self._store = store
        self._wake: Callable[[], None] | None = None
        self.stopped = False

    def start(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        wake()

    def stop(self) -> None:
        self.stopped = True

    def take(self) -> Newest:
        delta, self._delta = self._delta, Delta()
        return Newest(cluster=self._cluster, delta=delta, link=self._link)

    def link(self) -> Link:
        return self._link

    @property
    def session_store(self) -> tuple[Store, Schema]:
        if self._store is None:
            raise Unavailable("nothing is connected")
        return self._store

    def put(self, cluster: Cluster, delta: Delta | None = None) -> None:
        """From now on the cluster is this."""
        self._cluster = cluster
        self._delta = self._delta | (delta or Delta(full=True))
        self._tell()

    def break_off(self, link: Link) -> None:
        """From now on the connection stands like this."""
        self._link = link
        self._tell()

    def _tell(self) -> None:
        if self._wake is not None:
            self._wake()
