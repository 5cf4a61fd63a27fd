"""The content security policy."""

from django.contrib import admin
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch

from portal.csp import PolicyMiddleware
from portal.site import PortalSite


def policy_for(namespaces: list[str | None] | None) -> str:
    request = RequestFactory().get("/")
    if namespaces is not None:
        request.resolver_match = ResolverMatch(lambda: None, (), {}, namespaces=namespaces)
    middleware = PolicyMiddleware(lambda _: HttpResponse())
    return middleware.process_response(request, HttpResponse())["Content-Security-Policy"]


def test_our_own_screens_allow_neither_inline_nor_evaluated_code() -> None:
    assert "unsafe" not in policy_for([])


def test_an_address_that_resolves_to_nothing_is_strict() -> None:
    assert "unsafe" not in policy_for(None)


def test_the_settings_tables_may_evaluate_expressions_but_run_no_inline_script() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in policy_for(["admin"]).split(";"))
    assert rules["script-src"] == "'self' 'unsafe-eval'"
    assert rules["style-src"] == "'self' 'unsafe-inline'"
    assert rules["default-src"] == "'none'"


def test_the_admin_site_in_use_is_the_portals_own() -> None:
    """The theme would put its own in place, with its own sign-in that goes past allauth's limits."""
    assert isinstance(admin.site._wrapped if hasattr(admin.site, "_wrapped") else admin.site, PortalSite)


def test_the_tables_sign_in_page_leads_to_the_portals(client: Client, db: None) -> None:
    answer = client.get("/settings/tables/login/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
