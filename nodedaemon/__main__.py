"""`pvcnoded`: the daemon of one node, as a program."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import sys
import threading
from pathlib import Path

from nodedaemon.config import BadConfig, DaemonConfig
from nodedaemon.daemon import Daemon, Surroundings
from nodedaemon.host_lock import host_lock
from nodedaemon.identity import Identity
from nodedaemon.kept_plans import KeptPlans
from nodedaemon.libvirt_hypervisor import LibvirtHypervisor
from nodedaemon.logs import KeptLog, set_up_logging
from nodedaemon.loop import SystemClock
from nodedaemon.systemd import ServiceManager
from pvccore.ceph.commands import CephCommands
from pvccore.model.change import Kind
from pvccore.model.errors import PvcError, Unavailable
from pvccore.model.node import GoodbyeReason
from pvccore.model.settings import Settings
from pvccore.model.struct import replace
from pvccore.operations.version import ShowVersion
from pvccore.state.codec import decode
from pvccore.state.upgrade import check_schema
from pvccore.state.zookeeper import ZooKeeperStore

TICK_S = 1.0
"""Between two looks at the signals, the loops and the watchdog."""
AGAIN_S = 2.0
"""Between two tries to reach ZooKeeper, or a cluster in it."""
HOST_STOP_LIMIT_S = 240.0
"""How long the VMs of a host that stops may take; less than the unit's TimeoutStopSec."""
FAILED, BAD_CONFIG = 1, 2

log = logging.getLogger("nodedaemon")


class Signals:
    """What the daemon was told from outside: to end, or that the whole host ends.

    SIGTERM, SIGINT: the daemon ends, its VMs run on. SIGUSR1: the host is being shut down; VMs are shut down first.
    """

    def __init__(self) -> None:
        self.told = threading.Event()
        self.host_stops = False

    def listen(self) -> None:
        """From now on."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGUSR1, self._on_signal)

    def _on_signal(self, number: int, _frame: object) -> None:
        self.host_stops = self.host_stops or number == signal.SIGUSR1
        self.told.set()


class Program:
    """One process: from its configuration to its end."""

    def __init__(self, config: DaemonConfig, kept: KeptLog) -> None:
        self._config = config
        self._kept = kept
        self._clock = SystemClock()
        self._signals = Signals()
        self._service = ServiceManager(os.environ)
        file = config.file
        self._hypervisor = LibvirtHypervisor(file.libvirt_uri, file.migration_uri, self._clock)
        self._identity = Identity(
            node=file.node,
            boot_id=config.boot_id(),
            daemon_id=secrets.token_hex(6),
            config=replace(config.node_config, machine_id=config.machine_id()),
        )

    def run(self) -> None:
        """Until a signal. Raises `Refused` when this daemon must not be the node's."""
        self._signals.listen()
        self._hypervisor.start()
        self._service.tell(ready="1", status="waits for ZooKeeper")
        try:
            self._serve()
        finally:
            self._service.tell(stopping="1")
            self._hypervisor.stop()

    def _serve(self) -> None:
        """Wait for a cluster, live in it; begin again if the store goes away before the daemon lives."""
        waits_for = ""
        while not self._signals.told.is_set():
            try:
                self._live()
            except Unavailable as unavailable:
                if str(unavailable) != waits_for:
                    waits_for = str(unavailable)
                    log.warning("waits: %s", waits_for)
                    self._service.tell(status=f"waits: {waits_for}")
                self._service.tell(watchdog="1")
                self._signals.told.wait(AGAIN_S)

    def _live(self) -> None:
        store = self._connected(self._session_s())
        try:
            daemon = self._daemon(store)
            daemon.start()
            log.info("node %s, boot %s, daemon %s", *self._names(), extra={"node": self._identity.node})
            self._attend(daemon)
            self._end(daemon)
        finally:
            store.close()

    def _names(self) -> tuple[str, str, str]:
        return self._identity.node, self._identity.boot_id, self._identity.daemon_id

    def _session_s(self) -> float:
        """How long this cluster lets a session last; a session's length is agreed upon when it begins."""
        store = self._connected(Settings().session_s)
        try:
            schema = self._config.address.schema
            check_schema(store, schema, self._config.address.where)
            path = schema.path(Kind.SETTINGS)
            (znode,) = store.read([path])
            found = decode(Settings, path, znode) if znode else None
            return found.session_s if isinstance(found, Settings) else Settings().session_s
        finally:
            store.close()

    def _connected(self, session_s: float) -> ZooKeeperStore:
        store = ZooKeeperStore(self._config.address, clock=self._clock.monotonic, session_s=session_s)
        try:
            store.connect()
        except PvcError:
            store.close()
            raise
        return store

    def _daemon(self, store: ZooKeeperStore) -> Daemon:
        file = self._config.file
        ceph = CephCommands(configuration=file.ceph_conf, user=file.ceph_user)
        around = Surroundings(
            hypervisor=self._hypervisor,
            logins=self._config.logins,
            ceph=ceph if file.storage_address else None,
            watchdog=self._config.watchdog,
            log=self._kept,
            plans=KeptPlans(Path(file.plans_dir), file.node) if file.plans_dir else None,
        )
        return Daemon(self._identity, store, self._config.address.schema, self._clock, around)

    def _attend(self, daemon: Daemon) -> None:
        """Watch over the loops until a signal."""
        while not self._signals.told.is_set():
            self._tick(daemon)

    def _tick(self, daemon: Daemon) -> None:
        if daemon.pet():
            self._service.tell(watchdog="1", status=daemon.status)
        self._signals.told.wait(TICK_S)

    def _end(self, daemon: Daemon) -> None:
        reason = GoodbyeReason.HOST_STOP if self._signals.host_stops else GoodbyeReason.DAEMON_STOP
        log.info("goodbye: %s", reason)
        if self._signals.host_stops:
            self._empty(daemon)
        if not daemon.leave(reason):
            log.error("left without a goodbye: the cluster will count this node as absent")

    def _empty(self, daemon: Daemon) -> None:
        """The host stops: shut the VMs down, as long as that may take."""
        self._service.tell(status="shutting VMs down: the host stops")
        daemon.host_is_stopping()
        pause = threading.Event()
        end_at_s = self._clock.monotonic() + HOST_STOP_LIMIT_S
        while not daemon.is_empty and self._clock.monotonic() < end_at_s:
            daemon.pet()
            daemon.press_power_buttons()
            pause.wait(TICK_S / 2)


def main() -> None:
    """Run `pvcnoded`; exit 1 when it must not run, 2 for a bad configuration."""
    options = _parser().parse_args()
    try:
        config = DaemonConfig(options.config)
        if options.check_config:
            print(f"{options.config}: fine")  # noqa: T201 - what was asked for
            return
        kept = KeptLog(secrets.token_hex(6))
        set_up_logging(config.file.log_format, config.file.log_level, kept)
        program = Program(config, kept)
        with host_lock(Path(config.file.lock_file)):
            program.run()
    except BadConfig as error:
        _exit(error, BAD_CONFIG)
    except PvcError as error:
        _exit(error, FAILED)


def _exit(error: Exception, code: int) -> None:
    sys.stderr.write(f"pvcnoded: {error}\n")
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pvcnoded", description="The daemon of one node of a PVC cluster.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="pvcnoded.toml")
    parser.add_argument("--check-config", action="store_true", help="only say whether the configuration is fine")
    parser.add_argument("--version", action=ShowVersion)
    return parser


if __name__ == "__main__":
    main()
