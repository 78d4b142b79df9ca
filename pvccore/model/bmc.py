"""The BMC test: whether a living node could be fenced by its BMC, known before it must be."""

from __future__ import annotations

from pvccore.model.record import NEW, Record


class BmcTest(Record, frozen=True, kw_only=True):
    """What the last test of a node's BMC showed; a test reads the power and changes nothing.

    at: wall-clock seconds of the manager that made it, for people; 0 for never.
    by: the node whose daemon asked: a BMC may be reached from one node and not from another.
    error: in words, "" when all is well. failing_since: when that error began, 0 for none.
    config, maintenance: versions of the node's config and of the maintenance record that it was made under.
    lease: the manager lease it was made under: only its holder's clock tells how long ago that was.
    """

    at: float = 0.0
    by: str = ""
    error: str = ""
    failing_since: float = 0.0
    config: int = NEW
    maintenance: int = NEW
    lease: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the BMC was ever tested."""
        return self.at > 0

    @property
    def fails(self) -> bool:
        """Whether a fence that needs the BMC would fail, as far as the last test tells."""
        return bool(self.error)
