"""What axe says of a page."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page) -> list[dict[str, Any]]:
    """Every violation that axe finds on the page as it is now, all of its rules applied."""
    page.wait_for_load_state()  # a page that has only begun to load lacks its heading
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return found


def assert_accessible(page: Page) -> None:
    """Fail with the rule, its meaning and the elements that break it."""
    found = violations(page)
    assert not found, f"axe on {page.url}:\n" + "\n".join(map(_sentence, found))


def _sentence(violation: dict[str, Any]) -> str:
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        checks = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
        lines.append(f"    {node['html'][:200]}")
        lines += [f"        {message}" for message in checks[:2]]
    return "\n".join(lines)
