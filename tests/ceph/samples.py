"""What Ceph printed, as recorded; see samples/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent / "samples"
VERSIONS = tuple(sorted(path.name for path in SAMPLES.iterdir() if path.is_dir()))


def sample(version: str, name: str) -> Any:
    """What that version printed; where a version has no sample of its own, what the one before it did."""
    known = (SAMPLES / one / f"{name}.json" for one in reversed(VERSIONS) if one <= version)
    return json.loads(next(path for path in known if path.exists()).read_text())
