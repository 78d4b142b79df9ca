"""`pvc-tui` that writes down when it had a marked change in its snapshot: `python -m bench.observed_console FILE …`.

A marked VM has failed with a reason of one word. A line of the file is that word and the monotonic time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from pvccore.model.cluster import Cluster, Delta
from pvccore.state import live_thread
from pvccore.state.live import LiveCluster
from pvctui.__main__ import main as run_console

Publish = Callable[[Cluster, Delta], None]


class ObservedThread(live_thread.LiveThread):
    """The console's live snapshot, whose publishing is watched."""

    log: Path

    def __init__(
        self,
        make_live: Callable[[Callable[[], None]], LiveCluster],
        publish: Publish,
        *,
        clock: Callable[[], float],
        gather_s: float,
    ) -> None:
        super().__init__(make_live, self._observed(publish), clock=clock, gather_s=gather_s)

    def _observed(self, publish: Publish) -> Publish:
        def observed(cluster: Cluster, delta: Delta) -> None:
            now_s = time.monotonic()
            publish(cluster, delta)
            marks = {cluster.vms[uuid].placement.failure for uuid in delta.vms if uuid in cluster.vms} - {""}
            if marks and not delta.full:
                with self.log.open("a") as file:
                    file.writelines(f"{mark} {now_s}\n" for mark in marks)

        return observed


def main() -> None:
    """Run the console with what stands after the file."""
    ObservedThread.log = Path(sys.argv.pop(1))
    live_thread.LiveThread = ObservedThread  # type: ignore[assignment, misc] # the one that the feed will find
    sys.exit(run_console(sys.argv[1:]))


if __name__ == "__main__":
    main()
