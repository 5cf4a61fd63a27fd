"""Visitors: each a browser of their own, with their own cookies, theme and size, and watched."""

from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.watch import Watch

DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
#: How long a page may take. On an idle machine none takes a second.
PATIENCE_MS = 60_000


class Browsers:
    """Browser contexts for visitors. A new one takes a second, so those of earlier visitors are cleaned and used again."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._idle: dict[tuple[bool, bool], list[Page]] = {}
        self._kinds: dict[Page, tuple[bool, bool]] = {}

    def take(self, *, dark: bool, phone: bool, javascript: bool) -> Page:
        """Return a page that nobody else uses, in a context without cookies and stored data."""
        kind = (phone, javascript)
        idle = self._idle.setdefault(kind, [])
        page = idle.pop() if idle else self._new(phone, javascript)
        self._kinds[page] = kind
        page.set_viewport_size(PHONE if phone else DESKTOP)
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        return page

    def _new(self, phone: bool, javascript: bool) -> Page:
        context = self.browser.new_context(
            locale="en-US",
            timezone_id="America/Chicago",
            has_touch=phone,
            java_script_enabled=javascript,
        )
        context.set_default_timeout(PATIENCE_MS)
        return context.new_page()

    def give_back(self, page: Page, origins: set[str]) -> None:
        """Clean the context of ``page`` from what its visitor left at ``origins``."""
        context = page.context
        for other in context.pages:
            if other is not page:
                other.close()
        page.unroute_all(behavior="ignoreErrors")
        context.clear_cookies()
        context.clear_permissions()
        _, javascript = kind = self._kinds.pop(page)
        for origin in origins if javascript else ():
            page.route(f"{origin}/", lambda route: route.fulfill(body=""))
            page.goto(f"{origin}/")
            page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.unroute_all()
        page.goto("about:blank")
        self._idle[kind].append(page)


class Visitors:
    """Makes visitors for one test, and afterwards says what their browsers complained about."""

    def __init__(self, browsers: Browsers, hosts: set[str]) -> None:
        self.browsers = browsers
        self.hosts = hosts
        self.pages: list[Page] = []
        self._watches: dict[Page, Watch] = {}

    def new(self, *, dark: bool = False, phone: bool = False, javascript: bool = True) -> Page:
        """A page in a clean browser context: light unless ``dark``, 390 px wide if ``phone``."""
        page = self.browsers.take(dark=dark, phone=phone, javascript=javascript)
        self.pages.append(page)
        self._watches[page] = Watch(page.context, self.hosts)
        return page

    def forgive(self, page: Page, text: str) -> None:
        """Take back complaints that a test caused on purpose, such as opening a page that must answer 404."""
        self._watches[page].forgive(text)

    def check(self) -> None:
        """Fail if any of the browsers had to complain."""
        for watch in self._watches.values():
            watch.check()

    def close(self, *, failed: bool) -> None:
        """End all visits. Browsers of a test that failed are closed."""
        for page, watch in self._watches.items():
            watch.end()
            if failed or page.is_closed():
                page.context.close()
            else:
                self.browsers.give_back(page, watch.origins)
