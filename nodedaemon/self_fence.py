"""Self-fencing: a hardware watchdog cuts this host's power once its daemon has lost ZooKeeper for too long.

Petted only while the newest answered request is younger than D, and only in the session in which this daemon last
said that it lives. After the last answer the host is off within D + p + W; the manager waits for that and a margin
(`NodeConfig.self_fence_bound_s`, DESIGN §5) before it takes the silence of an armed node for proof.
Device: Linux, Documentation/watchdog/watchdog-api.rst: opening it arms it, a byte pets it, a `V` as the last byte
disarms it. A FIFO is one as well: the lab's.
"""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import struct
import threading
from collections.abc import Callable
from typing import Protocol

from nodedaemon.loop import Clock
from pvccore.model.errors import Invalid, Unavailable
from pvccore.model.struct import Struct
from pvccore.state.store import Store

PET_EVERY_S = 1.0
"""p of the rule: between two pets."""
MARGIN_S = 1.5
"""m of the rule: for an answer on its way, a thread that is late, a clock that drifts."""
LEAST_TIMEOUT_S = 3
"""A watchdog that waits less than this fires between two pets of a busy host."""
PET, DISARM = b"\0", b"V"
SET_TIMEOUT = 0xC0045706
"""WDIOC_SETTIMEOUT: an int of seconds in, the time-out that the device really has out."""

log = logging.getLogger(__name__)


class WatchdogRule(Struct, frozen=True, kw_only=True):
    """How a node fences itself. stops_after_s: D, timeout_s: W of the rule. Raises `Invalid` for what can't hold."""

    device: str
    stops_after_s: float
    timeout_s: int

    def __post_init__(self) -> None:
        if self.stops_after_s < 1:
            raise Invalid("self_fence_after_s", self.stops_after_s, "must be at least 1")
        if self.timeout_s < LEAST_TIMEOUT_S:
            raise Invalid("watchdog_timeout_s", self.timeout_s, f"must be at least {LEAST_TIMEOUT_S}")

    @property
    def bound_s(self) -> float:
        """D + W + p + m: after this long without an answer the host is off."""
        return self.stops_after_s + self.timeout_s + PET_EVERY_S + MARGIN_S

    def objection(self, session_s: float) -> str:
        """Why it must not be armed in a cluster with such sessions; "" when it may.

        A healthy client is answered every third of its session; and a node whose session lives is not to die.
        """
        if self.stops_after_s >= session_s:
            return ""
        return f"self_fence_after_s is {self.stops_after_s:g}, less than the session of {session_s:g} s"


class Watchdog(Protocol):
    """What the agent arms and disarms, always so that the store never says armed when it is not."""

    def arm(self, session_id: int, session_s: float) -> bool:
        """Arm it, or confirm that it is, for this session; whether it is armed now."""

    def disarm(self) -> None:
        """Let it sleep: the store does not say armed any more."""


class NoWatchdog:
    """A node that does not fence itself."""

    def arm(self, session_id: int, session_s: float) -> bool:
        return False

    def disarm(self) -> None:
        """Nothing was armed."""


class Device(Protocol):
    """An armed watchdog: what is written pets it, `DISARM` before the end lets it sleep."""

    def write(self, words: bytes) -> None:
        """Write; raises OSError."""

    def close(self) -> None:
        """Let go of it."""


class FileDevice:
    """A watchdog device of Linux, or a FIFO."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, words: bytes) -> None:
        os.write(self._descriptor, words)

    def close(self) -> None:
        os.close(self._descriptor)


def open_device(path: str, timeout_s: int) -> Device:
    """Open, and so arm, a watchdog with that time-out; raises `Unavailable` when there is none that can do it."""
    try:
        device = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from None
    if not stat.S_ISCHR(os.fstat(device).st_mode):
        return FileDevice(device)
    try:
        has_s = _set_timeout(device, timeout_s)
    except OSError as error:
        has_s = 0
        log.error("%s: %s", path, error.strerror)  # noqa: TRY400 - the reason is all there is to say
    if 0 < has_s <= timeout_s:
        return FileDevice(device)
    os.write(device, DISARM)
    os.close(device)
    raise Unavailable(f"{path}: can't be set to {timeout_s} s")


def _set_timeout(device: int, timeout_s: int, ioctl: Callable[..., bytes] = fcntl.ioctl) -> int:
    answer = ioctl(device, SET_TIMEOUT, struct.pack("i", timeout_s))
    return int(struct.unpack("i", answer)[0])


class SelfFence:
    """The watchdog of one host and the thread that pets it. opened: what opens, and so arms, the rule's device."""

    def __init__(
        self,
        rule: WatchdogRule,
        store: Store,
        clock: Clock,
        opened: Callable[[str, int], Device] = open_device,
    ) -> None:
        self._rule = rule
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._opened = opened
        self._device: Device | None = None
        self._session_id = 0
        self._silent = False
        self._said = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="self-fence", daemon=True)

    def start(self) -> None:
        """Pet from now on, once it is armed."""
        self._thread.start()

    def stop(self) -> None:
        """Pet no more. What is armed stays so and cuts the power, unless `disarm` was called before."""
        self._ended.set()
        self._thread.join(PET_EVERY_S)

    def arm(self, session_id: int, session_s: float) -> bool:
        """See `Watchdog`."""
        objection = self._rule.objection(session_s)
        with self._lock:
            if not objection and self._device is None:
                try:
                    self._device = self._opened(self._rule.device, self._rule.timeout_s)
                    log.warning("the watchdog is armed: without ZooKeeper this host is off in %g s", self._rule.bound_s)
                except Unavailable as failure:
                    objection = str(failure)
            if objection and objection != self._said:
                log.error("the watchdog is not armed: %s", objection)
            self._said = objection
            if self._device is None or objection:
                return False
            self._session_id = session_id
            self._pet()
            return self._device is not None

    def disarm(self) -> None:
        """See `Watchdog`."""
        with self._lock:
            if self._device is None:
                return
            self._write(DISARM)
            self._close()
            log.warning("the watchdog is disarmed")

    def pet(self) -> None:
        """Pet it if that may be."""
        with self._lock:
            self._pet()

    def _pet(self) -> None:
        if self._device is None:
            return
        silent = not self._may_live()
        if silent and not self._silent:
            log.error("ZooKeeper has not answered for %g s: the watchdog is not petted", self._rule.stops_after_s)
        self._silent = silent
        if not silent:
            self._write(PET)

    def _may_live(self) -> bool:
        is_fresh = self._clock.monotonic() - self._store.last_heard_s < self._rule.stops_after_s
        return is_fresh and self._store.session_id == self._session_id

    def _write(self, words: bytes) -> None:
        if self._device is None:
            return
        try:
            self._device.write(words)
        except OSError as error:
            log.error("the watchdog %s can't be petted: %s", self._rule.device, error.strerror)  # noqa: TRY400

    def _close(self) -> None:
        if self._device is not None:
            self._device.close()
        self._device = None

    def _run(self) -> None:
        while not self._ended.wait(PET_EVERY_S):
            self.pet()
