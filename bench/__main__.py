"""`python -m bench`: measures DESIGN §10's figures on this machine and prints them as a table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import (
    command_line,
    console,
    console_start,
    console_storage,
    daemon,
    http_api,
    lab_recovery,
    live_snapshot,
    storage,
    values,
)
from bench.figures import Figure, table

Benchmark = Callable[[Path, int, int], Iterator[Figure]]


def _live_snapshot(directory: Path, nodes: int, vms: int) -> Iterator[Figure]:
    return live_snapshot.measure(directory, nodes=nodes, vms=vms)


def _command_line(directory: Path, _nodes: int, _vms: int) -> Iterator[Figure]:
    return command_line.measure(directory)


def _console_start(_directory: Path, _nodes: int, _vms: int) -> Iterator[Figure]:
    return console_start.measure()


def _console(directory: Path, nodes: int, vms: int) -> Iterator[Figure]:
    return console.measure(directory, nodes=nodes, vms=vms)


def _http_api(directory: Path, nodes: int, vms: int) -> Iterator[Figure]:
    return http_api.measure(directory, nodes=nodes, vms=vms)


def _lab_recovery(directory: Path, _nodes: int, _vms: int) -> Iterator[Figure]:
    return lab_recovery.measure(directory)


def _storage(directory: Path, _nodes: int, vms: int) -> Iterator[Figure]:
    return storage.measure(directory, volumes=vms)


def _console_storage(directory: Path, _nodes: int, vms: int) -> Iterator[Figure]:
    return console_storage.measure(directory, volumes=vms)


def _daemon(directory: Path, nodes: int, vms: int) -> Iterator[Figure]:
    return daemon.measure(directory, nodes=nodes, vms=vms)


def _values(_directory: Path, _nodes: int, _vms: int) -> Iterator[Figure]:
    return values.measure()


BENCHMARKS: dict[str, Benchmark] = {
    "live-snapshot": _live_snapshot,
    "command-line": _command_line,
    "console-start": _console_start,
    "console": _console,
    "http-api": _http_api,
    "storage": _storage,
    "console-storage": _console_storage,
    "daemon": _daemon,
    "values": _values,
    "lab-recovery": _lab_recovery,
}
"""Every benchmark by name: a function of (directory to work in, nodes, VMs) that yields figures."""


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="BENCHMARK", help="of " + ", ".join(BENCHMARKS))
    parser.add_argument("--nodes", type=int, default=500)
    parser.add_argument("--vms", type=int, default=10_000)
    options = parser.parse_args()
    if unknown := set(options.names) - BENCHMARKS.keys():
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in options.names or BENCHMARKS:
        with tempfile.TemporaryDirectory(prefix="pvc-bench-") as directory:
            for figure in BENCHMARKS[name](Path(directory), options.nodes, options.vms):
                print(f"{figure.what}: {figure.measured}", file=sys.stderr)
                figures.append(figure)
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(table(figures))


if __name__ == "__main__":
    main()
