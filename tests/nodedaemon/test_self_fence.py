"""A host's own watchdog is petted while ZooKeeper answers in the session that said so, and never longer."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nodedaemon import self_fence
from nodedaemon.self_fence import DISARM, PET, NoWatchdog, SelfFence, WatchdogRule
from pvccore.model.errors import Unavailable

SESSION, SESSION_S = 7, 4.0


class Clock:
    """A clock that stands still until it is set."""

    now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.now_s


class Fixture:
    """A watchdog on a FIFO, whose other end is in the test's hand."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.clock = Clock()
        self.store: Any = SimpleNamespace(last_heard_s=100.0, session_id=SESSION)
        rule = WatchdogRule(device=str(path), stops_after_s=4.0, timeout_s=5)
        self.fence = SelfFence(rule, self.store, self.clock)

    def heard(self) -> bytes:
        """What the device heard since the last look."""
        try:
            return os.read(self.end, 4096)
        except BlockingIOError:
            return b""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Fixture]:
    fixture = Fixture(tmp_path / "watchdog")
    yield fixture
    fixture.fence.disarm()
    os.close(fixture.end)


def test_nothing_is_petted_before_it_is_armed(host: Fixture) -> None:
    host.fence.pet()
    assert host.heard() == b""


def test_it_is_petted_while_answers_are_young(host: Fixture) -> None:
    assert host.fence.arm(SESSION, SESSION_S)
    assert host.heard() == PET
    host.clock.now_s = 103.9
    host.fence.pet()
    assert host.heard() == PET


def test_it_is_not_petted_once_the_last_answer_is_too_old(host: Fixture) -> None:
    host.fence.arm(SESSION, SESSION_S)
    host.heard()
    host.clock.now_s = 104.0
    host.fence.pet()
    assert host.heard() == b""
    host.store.last_heard_s = 104.0
    host.fence.pet()
    assert host.heard() == PET, "the same session has answered again in time"


def test_answers_in_another_session_count_only_once_the_agent_has_announced_itself_there(host: Fixture) -> None:
    host.fence.arm(SESSION, SESSION_S)
    host.heard()
    host.store.session_id = SESSION + 1
    host.fence.pet()
    assert host.heard() == b""
    assert host.fence.arm(SESSION + 1, SESSION_S)
    assert host.heard() == PET


def test_disarming_says_so_to_the_device(host: Fixture) -> None:
    host.fence.arm(SESSION, SESSION_S)
    host.heard()
    host.fence.disarm()
    assert host.heard() == DISARM
    host.fence.pet()
    assert host.heard() == b""


def test_longer_sessions_than_it_waits_forbid_it_though_it_was_armed(host: Fixture) -> None:
    assert host.fence.arm(SESSION, SESSION_S)
    assert not host.fence.arm(SESSION, 10.0)


def test_a_device_that_is_not_there_is_not_armed(tmp_path: Path) -> None:
    rule = WatchdogRule(device=str(tmp_path / "none"), stops_after_s=4.0, timeout_s=5)
    store: Any = SimpleNamespace(last_heard_s=100.0, session_id=SESSION)
    assert not SelfFence(rule, store, Clock()).arm(SESSION, SESSION_S)


@pytest.mark.parametrize("has_s, fits", [(5, True), (3, True), (60, False)])
def test_a_real_device_must_take_the_time_out(monkeypatch: pytest.MonkeyPatch, has_s: int, fits: bool) -> None:
    """/dev/null is a character device that knows no time-out; its ioctl is played."""
    monkeypatch.setattr(self_fence, "_set_timeout", lambda _device, _timeout_s: has_s)
    if fits:
        self_fence.open_device(os.devnull, 5).close()
        return
    with pytest.raises(Unavailable, match="can't be set to 5 s"):
        self_fence.open_device(os.devnull, 5)


def test_a_device_that_knows_no_time_out_is_none() -> None:
    with pytest.raises(Unavailable, match="can't be set"):
        self_fence.open_device(os.devnull, 5)


def test_the_time_out_is_asked_for_as_the_kernel_wants_it() -> None:
    def ioctl(_device: int, request: int, words: bytes) -> bytes:
        assert (request, words) == (self_fence.SET_TIMEOUT, struct.pack("i", 5))
        return struct.pack("i", 4)

    assert self_fence._set_timeout(0, 5, ioctl) == 4


def test_a_node_without_one_is_never_armed() -> None:
    assert not NoWatchdog().arm(SESSION, SESSION_S)
