"""What is not in the snapshot and is read only when somebody looks: a VM's XML, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pvccore.model.struct import Struct
from pvccore.model.vm import Vm

if TYPE_CHECKING:
    from pvccore.model.log import LogPart

TRY_AGAIN_AFTER_S = 5.0
XML, VM_LOG, NODE_LOG = "xml", "vm-log", "node-log"
"""Of what kind a key is; behind it stands the VM's uuid or the node's name."""
LOGS = frozenset({VM_LOG, NODE_LOG})
LOG_OF_KIND = {"vm": VM_LOG, "node": NODE_LOG, "fence": NODE_LOG, "death": NODE_LOG}
MOST_LINES_KEPT = 10_000


class KeptLog(Struct, frozen=True, kw_only=True):
    """The lines of a log that were read so far. first: the number of the first one kept; place: `LogPart.place`."""

    lines: tuple[str, ...] = ()
    first: int = 0
    place: str = ""

    def with_part(self, part: LogPart) -> KeptLog:
        """What came after it, too; the oldest lines go when there are many."""
        lines = (*self.lines, *part.lines)
        surplus = max(0, len(lines) - MOST_LINES_KEPT)
        return KeptLog(lines=lines[surplus:], first=self.first + surplus, place=part.place)


class Fetched(Struct, frozen=True, kw_only=True):
    """What came of reading, in wall-clock seconds.

    error: why it could not be read the last time; at_s: when that ended. asked_s: since when an answer is waited for,
    0 while none is.
    """

    text: str = ""
    log: KeptLog = KeptLog()
    error: str = ""
    at_s: float = 0.0
    asked_s: float = 0.0

    def is_worth_another_try(self, now_s: float) -> bool:
        """Whether it failed a while ago."""
        return bool(self.error) and not self.asked_s and now_s - self.at_s >= TRY_AGAIN_AFTER_S


def xml_wanted(vm: Vm) -> str:
    """The key of a VM's XML: another definition may have another XML."""
    return f"{XML} {vm.uuid} {vm.definition.version}"


def log_wanted(subject: str) -> str:
    """The key of a VM's or a node's log; "" for a subject that has none."""
    kind, _, rest = subject.partition(" ")
    name = rest.partition(" ")[0]
    return f"{LOG_OF_KIND[kind]} {name}" if kind in LOG_OF_KIND and name else ""
