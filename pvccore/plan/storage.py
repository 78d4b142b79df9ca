"""The verbs on the storage as one table: what each takes, when it is refused, what it would lose, and where it runs.

CLI, API, console and the daemon that carries them out read it; a verb is one line here and one in its executor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid
from pvccore.model.storage import parse_size, size_words, split_volume_path
from pvccore.model.struct import Struct
from pvccore.model.task import Task
from pvccore.plan import storage_checks as checks
from pvccore.plan.storage_checks import Given, known_volume, users_of

LOOK_FIRST = "look what is there before you ask again"
"""What becomes of an interrupted request of which no more can be said."""


def _nothing(_cluster: Cluster, _given: Given) -> tuple[str, ...]:
    """What a verb loses that loses nothing."""
    return ()


class Takes(StrEnum):
    """What a field of a verb is, for forms and completion."""

    OSD = "osd"
    NODE = "node"
    POOL = "pool"
    VOLUME = "volume"
    SNAPSHOT = "snapshot"
    VM = "vm"
    FLAG = "flag"
    SIZE = "size"
    NUMBER = "number"
    NAME = "name"
    PATH = "path"
    TRUTH = "truth"


class VerbField(Struct, frozen=True, kw_only=True):
    """One thing that a verb takes. default: "" where it must be given, unless `optional`."""

    name: str
    takes: Takes
    help: str
    default: str = ""
    optional: bool = False


class StorageVerb(Struct, frozen=True, kw_only=True):
    """One verb. title: the request in one line. losses: what would be gone, in words; where there is any, it is asked.

    runs_on: the node that must carry it out, "" for any coordinator. vm: the VM that it is about.
    interrupted: what becomes of it when its executor dies, in one line with the names given.
    """

    verb: str
    help: str
    fields: tuple[VerbField, ...]
    check: Callable[[Cluster, Given], None]
    title: str
    losses: Callable[[Cluster, Given], tuple[str, ...]] = _nothing
    runs_on: Callable[[Cluster, Given], str] = lambda _cluster, _given: ""
    vm: Callable[[Cluster, Given], str] = lambda _cluster, _given: ""
    interrupted: str = LOOK_FIRST

    @property
    def destroys(self) -> bool:
        """Whether it may lose anything at all."""
        return self.losses is not _nothing

    def title_of(self, given: Given) -> str:
        """The request in one line, with the names given."""
        return self._named(self.title, given)

    def interrupted_of(self, given: Given) -> str:
        """What becomes of a request whose executor died, with the names given."""
        return self._named(self.interrupted, given)

    def _named(self, text: str, given: Given) -> str:
        return text.format_map({field.name: given.get(field.name, "") for field in self.fields})


def storage_verb(verb: str) -> StorageVerb:
    """The verb of that name; raises Invalid."""
    try:
        return STORAGE_VERBS[verb]
    except KeyError:
        raise Invalid("verb", verb, "is no verb of the storage") from None


def complete(verb: StorageVerb, given: Mapping[str, str]) -> dict[str, str]:
    """What was given with the defaults filled in; raises Invalid for what is unknown or missing."""
    known = {field.name: field for field in verb.fields}
    for name, value in given.items():
        if name not in known:
            raise Invalid(name, value, f"is nothing that `{verb.verb}` takes")
    full = {name: given.get(name) or field.default for name, field in known.items()}
    for name, field in known.items():
        if not full[name] and not field.optional:
            raise Invalid(name, "", f"must be given: {field.help}")
    return {name: value for name, value in full.items() if value}


def volumes_touched(task: Task) -> Iterator[tuple[str, str]]:
    """Pool and name of every volume that a task may have changed."""
    given = task.arguments
    for field in ("volume", "to"):
        pool, name = split_volume_path(given.get(field, "").partition("@")[0])
        if name:
            yield pool, name
            if task.verb == "storage volume rename":
                yield pool, given.get("name", "")


# What would be lost


def _osd_add_losses(_cluster: Cluster, given: Given) -> tuple[str, ...]:
    return (f"everything on {given['device']} of {given['node']}",)


def _osd_losses(cluster: Cluster, given: Given) -> tuple[str, ...]:
    osd = checks.known_osd(cluster, given)
    return (
        f"OSD {osd.id} of {osd.node or 'an unknown node'}; its {size_words(osd.used_bytes)} are copied elsewhere first",
    )


def _pool_losses(cluster: Cluster, given: Given) -> tuple[str, ...]:
    pool = cluster.storage.pool(given["pool"])
    volumes = sorted(cluster.storage.volumes.get(pool.name, {}))
    named = f": {', '.join(volumes[:5])}" + (" …" if len(volumes) > 5 else "") if volumes else ""  # noqa: PLR2004
    count = checks.volumes_in(cluster, pool)
    return (f"pool {pool.name} with {count} volumes and {size_words(pool.stored_bytes)}{named}",)


def _resize_losses(cluster: Cluster, given: Given) -> tuple[str, ...]:
    volume, size_bytes = known_volume(cluster, given), parse_size(given["size"])
    cut = volume.size_bytes - size_bytes
    return (f"the last {size_words(cut)} of {given['volume']}",) if cut > 0 else ()


def _volume_losses(cluster: Cluster, given: Given) -> tuple[str, ...]:
    volume = known_volume(cluster, given)
    used = f", {size_words(volume.used_bytes)} of them written" if volume.used_bytes >= 0 else ""
    snapshots = tuple(f"its snapshot {one.name}" for one in volume.snapshots)
    return (f"volume {given['volume']}, {size_words(volume.size_bytes)}{used}", *snapshots)


def _rollback_losses(_cluster: Cluster, given: Given) -> tuple[str, ...]:
    return (f"everything written to {given['volume']} since snapshot {given['name']}",)


def _snapshot_losses(_cluster: Cluster, given: Given) -> tuple[str, ...]:
    return (f"snapshot {given['name']} of {given['volume']}",)


# Where it runs


def _named_node(_cluster: Cluster, given: Given) -> str:
    return given["node"]


def _osds_node(cluster: Cluster, given: Given) -> str:
    """The OSD's own node if its daemon lives: what the OSD has beside its device is taken away there."""
    osd = cluster.storage.osds.get(int(given["osd"]))
    node = cluster.nodes.get(osd.node) if osd is not None else None
    return node.name if node is not None and node.is_alive else ""


def _guests_node(cluster: Cluster, given: Given) -> str:
    """The node on which a running VM has this disk: its guest must be told there."""
    active = [vm for vm in users_of(cluster, given["volume"]) if vm.is_active]
    return active[0].node if active else ""


def _vms_node(cluster: Cluster, given: Given) -> str:
    """The VM's own node if its daemon lives: what is left of its own clients may be freed there."""
    node = cluster.nodes.get(cluster.vm(given["vm"]).node)
    return node.name if node is not None and node.is_alive else ""


def _user(cluster: Cluster, given: Given) -> str:
    users = users_of(cluster, given["volume"])
    return users[0].name if len(users) == 1 else ""


_OSD = VerbField(name="osd", takes=Takes.OSD, help="number of the OSD")
_FLAG = VerbField(name="flag", takes=Takes.FLAG, help="noout, norebalance …")
_POOL = VerbField(name="pool", takes=Takes.POOL, help="the pool")
_NEW_POOL = VerbField(name="pool", takes=Takes.NAME, help="name of the new pool")
_PGS = VerbField(name="pgs", takes=Takes.NUMBER, help="placement groups")
_VOLUME = VerbField(name="volume", takes=Takes.VOLUME, help="POOL/VOLUME")
_NEW_VOLUME = VerbField(name="volume", takes=Takes.NAME, help="POOL/VOLUME of the new volume")
_SIZE = VerbField(name="size", takes=Takes.SIZE, help="20G, 512M …")
_SNAPSHOT = VerbField(name="name", takes=Takes.SNAPSHOT, help="name of the snapshot")
_NODE = VerbField(name="node", takes=Takes.NODE, help="the node that has it")


def _force(words: str) -> VerbField:
    return VerbField(name="force", takes=Takes.TRUTH, help=words, optional=True)


_BEYOND = _force("fill the pool beyond 80 %")

_ALL = (
    StorageVerb(
        verb="storage osd add",
        help="Make an OSD of a device of a node.",
        fields=(
            _NODE,
            VerbField(name="device", takes=Takes.PATH, help="its device, as /dev/sdb"),
            VerbField(name="class", takes=Takes.NAME, help="device class: hdd, ssd, nvme", optional=True),
        ),
        check=checks.check_osd_add,
        title="add OSD {device} of {node}",
        losses=_osd_add_losses,
        runs_on=_named_node,
    ),
    StorageVerb(
        verb="storage osd remove",
        help="Drain an OSD, and forget it once it is safe to destroy.",
        fields=(_OSD, _force("though the others are short of room, or too few for a pool's replicas")),
        check=checks.check_osd_remove,
        title="remove OSD {osd}",
        losses=_osd_losses,
        runs_on=_osds_node,
        interrupted="OSD {osd} may be out: remove it again, or take it in",
    ),
    StorageVerb(
        verb="storage osd in",
        help="Let copies be placed on an OSD.",
        fields=(_OSD,),
        check=checks.check_osd_in,
        title="take OSD {osd} in",
    ),
    StorageVerb(
        verb="storage osd out",
        help="Have an OSD's copies moved elsewhere.",
        fields=(_OSD,),
        check=checks.check_osd_out,
        title="take OSD {osd} out",
    ),
    StorageVerb(
        verb="storage osd set",
        help="Set a flag of the whole storage.",
        fields=(_FLAG,),
        check=checks.check_flag,
        title="set the storage's flag {flag}",
    ),
    StorageVerb(
        verb="storage osd unset",
        help="Take a flag of the whole storage away.",
        fields=(_FLAG,),
        check=checks.check_flag,
        title="unset the storage's flag {flag}",
    ),
    StorageVerb(
        verb="storage pool add",
        help="Make a pool for volumes.",
        fields=(
            _NEW_POOL,
            _PGS,
            VerbField(name="replicas", takes=Takes.NUMBER, help="copies of everything", default="3"),
            VerbField(name="replicas_min", takes=Takes.NUMBER, help="copies below which it stands still", default="2"),
        ),
        check=checks.check_pool_add,
        title="add pool {pool}",
        interrupted="pool {pool} may be half made: if it is there, remove it, and add it again",
    ),
    StorageVerb(
        verb="storage pool remove",
        help="Remove a pool.",
        fields=(_POOL, _force("with the volumes in it")),
        check=checks.check_pool_remove,
        title="remove pool {pool}",
        losses=_pool_losses,
    ),
    StorageVerb(
        verb="storage pool set-pgs",
        help="Split or merge a pool's placement groups.",
        fields=(_POOL, _PGS),
        check=checks.check_pool_set_pgs,
        title="set pool {pool} to {pgs} placement groups",
    ),
    StorageVerb(
        verb="storage volume add",
        help="Make an empty volume.",
        fields=(_NEW_VOLUME, _SIZE, _BEYOND),
        check=checks.check_volume_add,
        title="add volume {volume} of {size}",
    ),
    StorageVerb(
        verb="storage volume upload",
        help="Make a volume of an image file on a node.",
        fields=(
            _NEW_VOLUME,
            VerbField(name="path", takes=Takes.PATH, help="the image file on that node"),
            _NODE,
            _BEYOND,
        ),
        check=checks.check_volume_upload,
        title="upload {path} of {node} to volume {volume}",
        runs_on=_named_node,
        interrupted="what there is of {volume} is removed",
    ),
    StorageVerb(
        verb="storage volume clone",
        help="Copy a volume whole, or clone a snapshot of it.",
        fields=(
            VerbField(name="volume", takes=Takes.VOLUME, help="POOL/VOLUME, or POOL/VOLUME@SNAPSHOT"),
            VerbField(name="to", takes=Takes.NAME, help="POOL/VOLUME of the new one"),
            _BEYOND,
        ),
        check=checks.check_volume_clone,
        title="clone {volume} to {to}",
        interrupted="what there is of {to} is removed",
    ),
    StorageVerb(
        verb="storage volume resize",
        help="Give a volume another size, and tell its guest.",
        fields=(_VOLUME, _SIZE, _force("make it smaller, or fill the pool beyond 80 %")),
        check=checks.check_volume_resize,
        title="resize volume {volume} to {size}",
        losses=_resize_losses,
        runs_on=_guests_node,
        vm=_user,
    ),
    StorageVerb(
        verb="storage volume rename",
        help="Give a volume another name.",
        fields=(_VOLUME, VerbField(name="name", takes=Takes.NAME, help="its new name in the same pool")),
        check=checks.check_volume_rename,
        title="rename volume {volume} to {name}",
    ),
    StorageVerb(
        verb="storage volume remove",
        help="Remove a volume.",
        fields=(_VOLUME, _force("with its snapshots")),
        check=checks.check_volume_remove,
        title="remove volume {volume}",
        losses=_volume_losses,
        interrupted="{volume} may be half removed: if it is there, remove it again",
    ),
    StorageVerb(
        verb="storage volume snapshot add",
        help="Keep a volume as it is now.",
        fields=(_VOLUME, VerbField(name="name", takes=Takes.NAME, help="name of the new snapshot")),
        check=checks.check_snapshot_add,
        title="add snapshot {name} of {volume}",
        vm=_user,
    ),
    StorageVerb(
        verb="storage volume snapshot rename",
        help="Give a snapshot another name.",
        fields=(_VOLUME, _SNAPSHOT, VerbField(name="new_name", takes=Takes.NAME, help="its new name")),
        check=checks.check_snapshot_rename,
        title="rename snapshot {name} of {volume} to {new_name}",
        vm=_user,
    ),
    StorageVerb(
        verb="storage volume snapshot rollback",
        help="Make a volume what it was; its VM must be stopped.",
        fields=(_VOLUME, _SNAPSHOT),
        check=checks.check_snapshot_rollback,
        title="roll {volume} back to snapshot {name}",
        losses=_rollback_losses,
        interrupted="{volume} may be half rolled back: roll it back again before its VM is started",
        vm=_user,
    ),
    StorageVerb(
        verb="storage volume snapshot remove",
        help="Forget a snapshot.",
        fields=(_VOLUME, _SNAPSHOT),
        check=checks.check_snapshot_remove,
        title="remove snapshot {name} of {volume}",
        losses=_snapshot_losses,
        vm=_user,
    ),
    StorageVerb(
        verb="vm flush-locks",
        help="Free the locks of a VM's volumes whose holder is off.",
        fields=(VerbField(name="vm", takes=Takes.VM, help="the VM"),),
        check=checks.check_flush_locks,
        title="free the locks of {vm}",
        runs_on=_vms_node,
        vm=lambda cluster, given: cluster.vm(given["vm"]).name,
    ),
)

STORAGE_VERBS: Mapping[str, StorageVerb] = {one.verb: one for one in _ALL}
"""Verb, as typed after `pvc` → what it is."""
