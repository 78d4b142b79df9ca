"""A host's hardware watchdog: there is no /dev/watchdog here, so a FIFO stands in for the device.

As with the real one (Linux, Documentation/watchdog/watchdog-api.rst) the first byte arms it, every byte pets it, and a
`V` as the last byte disarms it. An armed one that hears nothing for its time-out cuts the power of the boot that armed
it. It is run beside the host, not on it: `python -S -m lab.watchdog HOST_DIRECTORY TIMEOUT_S`.
"""

import os
import select
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from lab.power import HostPlan, first_process, load_plan, power_cut
from lab.processes import ProcessIdentity

DEVICE = "watchdog"
DISARM = b"V"


@dataclass(slots=True, kw_only=True)
class Watchdog:
    """The device, its time-out, and the boot that armed it; None while it is not armed."""

    plan: HostPlan
    timeout_s: float
    armed_by: ProcessIdentity | None = None
    ends_at_s: float = 0.0

    def run(self) -> None:
        """Wait for bytes, or for their lack, until this process is ended."""
        # Open for writing too, so that no writer's leaving ends the reading.
        device = os.open(self.plan.path / DEVICE, os.O_RDWR | os.O_NONBLOCK)
        while True:
            left_s = max(0.0, self.ends_at_s - time.monotonic()) if self.armed_by else None
            if select.select([device], [], [], left_s)[0]:
                self._hear(os.read(device, 4096))
            else:
                self._fire()

    def _hear(self, heard: bytes) -> None:
        self.armed_by = None if heard.endswith(DISARM) else first_process(self.plan)
        self.ends_at_s = time.monotonic() + self.timeout_s

    def _fire(self) -> None:
        # A boot that came since is not the one that armed it.
        if first_process(self.plan) == self.armed_by:
            power_cut(self.plan)
        self.armed_by = None


def main() -> None:
    directory, timeout_s = sys.argv[1:]
    Watchdog(plan=load_plan(Path(directory)), timeout_s=float(timeout_s)).run()


if __name__ == "__main__":
    main()
