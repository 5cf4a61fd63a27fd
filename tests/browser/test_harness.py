"""The harness itself: what it must notice, it notices. Needs Chromium, but no demo."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import chromium, pictures
from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.visitors import PHONE, Browsers, Visitors

GOOD = """<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"></head><body><main><h1>A page</h1><p>Text.</p></main></body></html>"""
PAGES = {
    "/good": GOOD,
    "/unlabelled": GOOD.replace("<p>Text.</p>", '<input type="text">'),
    "/inline": GOOD.replace("<p>Text.</p>", "<script>document.title = 'changed'</script>"),
    "/foreign": GOOD.replace("<p>Text.</p>", '<img alt="A picture" src="http://127.0.0.2:9/picture.png">'),
    "/broken": GOOD.replace("<p>Text.</p>", "<script src='/throws.js'></script>"),
    "/throws.js": "throw new Error('on purpose')",
}

TYPES = {".js": "text/javascript", ".css": "text/css"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", TYPES.get(Path(self.path).suffix, "text/html"))
        self.send_header("Content-Security-Policy", "default-src 'self' data: http://127.0.0.2:9")
        self.end_headers()
        self.wfile.write((body or "not here").encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def hosts(site: str) -> set[str]:
    return {site.removeprefix("http://")}


def complaint(visitors: Visitors) -> str:
    """What the watch says, after which the complaints are taken back."""
    with pytest.raises(AssertionError) as raised:
        visitors.check()
    for page in visitors.pages:
        visitors.forgive(page, "")
    return str(raised.value)


def test_a_page_without_fault_passes(page: Page, visitors: Visitors, site: str) -> None:
    page.goto(f"{site}/good")
    assert_accessible(page)
    visitors.check()


def test_a_field_without_a_label_is_named(page: Page, site: str) -> None:
    page.goto(f"{site}/unlabelled")
    with pytest.raises(AssertionError, match="label"):
        assert_accessible(page)


STYLED = GOOD.replace("<p>Text.</p>", "<p>Text.</p><link rel='stylesheet' href='/style.css'>")


@pytest.mark.parametrize(
    ("style", "what"),
    [
        ("@media (prefers-color-scheme: dark) { p { color: #eee; background: #fff } }", "dark theme"),
        ("@media (max-width: 400px) { p { width: 500px } }", "390 px wide"),
        (
            "@media (max-width: 400px) and (prefers-color-scheme: light) { p { color: #eee; background: #fff } }",
            "light theme, 390 px",
        ),
    ],
)
def test_a_fault_of_one_look_is_found(
    page: Page, site: str, monkeypatch: pytest.MonkeyPatch, style: str, what: str
) -> None:
    monkeypatch.setitem(PAGES, "/styled", STYLED)
    monkeypatch.setitem(PAGES, "/style.css", style)
    page.goto(f"{site}/styled")
    assert_accessible(page)
    with pytest.raises(AssertionError, match=what):
        assert_accessible_in_every_look(page)


def test_an_inline_script_under_a_strict_policy_is_noticed(page: Page, visitors: Visitors, site: str) -> None:
    page.goto(f"{site}/inline")
    assert "Content Security Policy" in complaint(visitors)


def test_a_script_that_throws_is_noticed(page: Page, visitors: Visitors, site: str) -> None:
    page.goto(f"{site}/broken")
    assert "on purpose" in complaint(visitors)


def test_a_request_to_another_host_is_noticed(page: Page, visitors: Visitors, site: str) -> None:
    page.goto(f"{site}/foreign")
    assert "request to another host: http://127.0.0.2:9/picture.png" in complaint(visitors)


def test_a_missing_page_is_noticed_and_can_be_forgiven(page: Page, visitors: Visitors, site: str) -> None:
    page.goto(f"{site}/missing")
    visitors.forgive(page, "404")
    visitors.check()


def test_forgiving_what_did_not_happen_fails(page: Page, visitors: Visitors, site: str) -> None:
    page.goto(f"{site}/good")
    with pytest.raises(AssertionError, match="nothing to forgive"):
        visitors.forgive(page, "404")


def test_visitors_do_not_share_cookies(visitors: Visitors, site: str) -> None:
    one, two = visitors.new(), visitors.new()
    for page in (one, two):
        page.goto(f"{site}/good")
    one.evaluate("document.cookie = 'mine=1'")
    assert one.evaluate("document.cookie") == "mine=1"
    assert two.evaluate("document.cookie") == ""


def test_a_visitor_finds_nothing_of_an_earlier_one(browsers: Browsers, site: str, hosts: set[str]) -> None:
    stored = "[document.cookie, localStorage.mine, sessionStorage.mine]"
    looks = "[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]"
    found = []
    for _ in range(2):
        visit = Visitors(browsers, hosts)
        page = visit.new()
        page.goto(f"{site}/good")
        found.append((page, page.evaluate(stored) + page.evaluate(looks)))
        page.evaluate("localStorage.mine = sessionStorage.mine = 1; document.cookie = 'mine=1'")
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="dark")
        page.goto(f"{site}/broken")
        page.context.new_page()
        assert "on purpose" in complaint(visit)
        visit.close(failed=False)
    (one, at_first), (two, later) = found
    assert one is two and at_first == later == ["", None, None, 1280, False]


def test_a_visitor_in_the_dark_on_a_phone_gets_what_was_asked_for(visitors: Visitors, site: str) -> None:
    page = visitors.new(dark=True, phone=True)
    page.goto(f"{site}/good")
    assert page.evaluate("innerWidth") == 390
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


def test_pictures_are_taken_only_when_asked_for(
    page: Page, site: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pictures, "ARTIFACTS", tmp_path)
    page.goto(f"{site}/good")
    monkeypatch.delenv("SCREENSHOTS", raising=False)
    pictures.screenshot(page, "a-page")
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("SCREENSHOTS", "1")
    pictures.screenshot(page, "a-page")
    assert (tmp_path / "a-page.png").read_bytes().startswith(b"\x89PNG")


def test_the_browser_that_chromium_names_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/opt/other/chrome")
    assert chromium.find() == Path("/opt/other/chrome")
