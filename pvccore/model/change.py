"""Changes: what a decision wants written, each one multi with its reason."""

from __future__ import annotations

from enum import StrEnum

from pvccore.model.record import NEW, Record
from pvccore.model.struct import Struct


class Kind(StrEnum):
    """The kinds of stored documents; `state.schema` knows the path and the type of each."""

    SETTINGS = "settings"
    MAINTENANCE = "maintenance"
    STARTED = "started"
    LEASE = "lease"
    NODE_CONFIG = "node_config"
    PRESENCE = "presence"
    ALIVE = "alive"
    READINESS = "readiness"
    REPORT = "report"
    FENCE = "fence"
    BMC = "bmc"
    DEFINITION = "definition"
    XML = "xml"
    PLACEMENT = "placement"
    JOURNAL = "journal"
    STORAGE_STATUS = "storage_status"
    OSDS = "osds"
    POOLS = "pools"
    VOLUMES = "volumes"
    TASK = "task"
    FORECAST = "forecast"


class Write(Struct, frozen=True, kw_only=True):
    """One record's compare-and-set: `before` as it was read, `after` as it shall be.

    key: the node's name, the VM's uuid, the task's key or `volumes_key`; "" for a kind of which there is one.
    before None creates, after None deletes. The indexes (/assigned of a placement, /names of a definition)
    follow by themselves in the same multi.
    """

    kind: Kind
    key: str
    before: Record | None
    after: Record | None


class Check(Struct, frozen=True, kw_only=True):
    """A condition on a record that the change does not write.

    key: as in `Write`; for ALIVE "node/token", for LEASE the lease's token.
    version: the record must still be at it; `NEW` means that it must only exist.
    """

    kind: Kind
    key: str = ""
    version: int = NEW


class Change(Struct, frozen=True, kw_only=True):
    """One multi: all of it or nothing, with one journal entry.

    what, why: the journal's words. quiet: no entry (progress that nobody would read).
    """

    writes: tuple[Write, ...]
    checks: tuple[Check, ...] = ()
    what: str = ""
    why: str = ""
    vm: str = ""
    node: str = ""
    quiet: bool = False
