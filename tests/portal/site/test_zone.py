"""Pages show their times in the viewer's time zone."""

import datetime as dt

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.core import times
from portal.organizations.models import Membership, Organization
from portal.organizations.roles import Role
from portal.site.zone import COOKIE, ViewerZoneMiddleware

AT = dt.datetime(2026, 3, 13, 2, 30, tzinfo=dt.UTC)


def drawn_for(zone: str | None) -> str:
    """What a page says of the time for a browser with this cookie."""
    request = RequestFactory().get("/")
    if zone is not None:
        request.COOKIES[COOKIE] = zone

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(times.exact(AT))

    return ViewerZoneMiddleware(page)(request).content.decode()


def test_times_are_in_the_zone_that_the_browser_tells() -> None:
    assert drawn_for("America/Chicago") == "Thu, Mar 12, 2026, 21:30:00 CDT"
    assert drawn_for("Europe/Berlin") == "Fri, Mar 13, 2026, 03:30:00 CET"


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../../etc/passwd", "x" * 4000])
def test_without_a_known_zone_times_are_in_utc(zone: str | None) -> None:
    assert drawn_for(zone) == "Fri, Mar 13, 2026, 02:30:00 UTC"


def test_the_zone_ends_with_the_request() -> None:
    drawn_for("America/Chicago")
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_page_of_the_portal_is_in_the_viewers_zone(db: None) -> None:
    user = User.objects.create_user("vera@example.com")
    cedar = Organization.objects.create(name="Cedar", slug="cedar", created_at=AT)
    Membership.objects.create(user=user, organization=cedar, role=Role.VIEWER, created_at=AT)
    client = Client()
    client.force_login(user)
    client.cookies[COOKIE] = "America/Chicago"
    page = client.get(reverse("organization", args=["cedar"])).content.decode()
    assert "Thu, Mar 12, 2026, 21:30:00 CDT" in page
    assert "Fri, Mar 13, 2026, 02:30:00 UTC" in page
