"""Maintenance mode: while it is on, nobody is fenced."""

from __future__ import annotations

from dataclasses import dataclass

from pvccore.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Record):
    """The cluster-wide switch; `since` is wall-clock seconds of the person's machine, for people.

    noout: the person also wanted Ceph not to move data meanwhile; while it is on, Ceph's flag noout stands for it.
    """

    on: bool = False
    by: str = ""
    reason: str = ""
    since: float = 0.0
    noout: bool = False
