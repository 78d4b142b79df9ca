"""Where things lie in ZooKeeper is known in one file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture import source

SCHEMA = source.ROOT / "pvccore/state/schema.py"
STORED = re.compile(
    r"^/(schema|settings|maintenance|manager|nodes|reports|vms|assigned|names|fences|storage|forecast|tasks|journal)\b"
)


def _docstrings(tree: ast.Module) -> set[int]:
    """Return the ids of the constants that stand alone as a statement: documentation, not values."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _strings(path: Path) -> Iterator[tuple[int, str]]:
    tree = source.tree(path)
    documentation = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def test_only_the_schema_has_a_slash_in_the_state_layer() -> None:
    found = [
        f"{source.name(path)}:{line} {text!r}"
        for path in source.files("pvccore/state")
        if path != SCHEMA
        for line, text in _strings(path)
        if "/" in text and " " not in text  # a sentence may show what an address looks like
    ]
    assert not found


def test_nobody_else_spells_a_path_of_the_tree() -> None:
    # The HTTP API's routes are paths of its own.
    packages = [name for name in source.shipped_packages() if name != "pvcapi"]
    found = [
        f"{source.name(path)}:{line} {text!r}"
        for path in source.files(*packages)
        if path != SCHEMA
        for line, text in _strings(path)
        if STORED.match(text)
    ]
    assert not found
