"""What is not in the snapshot and is read only when somebody looks: a VM's XML."""

from __future__ import annotations

from pvccore.model.struct import Struct
from pvccore.model.vm import Vm

TRY_AGAIN_AFTER_S = 5.0
XML = "xml"


class Fetched(Struct, frozen=True, kw_only=True):
    """What came of reading. error: why it could not be read; at_s: wall-clock seconds of that."""

    text: str = ""
    error: str = ""
    at_s: float = 0.0

    def is_worth_another_try(self, now_s: float) -> bool:
        """Whether it failed a while ago."""
        return bool(self.error) and now_s - self.at_s >= TRY_AGAIN_AFTER_S


def xml_wanted(vm: Vm) -> str:
    """The key of a VM's XML: another definition may have another XML."""
    return f"{XML} {vm.uuid} {vm.definition.version}"
