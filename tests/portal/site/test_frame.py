"""The frame of every page, error pages and static files."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import RequestContext, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import User

STATIC = Path(settings.BASE_DIR) / "portal" / "site" / "static" / "portal"
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def framed(request: HttpRequest, **context: Any) -> str:
    return render_to_string("site/base.html", {"title": "Jobs", **context}, request=request)


@pytest.fixture
def request_of_operator(db: None, rf: RequestFactory) -> HttpRequest:
    request = rf.get("/jobs/")
    request.user = User.objects.create_user("maria@example.com", name="Maria Lopez", is_operator=True)
    request.session = {}  # type: ignore[assignment]
    return request


def test_the_frame_has_one_heading_one_main_and_says_who_it_is_not(request_of_operator: HttpRequest) -> None:
    page = framed(request_of_operator)
    assert re.findall(r"<h1>(.*?)</h1>", page) == ["Jobs"]
    assert page.count("<main") == 1
    assert "<title>Jobs · Integration portal</title>" in page
    assert "not affiliated with Total Expert" in page
    assert set(re.findall(r'href="([^"]+)" aria-current="page"', page)) == {"/jobs/"}
    assert "X-CSRFToken" in page


def test_a_title_with_an_ampersand_is_escaped_once(request_of_operator: HttpRequest) -> None:
    assert "<h1>Smith &amp; Sons</h1>" in framed(request_of_operator, title="Smith & Sons")


def framed_with(request: HttpRequest, blocks: str) -> str:
    source = '{% extends "site/base.html" %}{% load portal_ui %}' + blocks
    return Template(source).render(RequestContext(request, {"title": "Cedar"}))


def test_the_state_stands_beside_the_heading_and_other_actions_under_more(
    request_of_operator: HttpRequest,
) -> None:
    page = framed_with(
        request_of_operator,
        "{% block state %}{% state 'live' %}{% endblock %}{% block more %}<a href='/x/'>Rename</a>{% endblock %}",
    )
    assert re.search(r"<h1>Cedar</h1><span class=\"state\"", page)
    assert re.search(
        r'popovertarget="page-more".*?id="page-more" popover[^>]*><a href=\'/x/\'>', page, re.DOTALL
    )


def test_a_page_without_other_actions_has_no_more_button(request_of_operator: HttpRequest) -> None:
    assert "page-more" not in framed(request_of_operator)


def test_signing_out_is_a_button_that_posts(request_of_operator: HttpRequest) -> None:
    page = framed(request_of_operator)
    assert re.search(r'<form method="post" action="/accounts/logout/">', page)


def test_the_frame_asks_the_database_little(
    request_of_operator: HttpRequest, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(3):
        framed(request_of_operator)


def test_the_sandbox_is_named_on_every_page_of_the_demo(request_of_operator: HttpRequest) -> None:
    assert "Sandbox: invented people" in framed(request_of_operator, banner="Sandbox: invented people")
    assert "banner" not in framed(request_of_operator, banner="")


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429", "500"])
def test_error_pages_draw_without_any_context_and_lead_on(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert page.count("<h1>") == 1
    assert "<title> ·" not in page
    assert 'href="/"' in page


def test_a_page_without_an_account_shows_neither_menu_nor_account(db: None, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    page = render_to_string("404.html", {}, request=request)
    assert "account-menu" not in page
    assert 'class="side"' not in page


# --- Files -------------------------------------------------------------------------------------------------------------


def test_no_template_has_inline_code_or_styles() -> None:
    """The policy would block them, and the screen would be broken without a word."""
    inline = re.compile(
        r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|javascript:|hx-on", re.IGNORECASE
    )
    found = {
        str(path.relative_to(TEMPLATES)): match[0]
        for path in TEMPLATES.rglob("*.html")
        # mails have no policy, and mail programs read no style sheets
        if path.parent != TEMPLATES / "mail" and (match := inline.search(path.read_text()))
    }
    assert found == {}


def test_the_look_asks_nothing_of_anybody_else() -> None:
    for path in [*STATIC.glob("*.svg"), *STATIC.glob("*.js"), *STATIC.glob("css/*")]:
        addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name


def test_what_the_look_refers_to_exists() -> None:
    for path in (STATIC / "css").glob("*.css"):
        for reference in re.findall(r'url\("([^"]+)"\)', path.read_text()):
            name, _, view = reference.partition("#")
            assert (path.parent / name).is_file(), reference
            assert not view or f'<view id="{view}"' in (STATIC / "icons.svg").read_text(), reference


def test_every_style_sheet_is_part_of_the_page() -> None:
    linked = re.findall(r"portal/css/(\w+\.css)", (TEMPLATES / "site" / "styles.html").read_text())
    assert sorted(linked) == sorted(path.name for path in (STATIC / "css").iterdir())


def test_the_look_stays_light() -> None:
    assert sum(path.stat().st_size for kind in ("css", "js") for path in STATIC.rglob(f"*.{kind}")) < 75_000
