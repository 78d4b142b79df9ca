"""The order in which a person looks for names: hv2 comes before hv10."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

MOST_DIGITS = 12
DIGITS = re.compile(f"[0-9]{{1,{MOST_DIGITS}}}")

Named = TypeVar("Named")


@lru_cache(maxsize=65536)
def natural(text: str) -> str:
    """A key by which hv2 comes before hv10, whatever the case."""
    return DIGITS.sub(_padded, text.casefold())


def natural_items(named: Mapping[str, Named]) -> list[tuple[str, Named]]:
    """What has names, as pairs in natural order."""
    return sorted(named.items(), key=lambda pair: natural(pair[0]))


def _padded(digits: re.Match[str]) -> str:
    return digits[0].zfill(MOST_DIGITS)
