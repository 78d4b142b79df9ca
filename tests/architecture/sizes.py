"""How long functions and files are, and how long they may be."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture import source

FUNCTION_LINES_LONG = 50
FUNCTION_LINES_MAX = 70
FILE_LINES_LONG = 400
FILE_LINES_MAX = 600
TEST = "tests/architecture/test_sizes.py"
FOLDERS = ("bench", "lab", "screenshots", "tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The length of a function or a file."""

    where: str
    lines: int

    def __str__(self) -> str:
        return f"{self.lines:4} lines  {self.where}"


def _functions() -> Iterator[Size]:
    for path in source.files(*source.shipped_packages(), *FOLDERS):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield Size(where=f"{source.name(path)}:{node.lineno} {node.name}", lines=lines)


def long_functions(over_lines: int = FUNCTION_LINES_LONG) -> list[Size]:
    """Return the functions over this length, decorators not counted."""
    return [size for size in _functions() if size.lines > over_lines]


def long_files(over_lines: int = FILE_LINES_LONG) -> list[Size]:
    """Return the files over this length."""
    paths = source.files(*source.shipped_packages(), *FOLDERS)
    sizes = (Size(where=source.name(path), lines=len(path.read_text().splitlines())) for path in paths)
    return [size for size in sizes if size.lines > over_lines]
