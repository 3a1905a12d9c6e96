"""docs/README.md and docs/decisions/README.md list every page beside them."""

from __future__ import annotations

import re

import pytest

from tests.helpers.paths import ROOT


@pytest.mark.parametrize("folder", ["docs", "docs/decisions"])
def test_the_index_lists_every_page_once(folder: str) -> None:
    text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\]\(([\w-]+\.md)\)", text)
    pages = {path.name for path in (ROOT / folder).glob("*.md")} - {"README.md"}
    assert sorted(listed) == sorted(pages)


def test_every_decision_has_its_parts() -> None:
    for page in (ROOT / "docs" / "decisions").glob("0*.md"):
        text = page.read_text(encoding="utf-8")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], page.name
        number = int(page.name.partition("-")[0])
        assert text.startswith(f"# {number}. "), page.name
