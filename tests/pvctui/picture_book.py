"""Pictures of the console, kept beside the tests: compared, and accepted when a person has looked at them."""

from __future__ import annotations

import difflib
import gzip
import os
import re
import tempfile
from html import unescape
from pathlib import Path

FOLDER = Path(__file__).parent / "pictures"
ACCEPT = "PVC_ACCEPT_PICTURES"
"""Set to 1, pictures that differ are kept in place of the old ones."""
LINE = re.compile(r'<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>')


def difference(name: str, drawn: str) -> str:
    """What differs from the picture of that name, in words; "" for nothing, or when it was just accepted."""
    path = FOLDER / f"{name}.svg.gz"
    kept = gzip.decompress(path.read_bytes()).decode() if path.exists() else ""
    if kept == drawn:
        return ""
    if os.environ.get(ACCEPT) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(drawn.encode(), mtime=0))
        return ""
    seen = Path(tempfile.gettempdir()) / f"{name.replace('/', '-')}.svg"
    seen.write_text(drawn)
    changed = "\n".join(
        difflib.unified_diff(words_of(kept), words_of(drawn), f"{name}, as kept", f"{name}, as drawn", n=0, lineterm="")
    )
    told = changed or "it reads the same; colours or styles differ"
    return f"{told}\nlook at {seen}, and accept it with {ACCEPT}=1"


def words_of(drawn: str) -> list[str]:
    """What a picture reads, line by line."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, words in LINE.findall(drawn):
        lines.setdefault(float(y), []).append((float(x), unescape(words).replace("\xa0", " ")))
    return ["".join(words for _, words in sorted(line)) for _, line in sorted(lines.items())]
