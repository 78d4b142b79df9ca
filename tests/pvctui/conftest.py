"""The rules of the console's tests: which of them drive the whole console, a second of processor each."""

from types import ModuleType

import pytest

from tests.pvctui.console import console


def _drives_the_console(module: ModuleType) -> bool:
    return getattr(module, "console", None) is console


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, so that the quick check can leave them to the whole suite."""
    for item in items:
        if isinstance(item, pytest.Function) and _drives_the_console(item.module):
            item.add_marker("console")
