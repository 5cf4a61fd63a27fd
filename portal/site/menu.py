"""The menu: the same order for everybody; each role sees only what it can use."""

import contextlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from portal.organizations.models import Organization
from portal.organizations.roles import Role
from portal.organizations.views.guard import current_organization, current_role

#: Entries that the bar at the bottom of a phone has room for; the others are under "More".
BAR = 4


@dataclass(frozen=True)
class MenuEntry:
    title: str
    icon: str
    url: str
    is_current: bool = False
    is_quiet: bool = False


@dataclass(frozen=True)
class Menu:
    """Entries in groups. ``title`` of a group is empty where the group needs none."""

    groups: list[tuple[str, list[MenuEntry]]]

    @property
    def entries(self) -> list[MenuEntry]:
        return [entry for _, entries in self.groups for entry in entries]

    @property
    def bar(self) -> list[MenuEntry]:
        """Return the entries that a phone shows at once."""
        return self.entries[:BAR]

    @property
    def more(self) -> list[MenuEntry]:
        """Return the entries that a phone shows under "More"."""
        return self.entries[BAR:]


def of(request: HttpRequest) -> Menu:
    """Return the menu of the person who is signed in, for the organization they work in. Made once a request."""
    if not hasattr(request, "portal_menu"):
        request.portal_menu = _menu(request)  # type: ignore[attr-defined]
    menu: Menu = request.portal_menu  # type: ignore[attr-defined]
    return menu


def _menu(request: HttpRequest) -> Menu:
    groups = _groups(request)
    current = _current(request.path, [entry.url for _, entries in groups for entry in entries])
    return Menu(
        [
            (
                title,
                [
                    MenuEntry(entry.title, entry.icon, entry.url, entry.url == current, entry.is_quiet)
                    for entry in entries
                ],
            )
            for title, entries in groups
        ]
    )


def _groups(request: HttpRequest) -> list[tuple[str, list[MenuEntry]]]:
    home = MenuEntry("Home", "home", reverse("home"))
    if getattr(request.user, "is_operator", False):
        return _of_operator(home, current_organization(request))
    organization = current_organization(request)
    if organization is None:
        return [("", [home])]
    if current_role(request) is Role.OFFICER:
        return [
            (
                "",
                [
                    home,
                    MenuEntry("My connection", "cable", reverse("my_connection", args=[organization.slug])),
                    MenuEntry("My contacts", "contacts", reverse("contacts", args=[organization.slug])),
                    MenuEntry("My groups", "list_alt", reverse("groups", args=[organization.slug])),
                    _bulk_edits(organization),
                ],
            )
        ]
    return [
        ("", [home]),
        (
            "Data",
            [
                MenuEntry("Contacts", "contacts", reverse("contacts", args=[organization.slug])),
                MenuEntry("Groups", "list_alt", reverse("groups", args=[organization.slug])),
                _bulk_edits(organization),
            ],
        ),
        (
            "Work",
            [
                MenuEntry("Organization", "apartment", reverse("organization", args=[organization.slug])),
                MenuEntry("Jobs", "pending_actions", reverse("jobs")),
            ],
        ),
    ]


def _bulk_edits(organization: Organization) -> MenuEntry:
    return MenuEntry("Bulk edits", "edit", reverse("bulk_edits", args=[organization.slug]))


def _of_operator(home: MenuEntry, organization: Organization | None) -> list[tuple[str, list[MenuEntry]]]:
    contacts, groups, edits = (
        reverse(section, args=[organization.slug])
        if organization
        else f"{reverse('choose_organization')}?section={section}"
        for section in ("contacts", "groups", "bulk_edits")
    )
    administration = [MenuEntry("Settings", "settings", reverse("settings"))]
    with contextlib.suppress(NoReverseMatch):  # where it is not installed
        admin = reverse("admin:index")
        administration.append(MenuEntry("Django admin", "admin_panel_settings", admin, is_quiet=True))
    return [
        ("", [home]),
        (
            "Data",
            [
                MenuEntry("Contacts", "contacts", contacts),
                MenuEntry("Groups", "list_alt", groups),
                MenuEntry("Bulk edits", "edit", edits),
            ],
        ),
        (
            "Work",
            [
                MenuEntry("Organizations", "apartment", reverse("organizations")),
                MenuEntry("Jobs", "pending_actions", reverse("jobs")),
            ],
        ),
        ("Administration", administration),
    ]


def _current(path: str, urls: list[str]) -> str | None:
    """Return the entry that ``path`` is under: the longest one, since an organization's contacts are under it.

    What an organization has of something with a menu entry of its own (its jobs) is under that entry.
    """
    inside = "/" + "/".join(path.split("/")[3:]) if path.startswith("/organizations/") else path
    for place in (inside, path):
        under = [url for url in urls if path == urlsplit(url).path or (url != "/" and place.startswith(url))]
        if under:
            return max(under, key=len)
    return None
