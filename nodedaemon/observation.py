"""The observation: what was last seen of a host's domains, when, and why some of them went; safe from any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from nodedaemon.loop import Clock
from pvccore.plan.domains import Domain

ANSWER_LIMIT_S = 10.0
"""The hypervisor counts as unhealthy when no look at its domains has ended for this long."""
EVENT_LIMIT_S = 1.0
"""How long a domain that is gone waits for the event that says why; it comes on the same connection as the look."""


class Observation:
    """Written by the one thread that looks, and by the hypervisor's events; read by everybody.

    name: what is observed, in the words of an error. Readers never wait for the hypervisor: when it does not answer,
    the clock alone turns what was seen into nothing seen.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], None]] = []
        self._domains: Mapping[str, Domain] = {}
        self._answered_at_s: float | None = None
        self._begun_at_s = self._shown_at_s = clock.monotonic()
        self._answered_wall_s = 0.0
        self._failure = ""
        self._closing: set[str] = set()
        self._ended: set[str] = set()
        self._shut_down_inside: set[str] = set()
        self._tickets = self._served = 0
        self.closed = False

    # Reading

    def domains(self) -> Mapping[str, Domain] | None:
        """Uuid → domain, as last seen; None when that is too long ago."""
        with self._changed:
            return None if self._is_silent() else self._domains

    def seen_at_s(self) -> float:
        """When the look began that `domains` shows, on the monotonic clock."""
        with self._changed:
            return self._shown_at_s

    def error(self) -> str:
        """Since when there was no answer, and why; "" while there is one."""
        with self._changed:
            if not self._is_silent():
                return ""
            reason = f": {self._failure}" if self._failure else ""
            if self._answered_at_s is None:
                return f"{self._name} has not answered yet{reason}"
            since = time.strftime("%H:%M:%S", time.gmtime(self._answered_wall_s))
            return f"{self._name} has not answered since {since} UTC{reason}"

    def take_shut_down_inside(self) -> frozenset[str]:
        """Uuids whose guest shut itself down, once; each is gone from `domains` by then."""
        with self._changed:
            taken, self._shut_down_inside = frozenset(self._shut_down_inside), set()
        return taken

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each look that shows something else; it must only take notes."""
        self._listeners.append(listener)

    def look_and_wait(self) -> None:
        """Ask for a look that begins after now, and wait until it is taken in, or for the limit of an answer."""
        with self._changed:
            self._tickets += 1
            ticket = self._tickets
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.closed or self._served >= ticket, timeout=ANSWER_LIMIT_S)

    def close(self) -> None:
        """Let everybody go who waits."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    # Writing

    def look_begins(self) -> int:
        """A ticket: a look that begins now shows all that happened before."""
        with self._changed:
            self._begun_at_s = self._clock.monotonic()
            return self._tickets

    def look_ends(self, ticket: int, domains: Mapping[str, Domain]) -> None:
        """Take in what a look has shown; a domain that is gone waits a moment for the event that says why."""
        with self._changed:
            gone = self._domains.keys() - domains.keys()
            self._changed.wait_for(lambda: self.closed or gone <= self._ended, timeout=EVENT_LIMIT_S)
            is_news = self._is_silent() or domains != self._domains
            self._shut_down_inside |= gone & self._closing
            self._closing &= domains.keys()
            self._ended &= domains.keys()
            self._domains, self._shown_at_s = domains, self._begun_at_s
            self._answered_at_s, self._answered_wall_s = self._clock.monotonic(), self._clock.wall()
            self._failure = ""
            self._served = ticket
            self._changed.notify_all()
        if is_news:
            for listener in tuple(self._listeners):
                listener()

    def look_failed(self, reason: str) -> None:
        """Remember why there is no answer."""
        with self._changed:
            self._failure = reason

    def guest_shuts_down(self, uuid: str) -> None:
        """An event: this guest is shutting itself down (or somebody's button did it)."""
        with self._changed:
            self._closing.add(uuid)

    def domain_ended(self, uuid: str) -> None:
        """An event: this domain is gone."""
        with self._changed:
            self._ended.add(uuid)
            self._changed.notify_all()

    def ask_for_look(self) -> None:
        """An event: look again soon."""
        with self._changed:
            self._tickets += 1
            self._changed.notify_all()

    def wait_for_reason_to_look(self, limit_s: float) -> None:
        """Until somebody asks for a look, or for the limit."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._tickets > self._served, timeout=limit_s)

    def pause(self, limit_s: float) -> None:
        """Until the end, or for the limit."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed, timeout=limit_s)

    def _is_silent(self) -> bool:
        return self._answered_at_s is None or self._clock.monotonic() - self._answered_at_s > ANSWER_LIMIT_S
