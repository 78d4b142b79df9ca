"""What the service manager is told: that the daemon is ready, what it does, and that its loops still turn."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

US_PER_S = 1_000_000


class ServiceManager:
    """systemd's notify socket, as in sd_notify(3); without one, every word goes nowhere."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        own = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(environment.get("WATCHDOG_USEC", "0")) / US_PER_S if own else 0.0

    def tell(self, **words: str) -> None:
        """Send `READY=1` and the like, as keywords; a service manager that doesn't listen is no reason to stop."""
        if not self._address:
            return
        text = "\n".join(f"{name.upper()}={value}" for name, value in words.items())
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(text.encode(), self._address)
