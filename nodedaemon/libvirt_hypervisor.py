"""The hypervisor of a real node: libvirt, watched by threads of its own so that a hung libvirtd hangs nobody else."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import libvirt

from nodedaemon.figures import MEMORY_INFO, Counters, Rates, host_use
from nodedaemon.hypervisor import HostUse
from nodedaemon.loop import Clock
from nodedaemon.observation import Observation
from pvccore.domain_xml import disk_target
from pvccore.model.errors import Unavailable
from pvccore.plan.domains import Domain, DomainState

POLL_S = 2.0
"""Between two looks though no event came: events may be lost, and a hang shows in silence only."""
FIGURES_EVERY_S = 5.0
RECONNECT_PAUSE_S = 0.5
KEEPALIVE_S, KEEPALIVES = 2, 4
"""A libvirtd that answers no keepalive for this long has its connections closed, which ends every call in them."""
CALL_OFF_AGAIN_S = 1.0
TICK_MS = 500
"""How often libvirt's event loop looks whether it shall end."""

_STATES = {
    libvirt.VIR_DOMAIN_RUNNING: DomainState.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: DomainState.RUNNING,
    libvirt.VIR_DOMAIN_PMSUSPENDED: DomainState.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: DomainState.PAUSED,
    libvirt.VIR_DOMAIN_CRASHED: DomainState.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: DomainState.SHUTTING_DOWN,
}
"""A domain in another state (shut off, none) is not there."""
_ALL_FIGURES = (
    libvirt.VIR_DOMAIN_STATS_STATE
    | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
    | libvirt.VIR_DOMAIN_STATS_BLOCK
)
_ACTIVE = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE
_NO_WAIT = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
_MIGRATION_FLAGS = libvirt.VIR_MIGRATE_LIVE | libvirt.VIR_MIGRATE_PEER2PEER | libvirt.VIR_MIGRATE_PAUSED
_GONE = frozenset({libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID})

log = logging.getLogger(__name__)


class LibvirtHypervisor:
    """One host's libvirt. `start()` before anything else, `stop()` at the end.

    uri: of this host's libvirt. migration_uri: of another host's, with `{address}` in it.
    Every action opens a connection of its own: libvirtd serves few calls of one connection at once, and a migration
    of minutes must not hold up the watch.
    """

    def __init__(self, uri: str, migration_uri: str, clock: Clock) -> None:
        self._uri = uri
        self._migration_uri = migration_uri
        self._clock = clock
        self._seen = Observation(f"libvirt at {uri}", clock)
        self._use: HostUse | None = None
        self._rates = Rates()
        self._figures_at_s = float("-inf")
        self._threads = (
            threading.Thread(target=self._run_events, name="libvirt events", daemon=True),
            threading.Thread(target=self._watch, name="libvirt watch", daemon=True),
        )

    def start(self) -> None:
        """Watch from now on; libvirt need not answer yet."""
        libvirt.registerErrorHandler(lambda *_: None, None)
        libvirt.virEventRegisterDefaultImpl()
        libvirt.virEventAddTimeout(TICK_MS, lambda *_: None, None)
        for thread in self._threads:
            thread.start()

    def stop(self, limit_s: float = 2.0) -> None:
        """End the watch; a thread that hangs in libvirt is left behind."""
        self._seen.close()
        for thread in self._threads:
            thread.join(limit_s)

    # What was observed

    def observed_domains(self) -> Mapping[str, Domain] | None:
        """See `ObservedHypervisor`."""
        return self._seen.domains()

    def observed_at_s(self) -> float:
        """See `ObservedHypervisor`."""
        return self._seen.seen_at_s()

    def observed_use(self) -> HostUse | None:
        """See `ObservedHypervisor`."""
        return self._use

    def observed_error(self) -> str:
        """See `ObservedHypervisor`."""
        return self._seen.error()

    def take_shut_down_inside(self) -> frozenset[str]:
        """See `ObservedHypervisor`."""
        return self._seen.take_shut_down_inside()

    def on_change(self, wake: Callable[[], None]) -> None:
        """See `ObservedHypervisor`; called on the watch's thread."""
        self._seen.on_change(wake)

    # What is done to domains

    def start_paused(self, xml: str) -> None:
        """See `Hypervisor`."""
        with self._acting() as connection:
            connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED)

    def resume(self, uuid: str) -> None:
        """See `Hypervisor`."""
        with self._acting() as connection:
            domain = connection.lookupByUUIDString(uuid)
            if domain.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
                domain.resume()

    def shut_down(self, uuid: str) -> None:
        """See `Hypervisor`."""
        with self._acting() as connection:
            connection.lookupByUUIDString(uuid).shutdown()

    def destroy(self, uuid: str) -> None:
        """See `Hypervisor`."""
        with self._acting() as connection, _gone_is_fine():
            connection.lookupByUUIDString(uuid).destroy()

    def resize_disk(self, uuid: str, volume: str, size_bytes: int) -> None:
        """See `Hypervisor`."""
        with self._acting() as connection:
            domain = connection.lookupByUUIDString(uuid)
            target = disk_target(domain.XMLDesc(), volume)
            if not target:
                raise Unavailable(f"it has no disk on {volume}")
            domain.blockResize(target, size_bytes, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)

    def migrate(self, uuid: str, address: str, max_downtime_ms: int, limit_s: float) -> None:
        """See `Hypervisor`; one that has not arrived within the limit is called off."""
        with self._acting() as connection:
            domain = connection.lookupByUUIDString(uuid)
            with contextlib.suppress(libvirt.libvirtError):  # where it can't be said beforehand, its default holds
                domain.migrateSetMaxDowntime(max_downtime_ms, 0)
            where = {libvirt.VIR_MIGRATE_PARAM_URI: f"tcp://{address}"}
            with self._called_off_after(limit_s, uuid):
                domain.migrateToURI3(self._migration_uri.format(address=address), where, _MIGRATION_FLAGS)

    @contextlib.contextmanager
    def _called_off_after(self, limit_s: float, uuid: str) -> Iterator[None]:
        """What is within has this long; after that libvirt is told to end it, and lets the source run on."""
        ended = threading.Event()
        caller = threading.Thread(target=self._call_off, name="call off", args=(uuid, limit_s, ended), daemon=True)
        caller.start()
        try:
            yield
        finally:
            ended.set()

    def _call_off(self, uuid: str, limit_s: float, ended: threading.Event) -> None:
        """Again and again: early in a migration, and late in it, there is no job that could be ended."""
        wait_s = limit_s
        while not ended.wait(wait_s):
            wait_s = CALL_OFF_AGAIN_S
            try:
                with self._connected() as connection:
                    connection.lookupByUUIDString(uuid).abortJob()
            except libvirt.libvirtError as error:
                log.info("the migration of VM %s goes on: %s", uuid, _words(error), extra={"vm": uuid})

    @contextlib.contextmanager
    def _acting(self) -> Iterator[Any]:
        """A connection to act in; what was done is in `observed_domains` before this returns."""
        try:
            with self._connected() as connection:
                yield connection
        except libvirt.libvirtError as error:
            raise Unavailable(_words(error)) from None
        self._seen.look_and_wait()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        connection = libvirt.open(self._uri)
        try:
            with contextlib.suppress(libvirt.libvirtError):  # a driver without a daemon has nothing to keep alive
                connection.setKeepAlive(KEEPALIVE_S, KEEPALIVES)
            yield connection
        finally:
            with contextlib.suppress(libvirt.libvirtError):
                connection.close()

    # The watch

    def _watch(self) -> None:
        while not self._seen.closed:
            try:
                with self._connected() as connection:
                    self._watch_connection(connection)
            except libvirt.libvirtError as error:
                self._seen.look_failed(_words(error))
            except Exception:
                log.exception("the watch over libvirt broke off")
            self._seen.pause(RECONNECT_PAUSE_S)

    def _watch_connection(self, connection: Any) -> None:  # noqa: ANN401 - libvirt has no types
        """Look whenever something happened, and every few seconds; ends by libvirt's error or by `stop`."""
        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_event, None)
        while not self._seen.closed:
            self._look(connection)
            self._seen.wait_for_reason_to_look(POLL_S)

    def _look(self, connection: Any) -> None:  # noqa: ANN401
        ticket = self._seen.look_begins()
        now_s = self._clock.monotonic()
        with_figures = now_s - self._figures_at_s >= FIGURES_EVERY_S
        wanted = _ALL_FIGURES if with_figures else libvirt.VIR_DOMAIN_STATS_STATE
        found = {one.UUIDString(): stats for one, stats in connection.getAllDomainStats(wanted, _ACTIVE | _NO_WAIT)}
        if with_figures:
            self._figures_at_s = now_s
            counters = {uuid: Counters.of(stats) for uuid, stats in found.items()}
            self._use = host_use(self._rates.take(counters, now_s), MEMORY_INFO.read_text())
        self._seen.look_ends(
            ticket, {uuid: domain for uuid, stats in found.items() if (domain := _domain(uuid, stats)) is not None}
        )

    def _on_event(self, _connection: Any, domain: Any, event: int, detail: int, _opaque: object) -> None:  # noqa: ANN401
        """A lifecycle event, on libvirt's event thread."""
        uuid = domain.UUIDString()
        if event == libvirt.VIR_DOMAIN_EVENT_SHUTDOWN and detail != libvirt.VIR_DOMAIN_EVENT_SHUTDOWN_HOST:
            self._seen.guest_shuts_down(uuid)
        if event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
            self._seen.domain_ended(uuid)
        self._seen.ask_for_look()

    def _run_events(self) -> None:
        while not self._seen.closed:
            try:
                libvirt.virEventRunDefaultImpl()
            except Exception:
                log.exception("libvirt's event loop broke off")
                self._seen.pause(RECONNECT_PAUSE_S)


def _domain(uuid: str, stats: Mapping[str, Any]) -> Domain | None:
    state = _STATES.get(stats.get("state.state", -1))
    if state is None:
        return None
    arriving = state is DomainState.PAUSED and stats.get("state.reason") == libvirt.VIR_DOMAIN_PAUSED_MIGRATION
    return Domain(uuid=uuid, state=state, arriving=arriving)


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _GONE:
            raise


def _words(error: libvirt.libvirtError) -> str:
    return str(error.get_error_message() or error)
