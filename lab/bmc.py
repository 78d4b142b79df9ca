"""The BMC of a host: ipmi_sim speaks real IPMI on its own address, and its power switch is the host's mains."""

import shlex
import signal
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lab.commands import OWN_CODE, LabError, run
from lab.power import HostPlan
from lab.processes import Ledger
from lab.waiting import wait_until

PORT = 623
# IPMI allows a password of 20 letters. This one belongs to a simulated BMC that lives as long as the lab.
USER = "operator"
PASSWORD = "secret-of-the-lab"  # noqa: S105
ANSWER_LIMIT_S = 10.0
READY_LIMIT_S = 60.0

EMULATION = """mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
mc_enable 0x20
"""


class BmcMode(StrEnum):
    """How a BMC behaves: as it should, not at all, wrongly (says off, is on), or slower than anybody waits."""

    OK = "ok"
    DEAD = "dead"
    LIES = "lies"
    HANGS = "hangs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bmc:
    """The BMC of one host."""

    plan: HostPlan
    address: str
    ledger: Ledger

    @property
    def _directory(self) -> Path:
        return self.plan.path / "bmc"

    @property
    def _process_name(self) -> str:
        return f"bmc-{self.plan.name}"

    @property
    def password_file(self) -> Path:
        return self._directory / "password"

    def start(self) -> None:
        """Start it, unless it runs; `wait_ready` tells when it answers."""
        if self.ledger.find(self._process_name):
            return
        (self._directory / "state").mkdir(parents=True, exist_ok=True)
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(PASSWORD)
        (self._directory / "emulation").write_text(EMULATION)
        (self._directory / "lan.conf").write_text(self._configuration())
        names = (("-c", "lan.conf"), ("-f", "emulation"), ("-s", "state"))
        files = [word for option, name in names for word in (option, str(self._directory / name))]
        self.ledger.start(
            self._process_name, ["ipmi_sim", *files, "-n"], log=self._directory / "log", environment=OWN_CODE
        )

    def wait_ready(self) -> None:
        """Wait until it tells the power."""
        wait_until(self.power, within_s=READY_LIMIT_S, what=f"the BMC of {self.plan.name} answers")

    def stop(self) -> None:
        self.ledger.end(self._process_name, by=signal.SIGKILL)

    def become(self, mode: BmcMode) -> None:
        """Behave from now on as `mode` says."""
        if mode is BmcMode.LIES:
            (self.plan.path / "bmc-claim").unlink(missing_ok=True)
        was_stuck = self.mode in (BmcMode.DEAD, BmcMode.HANGS)
        (self.plan.path / "bmc-mode").write_text(mode)
        if mode is not BmcMode.DEAD and was_stuck:
            # What was asked of it in the meantime must not be done late.
            self.stop()
            self.start()
        elif mode is BmcMode.DEAD and (identity := self.ledger.find(self._process_name)):
            identity.send(signal.SIGSTOP)

    @property
    def mode(self) -> BmcMode:
        """How it behaves now."""
        path = self.plan.path / "bmc-mode"
        return BmcMode(path.read_text()) if path.exists() else BmcMode.OK

    def power(self, word: str = "status") -> str:
        """What ipmitool prints for `chassis power WORD`; the last word of a status is on or off."""
        return self.ipmitool("chassis", "power", word)

    def ipmitool(self, *words: str) -> str:
        """What ipmitool, asking from this machine, prints; LabError when the BMC does not answer in time."""
        return run(*self.argv(*words), limit_s=ANSWER_LIMIT_S).strip()

    def argv(self, *words: str) -> list[str]:
        """The command that asks this BMC, for whoever wants to run it elsewhere."""
        where = ["-I", "lanplus", "-C", "3", "-N", "1", "-R", "2", "-H", self.address, "-p", str(PORT)]
        return ["ipmitool", *where, "-U", USER, "-f", str(self.password_file), *words]

    @property
    def is_on(self) -> bool:
        """What the BMC says of its host's power; it may lie."""
        last = self.power().lower().split()[-1]
        if last not in ("on", "off"):
            raise LabError(f"the BMC of {self.plan.name} says {last}")
        return last == "on"

    def _configuration(self) -> str:
        control = shlex.join([sys.executable, "-S", "-m", "lab.chassis", self.plan.directory])
        methods = "none md2 md5 straight"
        levels = "".join(
            f"    allowed_auths_{level} {methods}\n" for level in ("callback", "user", "operator", "admin")
        )
        return (
            f'name "{self.plan.name}"\nset_working_mc 0x20\n  startlan 1\n    addr {self.address} {PORT}\n'
            f"    priv_limit admin\n{levels}    guid {self.plan.number:032x}\n  endlan\n"
            f'  chassis_control "{control}"\n'
            f'  user 2 true "{USER}" "{PASSWORD}" admin 10 {methods}\n'
        )
