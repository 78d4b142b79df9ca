"""The lab's watchdog does what the device would: silence of the boot that armed it cuts its power, and nothing else."""

import time

import pytest

from lab.cluster import Lab
from lab.host import Host

pytestmark = pytest.mark.lab

TIMEOUT_S = 1.0


@pytest.fixture
def watched(hv1: Host) -> Host:
    hv1.install_watchdog(timeout_s=TIMEOUT_S)
    return hv1


def _say(host: Host, word: str) -> None:
    """Without a program of its own: on a slow machine its start would take longer than the time-out."""
    host.watchdog_device.write_text(word)


def _stays_on(lab: Lab, host: Host, for_s: float) -> bool:
    end_s = time.monotonic() + for_s
    lab.wait_until(lambda: not host.is_on or time.monotonic() > end_s, within_s=for_s + 5, what="its time is over")
    return host.is_on


def test_silence_after_the_first_byte_cuts_the_power(lab: Lab, watched: Host) -> None:
    assert _stays_on(lab, watched, 2 * TIMEOUT_S)
    _say(watched, "p")
    lab.wait_until(lambda: not watched.is_on, within_s=TIMEOUT_S + 5, what="the watchdog cuts the power")


def test_a_petted_watchdog_leaves_the_power_on(lab: Lab, watched: Host) -> None:
    for _ in range(4):
        _say(watched, "p")
        assert _stays_on(lab, watched, TIMEOUT_S / 4)
    _say(watched, "V")
    assert _stays_on(lab, watched, 2 * TIMEOUT_S)


def test_the_silence_of_an_earlier_boot_does_not_count(lab: Lab, watched: Host) -> None:
    _say(watched, "p")
    watched.power_cut()
    watched.power_on()
    assert _stays_on(lab, watched, 2 * TIMEOUT_S)
