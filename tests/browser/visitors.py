"""Visitors: each a browser of their own, with their own cookies, theme and size, and watched."""

from playwright.sync_api import Browser, Page

from tests.browser.watch import Watch

DESKTOP, PHONE = (1280, 860), (390, 844)
#: How long a page may take. On an idle machine none takes a second.
PATIENCE_MS = 60_000


class Visitors:
    """Makes visitors for one test, and afterwards says what their browsers complained about."""

    def __init__(self, browser: Browser, hosts: set[str]) -> None:
        self.browser = browser
        self.hosts = hosts
        self.pages: list[Page] = []
        self._watches: dict[Page, Watch] = {}

    def new(self, *, dark: bool = False, phone: bool = False, javascript: bool = True) -> Page:
        """A page in a fresh browser context: light unless ``dark``, 390 px wide if ``phone``."""
        width, height = PHONE if phone else DESKTOP
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="America/Chicago",
            has_touch=phone,
            java_script_enabled=javascript,
        )
        context.set_default_timeout(PATIENCE_MS)
        watch = Watch(context, self.hosts)
        page = context.new_page()
        self.pages.append(page)
        self._watches[page] = watch
        return page

    def forgive(self, page: Page, text: str) -> None:
        """Take back complaints that a test caused on purpose, such as opening a page that must answer 404."""
        self._watches[page].forgive(text)

    def check(self) -> None:
        """Fail if any of the browsers had to complain."""
        for watch in self._watches.values():
            watch.check()

    def close(self) -> None:
        for page in self.pages:
            page.context.close()
