"""The rules of the console's tests: which of them drive the whole console, a second of processor each."""

import os
import time
from collections.abc import Iterator
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


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No second passes, it is the same hour and the same folder everywhere: pictures do not differ by that."""
    monkeypatch.chdir("/")
    monkeypatch.setattr("pvctui.app.TICK_S", 3600.0)
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()
