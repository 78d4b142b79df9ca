"""What Ceph printed, as recorded; see samples/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent / "samples"
VERSIONS = tuple(sorted(path.name for path in SAMPLES.iterdir() if path.is_dir()))


def sample(version: str, name: str) -> Any:
    """What that version printed; where a version has no sample of its own, what Ceph 16 did."""
    path = SAMPLES / version / f"{name}.json"
    return json.loads((path if path.exists() else SAMPLES / "16" / f"{name}.json").read_text())
