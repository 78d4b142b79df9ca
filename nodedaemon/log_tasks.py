"""The logs that a node has, as its daemon reads them when somebody asks: guests' consoles and its own words."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from nodedaemon.task_runner import TaskVerb, Work
from pvccore.domain_xml import console_log
from pvccore.model.errors import Refused
from pvccore.model.log import MAX_LOG_BYTES, LogPart, place_in, printable_lines
from pvccore.model.struct import Struct
from pvccore.model.task import NODE_LOG, VM_LOG
from pvccore.model.vm import Vm

CONSOLE_LOGS = Path("/var/log/libvirt")
"""Where libvirt writes what guests say: the one folder that is read."""


class Log(Protocol):
    """One log of this node."""

    def part(self, lines: int, after: str) -> LogPart:
        """Its last `lines` lines, or those of them that came after a place; raises `Refused` when it can't be read."""


class LogTasks(Struct, frozen=True, kw_only=True):
    """What this node can tell. vm: a VM of this node by its name. console: what its guest said. own: the daemon's."""

    node: str
    vm: Callable[[str], Vm | None]
    console: Callable[[Vm], Log]
    own: Log

    @property
    def verbs(self) -> Mapping[str, TaskVerb]:
        """Verb → what carries it out."""
        return {VM_LOG: self._vm_log, NODE_LOG: lambda work: _read(self.own, work)}

    def _vm_log(self, work: Work) -> str:
        name = work.task.arguments.get("vm", "")
        vm = self.vm(name)
        if vm is None:
            raise Refused(f"{name} is not on {self.node} any more; ask again")
        return _read(self.console(vm), work)


class SerialLog(Struct, frozen=True, kw_only=True):
    """A file that libvirt appends a guest's words to; places in it are bytes."""

    path: Path
    folder: Path = CONSOLE_LOGS

    def part(self, lines: int, after: str) -> LogPart:
        """See `Log`; a line that is not whole yet is told to who asks first, and again when it is."""
        try:
            if not self.path.resolve().is_relative_to(self.folder):
                raise Refused(f"{self.path} is not in {self.folder}, where consoles' logs are read")
            number = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(number, "rb") as file:
                return _newest(file.fileno(), lines, after)
        except OSError as error:
            raise Refused(f"{self.path}: {error.strerror}") from None


def console_of(vm: Vm, xml: str) -> SerialLog:
    """Where libvirt writes what a VM's guest says; raises `Refused` when it is told to write that nowhere."""
    path = console_log(xml)
    if not path:
        example = f"<serial type='pty'><log file='{CONSOLE_LOGS}/{vm.name}.log' append='on'/></serial>"
        raise Refused(f"{vm.name} keeps no console log; its XML would need {example}")
    return SerialLog(path=Path(path))


def _read(log: Log, work: Work) -> str:
    given = work.task.arguments
    return log.part(int(given.get("lines", "1")), given.get("after", "")).result


def _newest(number: int, lines: int, after: str) -> LogPart:
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        raise Refused("it is no plain file")
    name, size = str(found.st_ino), found.st_size
    place = place_in(name, after)
    follows = place is not None and place <= size
    begin = max(place if place is not None and follows else 0, size - MAX_LOG_BYTES)
    content = os.pread(number, size - begin, begin)
    whole = content.rfind(b"\n") + 1
    told = (content[:whole] if follows else content).splitlines(keepends=True)[-lines:]
    return LogPart(log=name, end=begin + whole, lines=printable_lines(b"".join(told).decode(errors="replace")))
