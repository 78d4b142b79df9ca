"""Maintenance mode: while it is on, nobody is fenced."""

from __future__ import annotations

from pvccore.model.record import Record


class Maintenance(Record, frozen=True, kw_only=True):
    """The cluster-wide switch; `since` is wall-clock seconds of the person's machine, for people.

    noout: the person also wanted Ceph not to move data meanwhile; while it is on, Ceph's flag noout stands for it.
    """

    on: bool = False
    by: str = ""
    reason: str = ""
    since: float = 0.0
    noout: bool = False
