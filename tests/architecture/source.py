"""The project's own Python files, parsed once."""

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@cache
def project_settings() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def shipped_packages() -> list[str]:
    """Return the packages of the wheel that exist by now."""
    names: list[str] = project_settings()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return [name for name in names if (ROOT / name / "__init__.py").exists()]


def files(*folders: str) -> list[Path]:
    """Return the Python files under these folders of the project, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))
