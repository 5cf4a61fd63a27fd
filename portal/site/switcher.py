"""The switcher: a menu of organizations with a search, which stays on the section that one is in."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_fragment
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.functional import cached_property

from portal.accounts.guard import current_user, signed_in
from portal.core.pages import render, text_param, wants_fragment
from portal.organizations.forms import ChooseForm
from portal.organizations.models import Organization
from portal.organizations.roles import Role, allows
from portal.organizations.views.guard import current_organization

#: Organizations that the menu lists; beyond them one searches.
LISTED = 20
#: Lists across organizations that ``?organization=`` narrows to one.
ACROSS = frozenset({"jobs"})
#: Where choosing an organization leads when a person can't use the section there, the first that they can.
FALLBACKS = ("organization", "my_connection")


class Switcher:
    """What the frame shows of organizations around one page."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def is_menu(self) -> bool:
        """Return whether there is anything to switch to."""
        user = current_user(self._request)
        return user.is_operator or Organization.objects.visible_to(user).count() > 1

    @cached_property
    def organization(self) -> Organization | None:
        """Return the organization that the page is about; None on a page of all organizations.

        People who have only one always read its name.
        """
        match = self._request.resolver_match
        if not self.is_menu or (match is not None and "slug" in match.kwargs):
            return current_organization(self._request)
        slug = text_param(self._request.GET, "organization") if self.section in ACROSS else ""
        return Organization.objects.visible_to(self._request.user).filter(slug=slug).first() if slug else None

    @cached_property
    def section(self) -> str:
        return section_of(self._request)

    @property
    def has_all(self) -> bool:
        """Return whether there is a page of all organizations to go to."""
        return current_user(self._request).is_operator

    @property
    def all_url(self) -> str:
        """Return the page of all organizations: the list one is in, if it is one, else the list of organizations."""
        return reverse(self.section if self.section in ACROSS else "organizations")


@dataclass(frozen=True)
class Choice:
    """An organization to choose, and the page that choosing it leads to."""

    organization: Organization
    url: str
    is_current: bool


def section_of(request: HttpRequest) -> str:
    """Return the URL name of the section that this page is in, empty where it is in none.

    That is the nearest page above it that every organization has once: of a contact, the contacts.
    """
    match = request.resolver_match
    if match is None or "slug" not in match.kwargs:
        return str(match.url_name) if match is not None and match.url_name in ACROSS else ""
    parts = request.path_info.strip("/").split("/")
    for length in range(len(parts), 1, -1):
        try:
            found = resolve(f"/{'/'.join(parts[:length])}/")
        except Resolver404:
            continue
        if set(found.kwargs) == {"slug"}:
            return str(found.url_name)
    return ""


def url_of(organization: Organization, role: Role, section: str) -> str:
    """Return the page of this section for an organization, or the nearest that ``role`` may open."""
    if section in ACROSS and role is not Role.OFFICER:
        return f"{reverse(section)}?organization={organization.slug}"
    for name in (section, *FALLBACKS):
        try:
            url = reverse(name, kwargs={"slug": organization.slug})
        except NoReverseMatch:
            continue
        capability = getattr(resolve(url).func, "capability", None)
        if capability is not None and allows(role, capability):
            return url
    return reverse("home")


@signed_in
def choose_organization(request: HttpRequest) -> HttpResponse:
    """List the organizations that this person may see, to choose the one to work in; for htmx, only the list."""
    user = current_user(request)
    visible = Organization.objects.visible_to(user)
    section = text_param(request.GET, "section")
    found = ChooseForm(request.GET).found(visible, LISTED + 1)
    current = current_organization(request)
    roles = {} if user.is_operator else dict(user.memberships.values_list("organization_id", "role"))
    choices = [
        Choice(row, url_of(row, Role(roles.get(row.pk, Role.OPERATOR)), section), row == current)
        for row in found[:LISTED]
    ]
    context = {
        "choices": choices,
        "are_more": len(found) > LISTED,
        "words": text_param(request.GET, "q").strip(),
        "section": section,
    }
    if wants_fragment(request):
        return render_fragment(request, "site/switcher_choices.html", context)
    return render(request, "site/choose_organization.html", context, title="Choose an organization")
