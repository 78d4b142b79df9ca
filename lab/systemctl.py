"""What stands in for `systemctl` on a host of the lab: runs services by their own unit files and drop-ins.

It knows what the node daemon asks of it, `enable --now UNIT` and `disable --now UNIT`, and `boot`, which starts what is
enabled. Of a unit it obeys Environment=, ExecStartPre= and ExecStart=; it restarts nothing, and confines nothing.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

UNITS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
ENABLED = UNITS[0] / "lab.wants"
RUN = Path("/run")
STOP_LIMIT_S = 30.0
LOOK_EVERY_S = 0.05


class Service:
    """One service, an instance of a template or not."""

    def __init__(self, unit: str) -> None:
        self._unit = unit.removesuffix(".service")
        self._name, at, self._instance = self._unit.partition("@")
        self._files = f"{self._name}{at}.service"
        self._pid_file = RUN / f"lab-{self._unit}.pid"

    def enable(self) -> None:
        """Have it started now and at every boot."""
        ENABLED.mkdir(exist_ok=True)
        (ENABLED / self._unit).touch()
        self.start()

    def disable(self) -> None:
        """End it, and start it at no boot."""
        (ENABLED / self._unit).unlink(missing_ok=True)
        pid = int(self._pid_file.read_text()) if self._pid_file.exists() else 0
        end_s = time.monotonic() + STOP_LIMIT_S
        while pid and Path(f"/proc/{pid}").exists() and time.monotonic() < end_s:
            with contextlib.suppress(ProcessLookupError):  # it may have ended since it was looked for
                os.kill(pid, signal.SIGTERM)
            time.sleep(LOOK_EVERY_S)
        self._pid_file.unlink(missing_ok=True)

    def start(self) -> None:
        """Do what it does before it starts, and start it; a failing one is told by its exit code."""
        settings = self._settings()
        environment = dict(word.split("=", 1) for value in settings("Environment") for word in shlex.split(value))
        for line in settings("ExecStartPre"):
            subprocess.run(_words(line, environment), check=True)
        (line,) = settings("ExecStart")
        with (RUN / f"lab-{self._unit}.log").open("ab") as log:
            started = subprocess.Popen(
                _words(line, environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._pid_file.write_text(str(started.pid))

    def _settings(self) -> "Settings":
        files = [folder / self._files for folder in UNITS if (folder / self._files).exists()]
        if not files:
            sys.exit(f"Failed to enable unit: Unit file {self._unit}.service does not exist.")
        drop_ins = sorted((UNITS[0] / f"{self._unit}.service.d").glob("*.conf"))
        text = "\n".join(path.read_text() for path in (files[0], *drop_ins))
        return Settings(text.replace("%i", self._instance))


class Settings:
    """The lines of a unit and its drop-ins."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def __call__(self, name: str) -> list[str]:
        """Every value of a setting."""
        return [line.partition("=")[2].strip() for line in self._lines if line.startswith(f"{name}=")]


def _words(line: str, environment: dict[str, str]) -> list[str]:
    """A command line without what says how it is confined, its variables filled in."""
    return shlex.split(re.sub(r"\$\{(\w+)\}", lambda found: environment.get(found[1], ""), line.lstrip("-+!@:")))


def main(*words: str) -> None:
    """Obey one command line."""
    match words:
        case ("enable", "--now", unit):
            Service(unit).enable()
        case ("disable", "--now", unit):
            Service(unit).disable()
        case ("boot",):
            for wanted in sorted(ENABLED.glob("*")):
                Service(wanted.name).start()
        case _:
            sys.exit(f"the lab's systemctl does not know {shlex.join(words)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
