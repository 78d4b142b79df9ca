"""The console in a terminal, on a real ZooKeeper with many VMs that change all the time; DataTable beside it."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.console_start import BARE, SIGN, console_on
from bench.figures import Figure, as_installed, milliseconds, percentile
from bench.populate import node_name, populate, vm_uuid
from bench.terminal import Terminal, terminal_with
from bench.writer import LEFT_ALONE
from lab.zookeeper import ZooKeeperServer
from pvccore.model.change import Kind
from pvccore.model.vm import Placement, VmState, Wanted
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.codec import encode
from pvccore.state.store import Put
from pvccore.state.zookeeper import ZooKeeperStore

CHANGES_PER_S = 1000
STARTS, KEYS, MARKS, WAYS = 5, 400, 20, 10
IDLE_S = 10.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.03, 0.09
"""Between two keys, by chance, so that they don't fall into step with the frames."""
WRITER_S = 180
CURSOR = "▌"
TURNS_AFTER = 10
"""Keys down, then as many up."""
ECHO = """
import os, tty
tty.setraw(0)
os.write(1, b"ready")
while True:
    os.read(0, 16)
    os.write(1, b"\\a")
"""
"""A program that does nothing but answer: what is left of a key's time is the terminal's and the machine's."""
BELL = "\x07"
SEEN = "vm-00040"
"""The last VM but a few of a full window."""
UP, DOWN, PAGE_UP, ESCAPE = "\x1b[A", "\x1b[B", "\x02", "\x1b"


def measure(directory: Path, *, nodes: int, vms: int) -> Iterator[Figure]:
    """Populate, start a few times, then keep one console open while everything changes."""
    with ZooKeeperServer(directory / "zookeeper", heap_mb=1024) as server:
        address = ZooKeeperAddress.parse(server.hosts)
        store = ZooKeeperStore(address, clock=time.monotonic, session_s=30.0)
        store.connect()
        try:
            populate(store, address.schema, nodes=nodes, vms=vms)
            yield from _starts(address, vms)
            yield from _at_work(store, address, directory, vms)
        finally:
            store.close()
    yield from _echo()
    yield from _data_table(vms)


# The start


def _starts(address: ZooKeeperAddress, vms: int) -> Iterator[Figure]:
    bare_s, frame_s, table_s = [], [], []
    for _ in range(STARTS + 1):
        with terminal_with((sys.executable, "-c", BARE)) as terminal:
            bare_s.append(terminal.until(SIGN) - terminal.started_s)
        with terminal_with(console_on(address.where)) as terminal:
            frame_s.append(terminal.until(SIGN) - terminal.started_s)
            table_s.append(terminal.press("3", SEEN))
    bare, frame, table = (statistics.median(values[1:]) for values in (bare_s, frame_s, table_s))
    yield Figure(
        what="start on a real ZooKeeper: the frame",
        measured=f"{milliseconds(frame)}: {milliseconds(frame - bare)} more than a bare app's {milliseconds(bare)}",
        target="≤ 250 ms more",
    )
    yield Figure(what=f"the full table of {vms:,} VMs after the frame", measured=milliseconds(table), target="≤ 0.6 s")


# While everything changes


def _at_work(store: ZooKeeperStore, address: ZooKeeperAddress, directory: Path, vms: int) -> Iterator[Figure]:
    log = directory / "snapshots"
    words = console_on(address.where)
    observed = (sys.executable, "-m", "bench.observed_console", str(log), *words[3:])
    with terminal_with(observed) as terminal, _writer(address, vms):
        terminal.until(SIGN)
        terminal.press("3", SEEN)
        terminal.rest(2.0)
        yield from _keys(terminal, "key → painted", lambda number: row_under_cursor(number, "vm-"))
        yield _share(terminal, f"processor at {CHANGES_PER_S:,} changes/s, nobody at the keys", "≤ 25 % of a core")
        yield from _marks(terminal, store, address, log)
        yield from _ways(terminal)
        yield Figure(what="memory of the console", measured=f"{terminal.memory_mb():.0f} MB", target="≤ 150 MB")


@contextmanager
def _writer(address: ZooKeeperAddress, vms: int) -> Iterator[None]:
    """Another process that changes placements for as long as this is looked at."""
    words = (sys.executable, "-m", "bench.writer", address.where, str(vms), str(CHANGES_PER_S), str(WRITER_S))
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, env=as_installed()) as writer:
        try:
            yield
        finally:
            writer.kill()


def row_under_cursor(number: int, stem: str) -> str:
    """The row that the key of this number leads to: no frame before it shows the cursor there. stem: of its name."""
    turn = number % (2 * TURNS_AFTER) + 1
    return f"{CURSOR}  {stem}{1 + min(turn, 2 * TURNS_AFTER - turn):05}"


def _bell(_number: int) -> str:
    return BELL


def _keys(
    terminal: Terminal, what: str, sign: Callable[[int], str], target: str = "p50 ≤ 25 ms, p99 ≤ 60 ms"
) -> Iterator[Figure]:
    began_s, began_cpu_s = time.monotonic(), terminal.processor_s()
    took = keys_took(terminal, sign, KEYS)
    share = (terminal.processor_s() - began_cpu_s) / (time.monotonic() - began_s)
    yield Figure(what=what, measured=f"{took} ({share:.0%} of a core)", target=target)


def keys_took(terminal: Terminal, sign: Callable[[int], str], keys: int) -> str:
    """Press so many, down and up, each until its sign is painted; how long that took. sign: of a key, by its number."""
    chance = random.Random(3)
    took_s = []
    for number in range(keys):
        is_up = number % (2 * TURNS_AFTER) >= TURNS_AFTER
        wanted = sign(number)
        took_s.append(terminal.press(UP if is_up else DOWN, wanted))
        terminal.rest(chance.uniform(SHORTEST_PAUSE_S, LONGEST_PAUSE_S))
    return f"p50 {milliseconds(percentile(took_s, 0.5))}, p99 {milliseconds(percentile(took_s, 0.99))}"


def _share(terminal: Terminal, what: str, target: str) -> Figure:
    began_s, began_cpu_s = time.monotonic(), terminal.processor_s()
    terminal.rest(IDLE_S)
    share = (terminal.processor_s() - began_cpu_s) / (time.monotonic() - began_s)
    return Figure(what=what, measured=f"{share:.0%} of a core", target=target)


def _marks(terminal: Terminal, store: ZooKeeperStore, address: ZooKeeperAddress, log: Path) -> Iterator[Figure]:
    """One VM in sight fails with a word as its reason; the word is waited for."""
    written_s, painted_s = {}, {}
    for number in range(MARKS):
        mark = f"mark-{number:03}"
        failed = Placement(wanted=Wanted.RUNNING, state=VmState.FAILED, node=node_name(0), failure=mark)
        path = address.schema.path(Kind.PLACEMENT, vm_uuid(number % LEFT_ALONE))
        terminal.rest(0.1)
        written_s[mark] = time.monotonic()
        store.commit([Put(path, encode(failed), -1)])
        painted_s[mark] = terminal.until(mark)
    known_s = {mark: float(at_s) for mark, at_s in (line.split() for line in log.read_text().splitlines())}
    after_snapshot_s = [painted_s[mark] - known_s[mark] for mark in painted_s]
    after_write_s = [painted_s[mark] - written_s[mark] for mark in painted_s]
    yield Figure(
        what="one visible change → painted, after the snapshot",
        measured=median_and_worst(after_snapshot_s),
        target="≤ 50 ms",
    )
    yield Figure(what="a change in ZooKeeper → painted", measured=median_and_worst(after_write_s), target="≤ 150 ms")


def _ways(terminal: Terminal) -> Iterator[Figure]:
    """Sort, page and filter."""
    took_s: dict[str, list[float]] = {"sort": [], "page": []}
    for number in range(WAYS):
        took_s["sort"].append(terminal.press("s", "NAME ↑" if number % 2 else "NAME ↓"))
        terminal.rest(0.2)
        # The cursor is on the last row, or a page after the first.
        took_s["page"].append(terminal.press(PAGE_UP, CURSOR))
        terminal.rest(0.2)
    took_s["filter"], took_s["filter off"] = filtered(terminal, "vm-")
    for what, values in took_s.items():
        yield Figure(what=f"{what}, 10,000 VMs → painted", measured=median_and_worst(values), target="≤ 60 ms")


def filtered(terminal: Terminal, stem: str) -> tuple[list[float], list[float]]:
    """Filter ten thousand rows, and not: how long the last letter and Esc took. stem: what their names begin with."""
    on_s, off_s = [], []
    for _ in range(WAYS):
        terminal.press("/", "words")
        for letter in f"{stem}0999":
            terminal.press(letter, letter)
            terminal.rest(0.1)
        on_s.append(terminal.press("9", f"{stem}09999"))
        terminal.rest(0.2)
        off_s.append(terminal.press(ESCAPE, f"{stem}09980"))
        terminal.rest(0.2)
    return on_s, off_s


def median_and_worst(seconds: Sequence[float]) -> str:
    """The median and the worst, in words."""
    return f"median {milliseconds(statistics.median(seconds))}, worst {milliseconds(max(seconds))}"


# Beside it


def _echo() -> Iterator[Figure]:
    with terminal_with((sys.executable, "-c", ECHO)) as terminal:
        terminal.until("ready")
        yield from _keys(terminal, "a program that only echoes: the same", _bell, target="")


def _data_table(vms: int) -> Iterator[Figure]:
    words = (sys.executable, "-m", "bench.data_table", str(vms), str(CHANGES_PER_S))
    with terminal_with(words) as terminal:
        filled_s = terminal.until(BELL) - terminal.started_s
        yield Figure(what=f"DataTable: {vms:,} rows on the screen after the start", measured=f"{filled_s:.1f} s")
        terminal.rest(2.0)
        yield from _keys(terminal, "DataTable: key → painted", _bell)
        yield _share(terminal, "DataTable: processor, nobody at the keys", "")
        yield Figure(what="DataTable: memory", measured=f"{terminal.memory_mb():.0f} MB")
