"""Who this daemon is: the node, the machine, the boot, and what it registers about itself."""

from __future__ import annotations

from pvccore.model.node import NodeConfig
from pvccore.model.struct import Struct, field


class Identity(Struct, frozen=True, kw_only=True):
    """One daemon of one node in one boot.

    boot_id: the kernel's; what fences are about. daemon_id: random, anew with every start.
    config: what is registered; its machine id is fixed at the first registration.
    """

    node: str
    boot_id: str
    daemon_id: str
    config: NodeConfig = field(default_factory=NodeConfig)
    watchdog_armed: bool = False
