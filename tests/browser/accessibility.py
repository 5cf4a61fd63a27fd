"""What axe says of a page."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: The rules whose outcome depends on colors.
COLOR_RULES = ["color-contrast", "link-in-text-block"]


def violations(page: Page, rules: list[str] | None = None) -> list[dict[str, Any]]:
    """Every violation that axe finds on the page as it is now. Applies all of its rules, or only ``rules``."""
    page.wait_for_load_state()  # a page that has only begun to load lacks its heading
    chosen = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    options = {"resultTypes": ["violations"], **chosen}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return found


def assert_accessible_in_both_themes(page: Page) -> None:
    """As `assert_accessible`, then once more for the colors of the dark theme, on a page that follows the system's."""
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
    assert_accessible(page, COLOR_RULES)
    page.emulate_media(color_scheme="light")


def assert_accessible(page: Page, rules: list[str] | None = None) -> None:
    """Fail with the rule, its meaning and the elements that break it."""
    found = violations(page, rules)
    assert not found, f"axe on {page.url}:\n" + "\n".join(map(_sentence, found))


def _sentence(violation: dict[str, Any]) -> str:
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        checks = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
        lines.append(f"    {node['html'][:200]}")
        lines += [f"        {message}" for message in checks[:2]]
    return "\n".join(lines)
