"""What the demo menu can do to the simulated world; the world itself is loaded by nobody but the demo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class DemoActions(Protocol):
    """The simulated world, as a person can break and mend it."""

    def nodes(self) -> Sequence[str]:
        """The names of its nodes."""

    def power_cut(self, node: str) -> None:
        """The node's power goes; its BMC still answers."""

    def partition(self, node: str) -> None:
        """The node keeps running but can't reach the cluster's memory."""

    def heal(self, node: str) -> None:
        """The partition ends."""

    def bmc_dead(self, node: str) -> None:
        """The node's BMC answers no more."""

    def bmc_lies(self, node: str) -> None:
        """The node's BMC says off though it is on."""

    def bmc_ok(self, node: str) -> None:
        """The node's BMC is honest again."""

    def osd_lost(self, node: str) -> None:
        """One more OSD of the node is gone; its copies are on others."""

    def storage_slow(self, node: str) -> None:
        """Every call to the storage takes two seconds more, from every node."""

    def storage_gone(self, node: str) -> None:
        """The storage answers nobody."""

    def storage_full(self, node: str) -> None:
        """Somebody fills a pool."""

    def mend_all(self) -> None:
        """Everything is as at the start, and every node powered on."""
