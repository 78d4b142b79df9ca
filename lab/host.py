"""A hypervisor host of the lab: namespaces with a libvirtd of their own, a BMC, and, where wanted, the node daemon."""

import os
import shlex
import shutil
import signal
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.bmc import Bmc
from lab.commands import BEFORE_GUESTS, OWN_CODE, LabError, run
from lab.guest import CACHE
from lab.network import NOWHERE, Network
from lab.power import OWN_DIRECTORIES, HostPlan, first_process, power_cut, power_on
from lab.processes import ProcessIdentity
from lab.turns import one_at_a_time
from lab.waiting import wait_until
from lab.watchdog import DEVICE

LIBVIRTD_LIMIT_S = 90.0
MIGRATION_LIMIT_S = 60.0
START_LIMIT_S = 30.0
DAEMON_END_LIMIT_S = 30.0
# Everything of a host but its user ids; the order of nsenter's options does not matter.
NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid", "--root")

LIBVIRTD_CONF = """listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
listen_addr = "{address}"
host_uuid = "{host_uuid}"
keepalive_interval = 1
keepalive_count = 5
"""
QEMU_CONF = """user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
stdio_handler = "file"
keepalive_interval = 1
keepalive_count = 5
"""
EMULATOR = "qemu-system-x86_64"
OWN_CAPABILITIES = "var/cache/libvirt/qemu/capabilities"
CAPABILITIES = CACHE / "capabilities"
SYSTEMCTL = f"""#!/bin/sh
exec /usr/bin/python3 -SB {OWN_CODE["PYTHONPATH"]}/lab/systemctl.py "$@"
"""
# The mark in the environment of a program that the lab can find again, hang and kill.
MARK = "PVC_LAB_PROGRAM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One hypervisor: what a person could do to it with hands, a cable and a power switch."""

    plan: HostPlan
    network: Network
    bmc: Bmc

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def address(self) -> str:
        return self.plan.address

    @property
    def directory(self) -> Path:
        return self.plan.path

    # Power

    @property
    def is_on(self) -> bool:
        """Whether it has power: the truth, whatever its BMC says."""
        return first_process(self.plan) is not None

    def power_on(self, *, wait: bool = True) -> None:
        """Boot it, unless it is on, as a new incarnation; waits until its libvirtd answers."""
        power_on(self.plan)
        if wait:
            self.wait_ready()

    def power_cut(self) -> None:
        """Take its power: QEMU, libvirtd and daemon end at once, and not one packet leaves it any more."""
        power_cut(self.plan)

    def wait_ready(self) -> None:
        """Wait until its libvirtd answers."""
        wait_until(lambda: self.virsh("version"), within_s=LIBVIRTD_LIMIT_S, what=f"libvirtd of {self.name} answers")

    @property
    def boot_id(self) -> str:
        """What programs on it read as the kernel's boot id."""
        return self.run("cat", "/proc/sys/kernel/random/boot_id").strip()

    # Programs

    def run(self, *argv: str, limit_s: float = 30.0) -> str:
        """What the program printed that ran on this host; LabError when it fails or the host is off."""
        return run(*self._inside(argv), limit_s=limit_s)

    def virsh(self, *words: str, limit_s: float = 30.0) -> str:
        """What virsh, run on this host, printed."""
        return self.run("virsh", "--quiet", "--connect", "qemu:///system", *words, limit_s=limit_s).strip()

    def domains(self) -> dict[str, str]:
        """The state, as libvirt words it, of every domain on this host, by name."""
        lines = (line.split(maxsplit=2) for line in self.virsh("list", "--all").splitlines())
        return {name: state for _, name, state in lines}

    def start_guest(self, xml: str) -> None:
        """Create a transient domain."""
        path = self.directory / f"{uuid.uuid4()}.xml"
        path.write_text(xml)
        try:
            self.virsh("create", str(path))
        finally:
            path.unlink()

    def migrate_paused(self, guest: str, target: "Host") -> None:
        """Migrate a running guest live; it is gone here and paused there when this returns."""
        where = ("--migrateuri", f"tcp://{target.address}", guest, f"qemu+tcp://{target.address}/system")
        self.virsh("migrate", "--live", "--p2p", "--suspend", *where, limit_s=MIGRATION_LIMIT_S)

    def serial(self, guest: str) -> str:
        """All that a guest said on its serial console while it ran on this host."""
        path = self.directory / "var/log/libvirt/qemu" / f"{guest}.serial"
        return path.read_text(errors="replace") if path.exists() else ""

    def processes(self, program: str) -> list[ProcessIdentity]:
        """Its processes whose executable has that name, for example qemu-system-x86_64."""
        return [one for one in self._all_processes() if _executable(one.pid) == program]

    # libvirtd

    def hang_libvirtd(self) -> None:
        """Stop it in its tracks; guests run on."""
        self._marked("libvirtd").send(signal.SIGSTOP)

    def resume_libvirtd(self) -> None:
        self._marked("libvirtd").send(signal.SIGCONT)

    def kill_libvirtd(self) -> None:
        """End it as a crash would; guests run on."""
        _end(self._marked("libvirtd"), signal.SIGKILL)

    def start_libvirtd(self) -> None:
        """Start it again; it finds the guests that ran on."""
        self.run("./start-libvirtd")
        self.wait_ready()

    # The node daemon

    def install_daemon(self, argv: Sequence[str], *, at_boot: bool = True) -> None:
        """Say how the node daemon is started, by `start_daemon` and, if wanted, at every power-on."""
        self._write_script("start-daemon", "daemon", [*BEFORE_GUESTS, *argv], self.daemon_log)
        marker = self.directory / "daemon-at-boot"
        if at_boot:
            marker.touch()
        else:
            marker.unlink(missing_ok=True)

    @property
    def daemon_log(self) -> Path:
        return self.directory / "daemon.log"

    @property
    def daemon_runs(self) -> bool:
        return self._find_marked("daemon") is not None

    @property
    def daemon_is_stopped(self) -> bool:
        """Whether it hangs, or does not run at all."""
        return self._is_stopped("daemon")

    def start_daemon(self) -> None:
        """Start the node daemon, unless it runs; returns when its process is there, not when it is ready."""
        if not self.daemon_runs:
            self.run("./start-daemon")
            wait_until(lambda: self.daemon_runs, within_s=START_LIMIT_S, what=f"the daemon of {self.name} runs")

    def stop_daemon(self) -> None:
        """Ask it to end, as its service manager would: it says its good-bye."""
        _end(self._marked("daemon"), signal.SIGTERM)

    def kill_daemon(self) -> None:
        """End it as a crash would."""
        _end(self._marked("daemon"), signal.SIGKILL)

    def hang_daemon(self) -> None:
        """Stop it in its tracks: it holds its connections and says nothing more."""
        self._marked("daemon").send(signal.SIGSTOP)

    def resume_daemon(self) -> None:
        self._marked("daemon").send(signal.SIGCONT)

    # The watchdog

    @property
    def watchdog_device(self) -> Path:
        """What stands in for /dev/watchdog, on the host as beside it; see `lab.watchdog`."""
        return self.directory / DEVICE

    def install_watchdog(self, *, timeout_s: float) -> None:
        """Put a watchdog into the host, not armed yet; `clear` takes it out again."""
        os.mkfifo(self.watchdog_device)
        argv = [sys.executable, "-S", "-m", "lab.watchdog", str(self.directory), str(timeout_s)]
        log = self.directory / "watchdog.log"
        self.bmc.ledger.start(f"watchdog-{self.name}", argv, log=log, environment=OWN_CODE)

    def _remove_watchdog(self) -> None:
        self.bmc.ledger.end(f"watchdog-{self.name}")
        self.watchdog_device.unlink(missing_ok=True)

    # Cables

    def partition(self) -> None:
        """Cut it from ZooKeeper alone: storage, other hosts and BMCs stay within its reach."""
        self.cut_from(*self.network.zookeeper_addresses)

    def heal(self) -> None:
        """Mend every cut of this host."""
        for address in self._cuts():
            if self.is_on:
                self.run("ip", "neighbour", "delete", address, "dev", "eth0")
        self._save_cuts([])

    def cut_from(self, *addresses: str) -> None:
        """Lose, without a word, whatever it sends to these addresses; it lasts over a power cut."""
        self._save_cuts([*self._cuts(), *addresses])
        if self.is_on:
            for address in addresses:
                self.run("ip", "neighbour", "replace", address, "dev", "eth0", "lladdr", NOWHERE, "nud", "permanent")

    def clear(self) -> None:
        """Free it of guests, of the daemon and of every cut; a host that can't be cleared is powered off."""
        self._remove_watchdog()
        (self.directory / "daemon-at-boot").unlink(missing_ok=True)
        if not self.is_on:
            self._save_cuts([])
        elif self.daemon_runs or self.processes(EMULATOR) or self._is_stopped("libvirtd"):
            self.power_cut()
            self._save_cuts([])
        else:
            self.heal()
        for log in (self.daemon_log, *(self.directory / "var/log/libvirt/qemu").iterdir()):
            log.unlink(missing_ok=True)

    # Making

    def install(self, names: dict[str, str]) -> None:
        """Lay out its directories and its configuration, once; `names` are all hosts and their addresses."""
        for own in (*OWN_DIRECTORIES, "etc/ceph", "usr/bin", "var/log/libvirt/qemu"):
            (self.directory / own).mkdir(parents=True, exist_ok=True)
        self._write("etc/hostname", f"{self.name}\n")
        lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
        self._write("etc/hosts", "\n".join(lines) + "\n")
        host_uuid = uuid.uuid5(uuid.NAMESPACE_URL, self.plan.directory)
        self._write("etc/machine-id", f"{host_uuid.hex}\n")
        self._write("etc/libvirt/libvirtd.conf", LIBVIRTD_CONF.format(address=self.address, host_uuid=host_uuid))
        self._write("etc/libvirt/qemu.conf", QEMU_CONF)
        if CAPABILITIES.exists():
            shutil.copytree(CAPABILITIES, self.directory / OWN_CAPABILITIES)
        self._save_cuts([])
        self._write("usr/bin/systemctl", SYSTEMCTL)
        (self.directory / "usr/bin/systemctl").chmod(0o755)
        libvirtd = ("libvirtd", "--listen", "--pid-file", "/run/libvirt/libvirtd.pid")
        self._write_script("start-libvirtd", "libvirtd", libvirtd, self.directory / "libvirtd.log")
        self.plan.save()

    def save_capabilities(self) -> None:
        """Keep what libvirtd found out about QEMU, seconds of work, for the next host; libvirtd checks its age."""
        found = self.directory / OWN_CAPABILITIES
        with one_at_a_time(CAPABILITIES.with_suffix(".lock")):
            if found.exists() and not CAPABILITIES.exists():
                fresh = CAPABILITIES.with_suffix(".new")
                shutil.rmtree(fresh, ignore_errors=True)
                shutil.copytree(found, fresh)
                fresh.rename(CAPABILITIES)

    def _write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def _write_script(self, name: str, program: str, argv: Sequence[str], log: Path) -> None:
        script = self.directory / name
        noted = f"echo $$ >{_pid_file(program)}; exec {shlex.join(argv)}"
        command = f"{MARK}={program} setsid sh -c {shlex.quote(noted)} </dev/null >>{shlex.quote(str(log))} 2>&1 &"
        script.write_text(f"#!/bin/sh\n{command}\n")
        script.chmod(0o755)

    def _cuts(self) -> list[str]:
        return (self.directory / "cuts").read_text().split()

    def _save_cuts(self, addresses: list[str]) -> None:
        self._write("cuts", "".join(f"{address}\n" for address in dict.fromkeys(addresses)))

    def _first(self) -> ProcessIdentity:
        first = first_process(self.plan)
        if first is None:
            raise LabError(f"{self.name} is off")
        return first

    def _inside(self, argv: Sequence[str]) -> list[str]:
        path = f"PATH={os.defpath}:/usr/sbin:/sbin"
        enter = ["nsenter", "--target", str(self._first().pid), *NAMESPACES, f"--wd={self.directory}"]
        return ["env", "-i", path, "LC_ALL=C.UTF-8", *enter, "--", *argv]

    def _all_processes(self) -> list[ProcessIdentity]:
        own = _process_namespace(self._first().pid)
        pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        found = (ProcessIdentity.of(pid) for pid in pids if _process_namespace(pid) == own)
        return [one for one in found if one]

    def _find_marked(self, program: str) -> ProcessIdentity | None:
        """The program that wrote its id, as ids are inside, and still bears its mark, which its children inherit."""
        try:
            noted = Path(f"/proc/{self._first().pid}/root{_pid_file(program)}").read_text().strip()
        except FileNotFoundError:
            return None
        mark = f"{MARK}={program}".encode()
        for one in self._all_processes():
            if _id_inside(one.pid) == noted and mark in _environment(one.pid).split(b"\0"):
                return one
        return None

    def _is_stopped(self, program: str) -> bool:
        """Whether it is missing, or stopped in its tracks."""
        found = self._find_marked(program)
        return found is None or found.is_stopped

    def _marked(self, program: str) -> ProcessIdentity:
        found = self._find_marked(program)
        if found is None:
            raise LabError(f"no {program} runs on {self.name}")
        return found


def _end(process: ProcessIdentity, number: signal.Signals) -> None:
    process.send(number)
    wait_until(lambda: not process.alive, within_s=DAEMON_END_LIMIT_S, what=f"process {process.pid} ends")


def _pid_file(program: str) -> str:
    return f"/run/lab-{program}.pid"


def _id_inside(pid: int) -> str:
    """The id of a process in its own, innermost namespace."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split()[-1] for line in lines if line.startswith("NSpid:")), "")


def _process_namespace(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def _executable(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
