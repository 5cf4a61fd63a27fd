"""Screenshots: the README's pictures and those for designers when SCREENSHOTS=1, and of what a failed test saw."""

import os
import re
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
FOR_README = ROOT / "docs" / "screenshots"
ARTIFACTS = ROOT / "test-artifacts"


def for_readme(page: Page, name: str, *, whole_page: bool = False) -> None:
    """Take one of the README's pictures. SCREENSHOTS=1 writes it to docs/screenshots/NAME.png."""
    assert name in readme_pictures(), f"The README shows no picture called {name}."
    if os.environ.get("SCREENSHOTS") == "1":
        _take(page, FOR_README / f"{name}.png", whole_page)


def readme_pictures() -> set[str]:
    """Return the names of the pictures that the README shows."""
    return set(re.findall(r"docs/screenshots/([\w-]+)\.png", (ROOT / "README.md").read_text()))


def screenshot(page: Page, name: str, *, whole_page: bool = False) -> None:
    """With SCREENSHOTS=1, write test-artifacts/NAME.png, for people who look at the design."""
    if os.environ.get("SCREENSHOTS") == "1":
        _take(page, ARTIFACTS / f"{name}.png", whole_page)


def of_failure(page: Page, name: str) -> None:
    """Keep what a failed test saw, in test-artifacts/."""
    safe = "".join(letter if letter.isalnum() else "-" for letter in name)[:100]
    _take(page, ARTIFACTS / f"{safe}.png", whole_page=True)


def _take(page: Page, file: Path, whole_page: bool) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file, full_page=whole_page, animations="disabled")
