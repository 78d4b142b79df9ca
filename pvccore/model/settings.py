"""The cluster's settings: one record, one table of bounds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pvccore.model.errors import Invalid
from pvccore.model.record import Record
from pvccore.model.selectors import Selector


class AfterFence(StrEnum):
    """What happens to a fenced node once its VMs are settled."""

    POWER_ON = "power-on"
    LEAVE_OFF = "leave-off"


class ReturnAfterFence(StrEnum):
    """In which readiness a fenced node is admitted again."""

    FLUSHED = "flushed"
    READY = "ready"


class Settings(Record, frozen=True, kw_only=True):
    """What a person may tune, cluster-wide; units are in the names."""

    cluster_name: str = "pvc"
    default_selector: Selector = Selector.MEM
    session_s: float = 4.0
    fence_after_s: float = 1.0
    settle_s: float = 3.0
    after_maintenance_s: float = 30.0
    report_every_s: float = 5.0
    bmc_limit_s: float = 3.0
    unhealthy_after_s: float = 120.0
    startup_grace_s: float = 300.0
    storm_fraction: float = 0.5
    fences_in_parallel: int = 2
    refence_after_s: float = 180.0
    start_timeout_s: float = 60.0
    after_fence: AfterFence = AfterFence.POWER_ON
    return_after_fence: ReturnAfterFence = ReturnAfterFence.FLUSHED
    migrations_per_node: int = 2
    starts_per_node: int = 4
    memory_reserve_mb: int = 0
    memory_overcommit: float = 1.0
    storage_fence_is_enough: bool = False
    journal_max_entries: int = 20000


BOUNDS: Mapping[str, tuple[float, float]] = {
    "session_s": (1.0, 120.0),
    "fence_after_s": (0.0, 3600.0),
    "settle_s": (0.0, 600.0),
    "after_maintenance_s": (0.0, 3600.0),
    "report_every_s": (1.0, 300.0),
    "bmc_limit_s": (0.5, 60.0),
    "unhealthy_after_s": (10.0, 86400.0),
    "startup_grace_s": (0.0, 86400.0),
    "storm_fraction": (0.01, 1.0),
    "fences_in_parallel": (1, 100),
    "refence_after_s": (0.0, 86400.0),
    "start_timeout_s": (5.0, 3600.0),
    "migrations_per_node": (1, 64),
    "starts_per_node": (1, 64),
    "memory_reserve_mb": (0, 16 * 1024 * 1024),
    "memory_overcommit": (0.1, 16.0),
    "journal_max_entries": (100, 1000000),
}
"""Lowest and highest value of each number, both allowed."""

SETTING_NAMES = tuple(name for name in Settings.__struct_fields__ if name not in Record.__struct_fields__)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_CHOICES: Mapping[str, type[StrEnum]] = {
    "default_selector": Selector,
    "after_fence": AfterFence,
    "return_after_fence": ReturnAfterFence,
}


def parse_setting(name: str, value: object) -> Any:  # noqa: ANN401 - the type is the setting's own
    """The value of setting `name`, from text or a TOML value; raises `Invalid` naming the setting."""
    if name not in SETTING_NAMES:
        raise Invalid("setting", name, "is not a setting; known are " + ", ".join(SETTING_NAMES))
    default = getattr(Settings(), name)
    if name in _CHOICES:
        return _choice(name, value)
    if isinstance(default, bool):
        return _truth(name, value)
    if isinstance(default, str):
        return _name(name, value)
    return _number(name, value, whole=isinstance(default, int))


def _choice(name: str, value: object) -> StrEnum:
    allowed = [choice.value for choice in _CHOICES[name] if choice is not Selector.DEFAULT]
    if value not in allowed:
        raise Invalid(name, value, "must be one of " + ", ".join(allowed))
    return _CHOICES[name](str(value))


def _truth(name: str, value: object) -> bool:
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise Invalid(name, value, "must be true or false")
    return text in _TRUE


def _name(name: str, value: object) -> str:
    text = str(value)
    if not 1 <= len(text) <= 64 or not text.isprintable():  # noqa: PLR2004 - the bound stands in the message
        raise Invalid(name, value, "must be 1 to 64 printable characters")
    return text


def _number(name: str, value: object, *, whole: bool) -> float:
    try:
        number = float(str(value))
    except ValueError:
        raise Invalid(name, value, "must be a number") from None
    low, high = BOUNDS[name]
    if not low <= number <= high:
        raise Invalid(name, value, f"must lie between {low:g} and {high:g}")
    if not whole:
        return number
    if number != int(number):
        raise Invalid(name, value, "must be a whole number")
    return int(number)
