"""The left menu: the same order for everybody, each role sees only what it can use."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from portal.organizations.models import Organization
from portal.organizations.roles import Role
from portal.organizations.views.guard import current_organization


@dataclass(frozen=True)
class MenuEntry:
    title: str
    icon: str
    url: str
    current: bool


def entries(request: HttpRequest) -> list[MenuEntry]:
    """The menu of whoever is signed in, for the organization they last looked at. Made once a request."""
    if not hasattr(request, "portal_menu"):
        organization = current_organization(request)
        role = organization.role_of(request.user) if organization else None  # type: ignore[arg-type]
        rows = _addresses(request, organization, role)
        current = _current(request.path, [url for _, _, url in rows])
        request.portal_menu = [  # type: ignore[attr-defined]
            MenuEntry(title, icon, url, url == current) for title, icon, url in rows
        ]
    menu: list[MenuEntry] = request.portal_menu  # type: ignore[attr-defined]
    return menu


def _addresses(
    request: HttpRequest, organization: Organization | None, role: Role | None
) -> list[tuple[str, str, str]]:
    operator = bool(getattr(request.user, "is_operator", False))
    contacts = (
        reverse("contacts", args=[organization.slug]) if organization else reverse("choose_organization")
    )
    if role is Role.OFFICER:
        assert organization is not None
        mine = reverse("my_connection", args=[organization.slug])
        return [
            ("Home", "home", reverse("home")),
            ("My connection", "cable", mine),
            ("My contacts", "contacts", contacts),
        ]
    rows = [("Home", "home", reverse("home")), ("Organizations", "apartment", reverse("organizations"))]
    if operator or organization:
        rows += [("Contacts", "contacts", contacts), ("Jobs", "pending_actions", reverse("jobs"))]
    if operator:
        rows.append(("Settings", "settings", reverse("settings")))
    return rows


def _current(path: str, urls: list[str]) -> str | None:
    """The entry that ``path`` is under: the longest one, since an organization's contacts are under organizations.

    What an organization has of something with a menu entry of its own (its jobs) is under that entry.
    """
    inside = "/" + "/".join(path.split("/")[3:]) if path.startswith("/organizations/") else path
    for place in (inside, path):
        under = [url for url in urls if path == url or (url != "/" and place.startswith(url))]
        if under:
            return max(under, key=len)
    return None
