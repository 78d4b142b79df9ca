"""Node selectors: how a target is chosen among the nodes that may take a VM."""

from __future__ import annotations

from enum import StrEnum


class Selector(StrEnum):
    """The person's choice of what "best target" means; scores are in `plan.placement`."""

    DEFAULT = "default"
    MEM = "mem"
    MEMPROV = "memprov"
    LOAD = "load"
    VCPUS = "vcpus"
    VMS = "vms"

    @property
    def meaning(self) -> str:
        """One line for forms and help."""
        return MEANINGS[self]


MEANINGS = {
    Selector.DEFAULT: "the cluster's default selector",
    Selector.MEM: "most free memory",
    Selector.MEMPROV: "least provisioned memory",
    Selector.LOAD: "lowest load",
    Selector.VCPUS: "fewest provisioned vCPUs",
    Selector.VMS: "fewest VMs",
}
