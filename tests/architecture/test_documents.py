"""The documents name what there is."""

import re
from pathlib import Path

import pytest

from tests.architecture import source

DOCUMENTS = sorted([*source.ROOT.glob("*.md"), *(source.ROOT / "docs").rglob("*.md")])
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (source.ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def test_the_documents_are_found() -> None:
    assert {source.ROOT / "README.md", source.ROOT / "CONTRIBUTING.md"} <= set(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=source.name)
def test_what_a_document_links_to_is_there(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text())
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=source.name)
def test_the_make_targets_a_document_names_exist(document: Path) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", document.read_text(), flags=re.MULTILINE))
    assert named <= TARGETS
