"""The frame of an organization's pages: state, actions and tabs.

Apps add theirs in ``AppConfig.ready()`` with `register_header` and `register_tab`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import resolve, reverse
from django.utils.safestring import SafeString

from portal.core.pages import render
from portal.organizations.models import Organization
from portal.organizations.roles import allows
from portal.organizations.views.guard import current_role


@dataclass(frozen=True)
class Action:
    """A link in the header. The first one that ``can_be_primary`` is the page's button; the others are under "More"."""

    label: str
    url: str
    icon: str
    can_be_primary: bool = False


@dataclass(frozen=True)
class Header:
    """What one app adds to the header: badges beside the name, and actions."""

    badges: Sequence[SafeString] = ()
    actions: Sequence[Action] = ()


@dataclass(frozen=True)
class Tab:
    url_name: str
    title: str
    order: int


BuildHeader = Callable[[HttpRequest, Organization], Header]

_headers: dict[str, tuple[int, BuildHeader]] = {}
_tabs: dict[str, Tab] = {}


def register_header(name: str, *, order: int) -> Callable[[BuildHeader], BuildHeader]:
    """Decorate ``build(request, organization)``, which returns what an app adds to the header. Lower orders come first."""

    def decorate(build: BuildHeader) -> BuildHeader:
        _headers[name] = (order, build)
        return build

    return decorate


def register_tab(url_name: str, *, title: str, order: int) -> None:
    """Add a tab. It shows for roles that may open its page, whose URL has the organization's slug and nothing else."""
    _tabs[url_name] = Tab(url_name, title, order)


def tabs(request: HttpRequest, organization: Organization) -> list[tuple[Tab, str]]:
    """Return the tabs that the person may open, each with its URL."""
    role = current_role(request)
    found = []
    for tab in sorted(_tabs.values(), key=lambda tab: tab.order):
        url = reverse(tab.url_name, args=[organization.slug])
        if role is not None and allows(role, resolve(url).func.capability):  # type: ignore[attr-defined]
            found.append((tab, url))
    return found


def render_tab(
    request: HttpRequest, organization: Organization, template: str, context: dict[str, Any], *, tab: str
) -> HttpResponse:
    """Render one tab of an organization. ``tab`` is its URL name; ``template`` extends "organizations/page.html"."""
    headers = [
        build(request, organization) for _, build in sorted(_headers.values(), key=lambda each: each[0])
    ]
    actions = [action for header in headers for action in header.actions]
    primary = next((action for action in actions if action.can_be_primary), None)
    frame = {
        "organization": organization,
        "badges": [badge for header in headers for badge in header.badges],
        "primary": primary,
        "more": [action for action in actions if action is not primary],
        "tabs": tabs(request, organization),
        "tab": tab,
    }
    return render(request, template, {**frame, **context}, title=organization.name)
