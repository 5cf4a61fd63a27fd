"""Screenshots: for the README when SCREENSHOTS=1, and of what a failed test saw."""

import os
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
FOR_README = ROOT / "docs" / "screenshots"
OF_FAILURES = ROOT / "test-artifacts"


def screenshot(page: Page, name: str, *, whole_page: bool = False) -> None:
    """Write docs/screenshots/NAME.png, if SCREENSHOTS=1 asks for it."""
    if os.environ.get("SCREENSHOTS") == "1":
        _take(page, FOR_README / f"{name}.png", whole_page)


def of_failure(page: Page, name: str) -> None:
    """Keep what a failed test saw, in test-artifacts/."""
    safe = "".join(letter if letter.isalnum() else "-" for letter in name)[:100]
    _take(page, OF_FAILURES / f"{safe}.png", whole_page=True)


def _take(page: Page, file: Path, whole_page: bool) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file, full_page=whole_page, animations="disabled")
