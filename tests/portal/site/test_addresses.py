"""Every address of the portal, visited by every role, here and elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.portal.people import person
from tests.portal.scene import ANONYMOUS, BOOK, ELSEWHERE, NAME, OPERATOR, OWN, VISITORS, Scene, build
from tests.portal.site.addresses import ADDRESSES, Address

pytestmark = pytest.mark.django_db


def walk(patterns: list[Any], namespace: str = "", route: str = "/") -> Iterator[tuple[str, str]]:
    """The full name and the route of every address."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern.url_patterns, inner, route + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield namespace + (pattern.name or ""), route + str(pattern.pattern)


def addresses() -> list[tuple[str, str]]:
    return list(walk(get_resolver().url_patterns))


@pytest.fixture
def scene() -> Scene:
    return build()


def browser(scene: Scene, visitor: str) -> Client:
    client = Client()
    if visitor != ANONYMOUS:
        client.force_login(scene.people[visitor])
    return client


class Browsers(dict[str, Client]):
    """One browser for each visitor, who signs in when it is first used."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene

    def __missing__(self, visitor: str) -> Client:
        self[visitor] = browser(self.scene, visitor)
        return self[visitor]


def visit(
    scene: Scene, visitor: str, name: str, client: Client | None = None, **instead: object
) -> HttpResponse:
    address = ADDRESSES[name]
    path = reverse(name, kwargs=address.fill(scene) | instead)
    client = client or browser(scene, visitor)
    return client.post(path, address.data) if address.posts else client.get(path)


def leads_to_sign_in(page: HttpResponse) -> bool:
    return page.status_code == 302 and page.headers["Location"].startswith(reverse("account_login"))


def may_enter(address: Address, visitor: str) -> bool:
    return address.public or (address.shared and visitor != ANONYMOUS) or visitor in address.allowed


def together(names: list[str]) -> list[Any]:
    """The names that one test visits: those of Django's admin all at once, any other alone."""
    admin = [name for name in names if name.startswith("admin:")]
    alone = [pytest.param([name], id=name) for name in names if name not in admin]
    return [*alone, pytest.param(admin, id="admin")]


def test_every_address_has_its_row_in_the_table() -> None:
    # the admin's answer to addresses that do not exist has no name: `test_admin_site` visits it
    names = {name for name, _ in addresses()} - {"admin:"}
    missing, stale = names - ADDRESSES.keys(), ADDRESSES.keys() - names
    assert not missing, f"add to tests/portal/site/addresses.py who may open: {sorted(missing)}"
    assert not stale, f"take out of tests/portal/site/addresses.py: {sorted(stale)}"


@pytest.mark.parametrize("names", together(sorted(ADDRESSES)))
def test_only_those_who_may_get_in_and_nobody_else_reads_a_name(scene: Scene, names: list[str]) -> None:
    browsers = Browsers(scene)
    for name in names:
        everybody_visits(scene, name, browsers)


def everybody_visits(scene: Scene, name: str, browsers: Browsers) -> None:
    address = ADDRESSES[name]
    # whoever may not goes first, so that nothing is used up by those who may
    for visitor in sorted(VISITORS, key=lambda visitor: may_enter(address, visitor)):
        # who may enter signs in for each page, because some pages sign out
        page = visit(scene, visitor, name, None if may_enter(address, visitor) else browsers[visitor])
        told = f"{visitor} got {page.status_code} at {name}"
        if may_enter(address, visitor):
            assert page.status_code < 400 or page.status_code == address.refuses, told
            assert address.public or not leads_to_sign_in(page), told
        elif visitor == ANONYMOUS and not address.hidden:
            assert leads_to_sign_in(page), told
        else:
            assert page.status_code == 404, told
        # an invitation's link is made to be read by whoever holds it
        if name != "invitation":
            assert_keeps_to_itself(page, visitor)


def assert_keeps_to_itself(page: HttpResponse, visitor: str) -> None:
    """People elsewhere read no name of the organization; an officer reads nobody else's book.

    Nobody but an operator reads an operator's email address.
    """
    text = page.getvalue().decode(errors="replace")  # the logo is no text
    assert visitor == "operator" or OPERATOR not in text, f"{visitor} reads an operator's address"
    assert visitor in OWN or NAME not in text, f"{visitor} reads the organization's name"
    assert visitor in OWN and visitor != "colleague" or BOOK not in text, (
        f"{visitor} reads the officer's book"
    )


def test_the_names_that_others_must_not_read_are_there_for_those_who_may(scene: Scene) -> None:
    for visitor in ("operator", "admin", "editor", "viewer", "officer"):
        assert BOOK in visit(scene, visitor, "contacts").content.decode()
        assert NAME in visit(scene, visitor, "choose_organization").content.decode()


@pytest.mark.parametrize(
    "names", together(sorted(name for name, row in ADDRESSES.items() if row.allowed and not row.posts))
)
def test_sending_a_form_to_a_screen_of_others_finds_nothing_either(scene: Scene, names: list[str]) -> None:
    browsers = Browsers(scene)
    for name in names:
        address = ADDRESSES[name]
        for visitor in (*ELSEWHERE, *sorted(set(OWN) - address.allowed)):
            path = reverse(name, kwargs=address.fill(scene))
            page = browsers[visitor].post(path, {"name": "x", "email": "x@evil.example", "role": "admin"})
            assert page.status_code == 404, f"{visitor} got {page.status_code} at {name}"


def nested() -> list[str]:
    """Addresses of a thing in an organization."""
    routes = dict(addresses())
    return sorted(name for name in ADDRESSES if "slug" in routes[name] and "pk" in routes[name])


@pytest.mark.parametrize("name", nested())
@pytest.mark.parametrize("visitor", ["operator", "admin elsewhere", "officer elsewhere"])
def test_a_thing_does_not_exist_under_another_organization(scene: Scene, name: str, visitor: str) -> None:
    assert visit(scene, visitor, name, slug=scene.other.slug).status_code == 404


@pytest.mark.django_db
def test_a_wrong_address_keeps_the_menu_for_whoever_is_signed_in(client: Client) -> None:
    signed_out = client.get("/nowhere/")
    assert signed_out.status_code == 404 and 'aria-label="Main"' not in signed_out.content.decode()
    client.force_login(person("ada@cedar.example"))
    page = client.get("/nowhere/").content.decode()
    assert 'aria-label="Main"' in page and page.count("Page not found") == 2
