"""Wall-clock moments as a person reads them."""

from __future__ import annotations

from datetime import datetime

from pvctui.widgets.meter import UNKNOWN, age


def clock(at_s: float) -> str:
    """The time of day here: `02:14:07`."""
    return f"{_local(at_s):%H:%M:%S}" if at_s > 0 else UNKNOWN


def moment(at_s: float, now_s: float) -> str:
    """The time of day, with the date when that is another: `02:14:07`, `21 Nov 02:14`."""
    if at_s <= 0:
        return UNKNOWN
    then, now = _local(at_s), _local(now_s)
    return f"{then:%H:%M:%S}" if then.date() == now.date() else f"{then:%d %b %H:%M}"


def hour(at_s: float, now_s: float) -> str:
    """As `moment`, without seconds."""
    then, now = _local(at_s), _local(now_s)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%d %b %H:%M}"


def iso(at_s: float) -> str:
    """As other programs read it: `2026-09-21T16:53:20+02:00`."""
    return _local(at_s).isoformat(timespec="seconds") if at_s > 0 else ""


def ago(at_s: float, now_s: float) -> str:
    """How long ago something was; `–` when that is not known."""
    return age(now_s - at_s) if at_s > 0 else UNKNOWN


def _local(at_s: float) -> datetime:
    try:
        return datetime.fromtimestamp(at_s).astimezone()
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0).astimezone()
