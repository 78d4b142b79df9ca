"""What a screen is given at every change: the newest snapshot and the little that the console knows beside it."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.model.cluster import Cluster, Delta
from pvccore.model.struct import Struct, field
from pvccore.state.store import Connection
from pvctui.rows.fetched import Fetched
from pvctui.rows.pulse import Pulse
from pvctui.rows.statuses import StatusBook

READ_ONLY = "this console is read-only"
VIEWERS_ONLY = "these credentials may only read: ZooKeeper lets them change nothing"
AWAY = "not connected: nothing can be changed until the cluster answers again"


class Link(Struct, frozen=True, kw_only=True):
    """How the console stands to the cluster's memory.

    age_s: for how long the snapshot may have been wrong; None while nothing was ever read.
    trouble: why there is nothing, or nothing newer, in words. may_write: whether the credentials may change anything.
    """

    connection: Connection = Connection.RECONNECTING
    age_s: float | None = None
    trouble: str = ""
    may_write: bool = True

    @property
    def is_live(self) -> bool:
        """Whether what is shown is what is."""
        return self.connection is Connection.CONNECTED and not self.trouble and self.age_s is not None


class View(Struct, frozen=True, kw_only=True):
    """One moment of the console.

    changed_vms: uuids whose rows may read otherwise since the last view. now_s: wall clock.
    on_way: names of VMs and nodes → the command that is on its way for them.
    fetched: key → what was read beside the snapshot because somebody looks at it.
    read_only: whether a person wanted a console that changes nothing.
    """

    cluster: Cluster
    delta: Delta
    book: StatusBook
    pulse: Pulse
    link: Link = Link()
    now_s: float = 0.0
    changed_vms: frozenset[str] = frozenset()
    on_way: Mapping[str, str] = field(default_factory=dict)
    fetched: Mapping[str, Fetched] = field(default_factory=dict)
    read_only: bool = False

    @property
    def only_reads(self) -> bool:
        """Whether nothing can be changed from here, however long one waits."""
        return self.read_only or not self.link.may_write

    @property
    def refusal(self) -> str:
        """Why nothing can be changed now; empty when it can."""
        if self.read_only:
            return READ_ONLY
        if not self.link.may_write:
            return VIEWERS_ONLY
        return "" if self.link.is_live else AWAY
