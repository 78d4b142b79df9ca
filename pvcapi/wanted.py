"""What goes in, as the OpenAPI document describes it and as it is checked; an unknown field is refused."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pvccore.model.metadata import MAX_DESCRIPTION, MAX_DOWNTIME_MS, MAX_LIMIT, MAX_TAGS
from pvccore.model.selectors import Selector
from pvccore.model.vm import MigrationMethod
from pvccore.operations.cluster import MAX_REASON
from pvccore.operations.vms import LIMIT_BOUNDS_S, SHUTDOWN_LIMIT_S

LONGEST_XML = 1024 * 1024

Name = Annotated[str, Meta(pattern="^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$", examples=["web1"])]
NodeName = Annotated[str, Meta(max_length=64, examples=["hv2"])]
Words = Annotated[str, Meta(max_length=MAX_REASON, description="Why, for the journal.", examples=["new memory"])]
DryRun = Annotated[bool, Meta(description="Only say what would be done.")]
XmlText = Annotated[
    str,
    Meta(
        max_length=LONGEST_XML,
        description="libvirt XML; what reaches for the host is refused.",
        examples=["<domain type='kvm'><name>web1</name><memory unit='GiB'>2</memory><vcpu>2</vcpu></domain>"],
    ),
]


class MetadataGiven(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Metadata to set; what is not given stays."""

    node_limit: Annotated[list[str], Meta(max_length=MAX_LIMIT, examples=[["hv1", "hv2"]])] | None = None
    node_selector: Selector | None = None
    autorestart: bool | None = None
    migration_method: MigrationMethod | None = None
    max_downtime_ms: Annotated[int, Meta(ge=MAX_DOWNTIME_MS[0], le=MAX_DOWNTIME_MS[1])] | None = None
    tags: Annotated[list[str], Meta(max_length=MAX_TAGS, examples=[["web"]])] | None = None
    description: Annotated[str, Meta(max_length=MAX_DESCRIPTION)] | None = None

    def fields(self) -> dict[str, object]:
        """Those that were given."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not None}


class NewVm(Struct, frozen=True, forbid_unknown_fields=True):
    """A VM to define. node: where to place it; without it limit and selector choose."""

    xml: XmlText
    node: NodeName = ""
    start: bool = False
    metadata: MetadataGiven = MetadataGiven()


class NewXml(Struct, frozen=True, forbid_unknown_fields=True):
    """Another XML for a VM; it applies at its next start, or now by a restart."""

    xml: XmlText
    restart: bool = False


class NewName(Struct, frozen=True, forbid_unknown_fields=True):
    """Another name for a VM at rest."""

    name: Name


class MetadataWanted(MetadataGiven, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Metadata to set. move: migrate a VM that runs where its new limit forbids; without it that is refused."""

    move: bool = False

    def fields(self) -> dict[str, object]:
        """Those that were given."""
        return {name: value for name, value in super().fields().items() if name != "move"}


class Tags(Struct, frozen=True, forbid_unknown_fields=True):
    """Tags to add and to remove."""

    add: Annotated[list[Name], Meta(max_length=MAX_TAGS)] = []
    remove: Annotated[list[Name], Meta(max_length=MAX_TAGS)] = []


class VmVerb(StrEnum):
    """What may be asked of a VM's life."""

    START = "start"
    SHUTDOWN = "shutdown"
    STOP = "stop"
    RESTART = "restart"
    DISABLE = "disable"


class StateWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A verb on a VM's life. limit_s: how long its guest may take to shut down before it is stopped."""

    state: VmVerb
    limit_s: Annotated[float, Meta(ge=LIMIT_BOUNDS_S[0], le=LIMIT_BOUNDS_S[1])] = SHUTDOWN_LIMIT_S


class MoveVerb(StrEnum):
    """How a VM may be brought elsewhere: for a while, for good, or back to its previous node."""

    MIGRATE = "migrate"
    MOVE = "move"
    UNMIGRATE = "unmigrate"


class NodeWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A move of a VM. force: migrate it again although it is migrated already; its original previous node is kept."""

    action: MoveVerb
    node: NodeName = ""
    force: bool = False
    dry_run: DryRun = False


class DomainStateVerb(StrEnum):
    """What may be asked of a node: to be emptied, or to take VMs again."""

    FLUSH = "flush"
    READY = "ready"


class DomainStateWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A verb on a node's readiness."""

    state: DomainStateVerb
    reason: Words = ""


class FenceWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A fence. confirmed_off: I stood at the machine and saw that it is off; if that is wrong, its VMs run twice."""

    confirmed_off: bool = False
    reason: Words = ""


class MaintenanceWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """The switch: while it is on, nobody is fenced."""

    maintenance: bool
    reason: Words = ""


class SettingWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A setting's new value."""

    value: Annotated[str | float | bool, Meta(examples=["load", 4.0])]
