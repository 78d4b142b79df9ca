"""What is pictured besides the screens: every dialog, form, menu, detail tab and filter, opened by keys."""

from __future__ import annotations

from collections.abc import Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.node import Readiness, ReadinessState, WantedReadiness
from pvccore.model.struct import Struct, replace
from pvccore.model.vm import VmState, Wanted
from tests.pvctui.canned import in_maintenance, night
from tests.pvctui.canned_states import STATES, WELL

NIGHT = STATES["fencing"].cluster
SMALL, USUAL = (80, 24), (120, 40)
BOTH = (SMALL, USUAL)


class Shot(Struct, frozen=True, kw_only=True):
    """One picture: the keys that lead to it, on which cluster, and words that stand there once it is whole.

    xml: what every VM was defined from, where one of them is to be read.
    """

    keys: Sequence[str]
    cluster: Cluster = WELL
    sizes: Sequence[tuple[int, int]] = (SMALL,)
    shows: str = ""
    read_only: bool = False
    xml: str = ""


def _by_menu(*keys: str, choose: str) -> tuple[str, ...]:
    """A verb that has no key: from the menu of actions, found by its words."""
    return (*keys, "x", *choose, "enter")


def _flushing() -> Cluster:
    """A node that is being emptied, and waits."""
    hv2 = WELL.nodes["hv2"]
    readiness = Readiness(
        wanted=WantedReadiness.FLUSHED,
        state=ReadinessState.FLUSHING,
        by="anna@ops1",
        reason="replace fan",
        waits_for=("git: migrating to hv3, 12 s", "mail: waits for its turn"),
    )
    return replace(WELL, nodes={**WELL.nodes, "hv2": replace(hv2, readiness=readiness)})


def _flushed(name: str) -> Cluster:
    """A cluster that is well, but for a node that takes no VMs."""
    flushed = Readiness(wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHED, by="anna@ops1", reason="new fan")
    return replace(WELL, nodes={**WELL.nodes, name: replace(WELL.nodes[name], readiness=flushed)})


def _db1_stopped() -> Cluster:
    """A VM with a snapshot, at rest."""
    found = WELL.vms[WELL.names["db1"]]
    at_rest = replace(found.placement, wanted=Wanted.STOPPED, state=VmState.STOPPED)
    volumes = dict(WELL.storage.volumes["vms"])
    volumes["db1"] = replace(volumes["db1"], is_locked=False, lock_holder="", watchers=())
    storage = replace(WELL.storage, volumes={"vms": volumes})
    return replace(WELL, vms={**WELL.vms, found.uuid: replace(found, placement=at_rest)}, storage=storage)


def _unfit() -> Cluster:
    """A node that reaches Ceph from another address than the one by which it would be locked out."""
    hv2 = WELL.nodes["hv2"]
    words = "it reaches Ceph from 10.0.9.2, but storage_address is 10.0.0.2"
    return replace(WELL, nodes={**WELL.nodes, "hv2": replace(hv2, report=replace(hv2.report, unfit=words))})


XML = """<domain type='kvm'>
  <name>{name}</name>
  <memory unit='GiB'>4</memory>
  <vcpu>2</vcpu>
  <!-- the disk -->
  <devices>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='vms/{name}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>
"""
VM_TABS = ("summary", "metadata", "volumes", "networks", "placement", "xml", "journal", "log")
NODE_TABS = ("fence", "summary", "if-it-died", "vms", "journal", "log")
STORAGE_TABS = ("osds", "pools", "volumes", "snapshots")
VOLUMES = ("4", "full_stop", "full_stop")
SNAPSHOTS = (*VOLUMES, "full_stop")
DB1 = ("3", "slash", *"db1", "enter")
HV5 = ("2", "end", "up")
BUILD = ("3", "down", "down")
UNUSED = (*VOLUMES, "slash", *"debian", "enter")


def _tabs(subject: str, keys: Sequence[str], names: Sequence[str], cluster: Cluster) -> dict[str, Shot]:
    """Every tab of a detail; on a narrow terminal it is a screen of its own."""
    return {
        f"{subject}-{name}": Shot(keys=(*keys, "enter", *("full_stop",) * place), cluster=cluster, sizes=(SMALL,))
        for place, name in enumerate(names)
    }


SHOTS: dict[str, Shot] = {
    "maintenance-on": Shot(keys=("M", *"switch upgrade in rack 2")),
    "maintenance-on-while-fencing": Shot(keys=("M",), cluster=NIGHT, sizes=BOTH),
    "maintenance-off": Shot(keys=("M",), cluster=in_maintenance(night()), sizes=BOTH),
    "metadata": Shot(keys=("3", "e", "space", "right", "space"), sizes=BOTH),
    "metadata-with-a-fault": Shot(keys=(*DB1, "e", "tab", "tab", "tab", "tab", "backspace", *"x")),
    "flush": Shot(keys=("2", "F", *"new fan"), shows="Afterwards", sizes=BOTH),
    "flush-that-parks": Shot(keys=(*HV5, "F"), cluster=_flushed("hv4"), shows="Afterwards", sizes=BOTH),
    "ready": Shot(keys=("2", "down", "down", "down", "R"), cluster=NIGHT),
    "migrate": Shot(keys=("3", "G"), cluster=NIGHT, sizes=BOTH),
    "migrate-one-with-a-limit": Shot(keys=(*DB1, "G")),
    "fence": Shot(keys=("2", "down", "X", "tab", *"hv"), sizes=BOTH),
    "fence-refused": Shot(keys=("2", "X"), cluster=in_maintenance(WELL)),
    "start": Shot(keys=("3", "down", "down", "S")),
    "shut-down-many": Shot(keys=("3", "space", "space", "space", "space", "T"), sizes=BOTH),
    "migrate-many": Shot(keys=("3", "asterisk", "G"), cluster=NIGHT, sizes=BOTH),
    "stop-at-once": Shot(keys=_by_menu("3", choose="stop at once")),
    "remove-vm": Shot(keys=_by_menu(*BUILD, choose="remove with")),
    "action-refused": Shot(keys=_by_menu("3", choose="remove with")),
    "remove-many": Shot(keys=_by_menu("3", "space", "space", "space", choose="remove with"), sizes=BOTH),
    "rename": Shot(keys=_by_menu(*BUILD, choose="rename")),
    "tag": Shot(keys=_by_menu("3", choose="tag")),
    "move": Shot(keys=_by_menu("3", choose="move for good")),
    "define": Shot(keys=("colon", *"define", "enter"), sizes=BOTH),
    "modify": Shot(keys=_by_menu("3", choose="modify"), xml=XML.format(name="app1"), shows="editor"),
    "palette": Shot(keys=("colon",), sizes=BOTH),
    "palette-found": Shot(keys=("colon", *"hv")),
    "palette-nothing-found": Shot(keys=("colon", *"nothing like it")),
    "actions-on-a-vm": Shot(keys=("3", "x"), sizes=BOTH),
    "actions-on-a-parked-vm": Shot(keys=(*DB1, "x"), cluster=NIGHT),
    "actions-on-a-node": Shot(keys=("2", "x"), cluster=NIGHT),
    "actions-read-only": Shot(keys=("3", "x"), read_only=True),
    "help-overview": Shot(keys=("question_mark",)),
    "help-vms": Shot(keys=("3", "question_mark"), sizes=BOTH),
    "help-vms-end": Shot(keys=("3", "question_mark", "end")),
    "export": Shot(keys=("3", "o"), sizes=BOTH),
    "fence-steps": Shot(keys=("enter",), cluster=NIGHT, sizes=BOTH),
    "what-if": Shot(keys=("7", "space", "space"), cluster=NIGHT, sizes=BOTH),
    "filter": Shot(keys=("3", "slash", *"name:web|db", "enter")),
    "filter-with-a-fault": Shot(keys=("3", "slash", *"~["), sizes=BOTH),
    "filter-that-finds-nothing": Shot(keys=("3", "slash", *"zebra")),
    "marking-a-range": Shot(keys=("3", "down", "m", "down", "down")),
    "node-unfit": Shot(keys=(), cluster=_unfit(), sizes=BOTH),
    "node-unfit-summary": Shot(keys=("2", "down", "enter"), cluster=_unfit()),
    "marked": Shot(keys=("3", "space", "space", "space"), sizes=BOTH),
    "wide": Shot(keys=("3", "w"), sizes=(SMALL, USUAL, (200, 60))),
    "paused": Shot(keys=("3", "z")),
    "frozen": Shot(keys=("3", "p")),
    "too-small": Shot(keys=(), sizes=((40, 10), (60, 12))),
    "low": Shot(keys=(), cluster=NIGHT, sizes=((80, 16), (60, 20))),
    "node-being-flushed": Shot(keys=("2", "down"), cluster=_flushing(), sizes=(USUAL,)),
    "node-being-flushed-alone": Shot(keys=("2", "down", "enter"), cluster=_flushing(), sizes=(SMALL,)),
    **{
        f"storage-{name}": Shot(keys=("4", *("full_stop",) * place), sizes=BOTH)
        for place, name in enumerate(STORAGE_TABS)
    },
    "osd-add": Shot(keys=_by_menu("4", choose="make an osd")),
    "osd-remove": Shot(keys=_by_menu("4", choose="drain"), sizes=BOTH),
    "osd-out": Shot(keys=_by_menu("4", choose="moved elsewhere")),
    "osd-set": Shot(keys=_by_menu("4", choose="set a flag")),
    "pool-add": Shot(keys=_by_menu("4", "full_stop", choose="make a pool")),
    "pool-remove": Shot(keys=_by_menu("4", "full_stop", choose="remove a pool")),
    "pool-set-pgs": Shot(keys=_by_menu("4", "full_stop", choose="split")),
    "volume-add": Shot(keys=_by_menu(*VOLUMES, choose="make an empty")),
    "volume-upload": Shot(keys=_by_menu(*VOLUMES, choose="image file")),
    "volume-clone": Shot(keys=_by_menu(*VOLUMES, choose="copy a volume")),
    "volume-resize": Shot(keys=(*_by_menu(*VOLUMES, choose="another size"), *"10G"), sizes=BOTH),
    "volume-remove": Shot(keys=_by_menu(*UNUSED, choose="remove a volume")),
    "volume-remove-many": Shot(keys=_by_menu(*VOLUMES, "space", "space", choose="remove a volume")),
    "snapshot-add": Shot(keys=_by_menu(*VOLUMES, choose="keep a volume")),
    "snapshot-rollback": Shot(keys=_by_menu(*SNAPSHOTS, choose="what it was"), cluster=_db1_stopped()),
    "actions-on-an-osd": Shot(keys=("4", "x")),
    "actions-on-a-volume": Shot(keys=("4", "full_stop", "full_stop", "x")),
    "task": Shot(keys=("5", "enter"), sizes=(SMALL,)),
    "task-cancel": Shot(keys=("5", "x"), sizes=BOTH),
    **_tabs("vm", DB1, VM_TABS, NIGHT),
    "vm-xml": Shot(
        keys=(*DB1, "enter", *("full_stop",) * VM_TABS.index("xml")),
        cluster=NIGHT,
        xml=XML.format(name="db1"),
        shows="domain",
    ),
    **_tabs("node", ("2", "down", "down"), NODE_TABS, NIGHT),
}
