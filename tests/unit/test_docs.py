"""The pages name what there is: every setting, and only links that lead somewhere."""

import re
from pathlib import Path

import pytest

from loyalty.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_setting_is_in_the_operations_page() -> None:
    named = set(re.findall(r"`LAUREL_([A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text()))
    assert {field.upper() for field in Settings.model_fields} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []
