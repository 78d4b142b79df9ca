"""What the tests need of the machine beside Python: which component, how it is seen, and how it is installed."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A part of the machine that some tests drive for real."""

    name: str
    is_there: Callable[[], bool]
    remedy: str


def _program(name: str, package: str) -> Component:
    return Component(name=name, is_there=lambda: shutil.which(name) is not None, remedy=f"apt install {package}")


ZOOKEEPER = (
    _program("java", "default-jre-headless"),
    Component(
        name="zookeeper.jar",
        is_there=Path("/usr/share/java/zookeeper.jar").exists,
        remedy="apt install libzookeeper-java libslf4j-java",
    ),
)
LAB = (
    *ZOOKEEPER,
    Component(name="root", is_there=lambda: os.geteuid() == 0, remedy="run as root"),
    Component(
        name="libvirt-python",
        is_there=lambda: find_spec("libvirt") is not None,
        remedy="apt install libvirt-dev pkg-config gcc python3-dev, then make test",
    ),
    _program("ip", "iproute2"),
    _program("libvirtd", "libvirt-daemon-system"),
    _program("qemu-system-x86_64", "qemu-system-x86"),
    _program("ipmi_sim", "openipmi"),
    _program("ipmitool", "ipmitool"),
    _program("qemu-nbd", "qemu-utils"),
    _program("busybox", "busybox-static"),
    _program("ceph-mon", "ceph-mon"),
    _program("ceph-osd", "ceph-osd"),
    _program("ceph-mgr", "ceph-mgr"),
    _program("rbd", "ceph-common"),
)
WEB = (_program("chromium", "chromium"),)
TMUX = (_program("tmux", "tmux"),)
NEEDS = {"zookeeper": ZOOKEEPER, "lab": LAB, "pty": (), "tmux": TMUX, "web": WEB}
"""The components that a test with this marker drives."""


def missing(marker: str) -> str | None:
    """Return the components that this marker's tests lack, each with its remedy, or None."""
    absent = [f"{part.name} ({part.remedy})" for part in NEEDS[marker] if not part.is_there()]
    return f"missing: {', '.join(absent)}" if absent else None
