"""Watches a page: errors on the console, refusals by the security policy, requests to anybody else."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request

LOCAL_SCHEMES = ("data", "blob", "about", "chrome-error")


class Watch:
    """What went wrong on the pages of one browser context."""

    def __init__(self, context: BrowserContext, hosts: set[str]) -> None:
        self.hosts = hosts
        self.problems: list[str] = []
        self.origins: set[str] = set()
        self._context = context
        context.on("page", self._page)
        context.on("request", self._request)
        for page in context.pages:
            self._page(page)

    def end(self) -> None:
        """Stop watching."""
        self._context.remove_listener("page", self._page)
        self._context.remove_listener("request", self._request)
        for page in self._context.pages:
            page.remove_listener("console", self._console)
            page.remove_listener("pageerror", self._error)

    def forgive(self, text: str) -> None:
        """Take back the problems that contain ``text``, which a test caused on purpose. There must be one."""
        kept = [problem for problem in self.problems if text not in problem]
        assert len(kept) < len(self.problems), (
            f"nothing to forgive: no problem contains {text!r}: {self.problems}"
        )
        self.problems = kept

    def check(self) -> None:
        """Fail with every problem, one a line."""
        assert not self.problems, "the browser had to complain:\n" + "\n".join(self.problems)

    def _page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", self._error)

    def _error(self, error: Error) -> None:
        self.problems.append(f"script error: {error}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            place = message.location.get("url", "") if message.location else ""
            self.problems.append(f"console error at {place}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.netloc:
            self.origins.add(f"{parts.scheme}://{parts.netloc}")
        if parts.scheme not in LOCAL_SCHEMES and parts.netloc not in self.hosts:
            self.problems.append(f"request to another host: {parts.scheme}://{parts.netloc}{parts.path}")
