"""The clusters that the console can show, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pvccore.model.struct import Struct

if TYPE_CHECKING:
    from pvctui.requests import Requests


class KnownCluster(Struct, frozen=True, kw_only=True):
    """One cluster of the configuration. where: its address in a person's words. way: makes a new way to it."""

    name: str
    where: str
    way: Callable[[], Requests]
