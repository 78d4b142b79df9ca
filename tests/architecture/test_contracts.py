"""What import-linter's contracts rest on, and one that it can't express."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture import source

SETTINGS = source.project_settings()["tool"]["importlinter"]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_every_shipped_package_is_under_contract() -> None:
    assert sorted(SETTINGS["root_packages"]) == source.shipped_packages()


def test_contracts_of_one_import_place_look_at_every_shipped_package() -> None:
    everywhere = [
        contract
        for contract in SETTINGS["contracts"]
        if contract["type"] == "forbidden" and "pvctui" in contract["source_modules"]
    ]
    assert everywhere
    for contract in everywhere:
        assert sorted(contract["source_modules"]) == source.shipped_packages(), contract["name"]


def test_the_model_imports_the_standard_library_only_but_for_what_values_are_built_on() -> None:
    foreign = {
        (source.name(path), module.partition(".")[0])
        for path in source.files("pvccore/model")
        for module in _imports(path)
        if module.partition(".")[0] not in sys.stdlib_module_names and not module.startswith("pvccore.model")
    }
    assert foreign == {("pvccore/model/struct.py", "msgspec")}
