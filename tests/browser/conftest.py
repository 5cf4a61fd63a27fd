"""Browser tests: one real portal and one Chromium for the session, fresh visitors for each test.

`demo` is the running portal, `visitors` makes pages (``visitors.new(dark=True, phone=True)``), `page` is one of them.
Each test fails on any console error, script error, policy violation or request to a host other than the demo's two.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser import chromium, pictures
from tests.browser.demo import Demo
from tests.browser.visitors import PATIENCE_MS, Browsers, Visitors

HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m "not browser"` leaves these out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium.find()
    if found is None:
        pytest.skip(chromium.MISSING)
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code in later tests.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=chromium.ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`manage.py demo`, in a fresh folder. Asks for the browser first: without one there is nothing to start it for."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop()


@pytest.fixture
def portal(browser: Browser, live_server: LiveServer, settings: Any) -> str:
    """The portal of this process, with this test's database. Asks for the browser first, as `demo` does."""
    settings.PORTAL_URL = str(live_server.url)
    return str(live_server.url)


@pytest.fixture
def hosts(demo: Demo) -> set[str]:
    """The only hosts that a page may ask for anything."""
    return demo.hosts


@pytest.fixture(scope="session")
def browsers(browser: Browser) -> Browsers:
    return Browsers(browser)


@pytest.fixture
def visitors(browsers: Browsers, hosts: set[str], request: pytest.FixtureRequest) -> Iterator[Visitors]:
    made = Visitors(browsers, hosts)
    yield made
    failed = request.node.stash.get(FAILED, False)
    try:
        if failed:
            for number, page in enumerate(made.pages, start=1):
                pictures.of_failure(page, f"{request.node.name}-{number}")
        else:
            made.check()
    finally:
        made.close(failed=failed)


@pytest.fixture
def page(visitors: Visitors) -> Page:
    """A visitor at a desk, in the light theme."""
    return visitors.new()
