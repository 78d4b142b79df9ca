"""The parts of the documents that are made of the code are as the code is now."""

from __future__ import annotations

import runpy

import pytest

from tests.architecture import source

DOCS = source.ROOT / "docs"


@pytest.mark.parametrize("name", ["CLI.md", "API.md", "CONSOLE.md"])
def test_the_made_part_of_a_document_is_not_stale(name: str) -> None:
    maker = runpy.run_path(str(DOCS / "make_reference.py"))
    text = (DOCS / name).read_text()
    reference = maker["made"]()[name]
    assert len(reference) > 3000
    assert maker["with_reference"](text, reference) == text, "run `make docs`"
