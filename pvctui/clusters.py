"""The clusters that the console can show, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pvctui.requests import Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCluster:
    """One cluster of the configuration. where: its address in a person's words. way: makes a new way to it."""

    name: str
    where: str
    way: Callable[[], Requests]
