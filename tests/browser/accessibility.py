"""What axe says of a page."""

import json
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.pictures import screenshot
from tests.browser.visitors import DESKTOP, PHONE

#: The rules whose outcome depends on colors.
COLOR_RULES = ["color-contrast", "link-in-text-block"]
#: Whether dark, whether on a phone, and the rules to apply: None for all.
LOOKS = ((False, False, None), (True, False, COLOR_RULES), (True, True, None), (False, True, COLOR_RULES))
#: Rows after the twentieth repeat what the first ones show.
CONTEXT = {"exclude": [["tbody tr:nth-child(n+21)"]]}
#: Without `preload`, axe asks for no style sheets and writes none into the page. No rule that is on reads them.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
RUN = f"options => axe.run({json.dumps(CONTEXT)}, options)"


def violations(page: Page, rules: list[str] | None = None) -> list[dict[str, Any]]:
    """Every violation that axe finds on the page as it is now. Applies all of its rules, or only ``rules``."""
    page.wait_for_load_state()  # a page that has only begun to load lacks its heading
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    chosen = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found: list[dict[str, Any]] = page.evaluate(RUN, {**OPTIONS, **chosen})["violations"]
    return found


def assert_accessible_in_every_look(page: Page, picture: str = "") -> None:
    """Fail for what axe finds in the light or dark theme, at a desk or on a phone, or if the page scrolls sideways.

    The page is not loaded again: its theme and its size change, and end as those of a desk in the light theme. All rules
    are applied at both sizes, and those about colors in each theme. ``picture`` names screenshots of the four looks.
    """
    for dark, phone, rules in LOOKS:
        _look(page, dark=dark, phone=phone)
        assert_accessible(page, rules)
        assert_fits(page)
        if picture:
            screenshot(page, picture + "-dark" * dark + "-phone" * phone)
    _look(page)


def assert_accessible_in_both_themes(page: Page) -> None:
    """As `assert_accessible`, then once more for the colors of the dark theme."""
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    _settle(page)
    assert_accessible(page, COLOR_RULES)
    page.emulate_media(color_scheme="light")


def assert_accessible(page: Page, rules: list[str] | None = None) -> None:
    """Fail with the rule, its meaning and the elements that break it."""
    found = violations(page, rules)
    assert not found, f"axe on {page.url}:\n{_seen(page)}\n" + "\n".join(map(_sentence, found))


def assert_fits(page: Page) -> None:
    """Fail if the page scrolls sideways."""
    beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert beyond <= 0, f"{page.url} is wider than the window by {beyond} px:\n{_seen(page)}"


def _look(page: Page, *, dark: bool = False, phone: bool = False) -> None:
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.set_viewport_size(PHONE if phone else DESKTOP)
    _settle(page)


def _settle(page: Page) -> None:
    page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")


def _seen(page: Page) -> str:
    theme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    return f"in the {theme} theme, {page.evaluate('innerWidth')} px wide"


def _sentence(violation: dict[str, Any]) -> str:
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        checks = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
        lines.append(f"    {node['html'][:200]}")
        lines += [f"        {message}" for message in checks[:2]]
    return "\n".join(lines)
