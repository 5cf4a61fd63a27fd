"""Back and Forward after htmx changed a page, double clicks, and pages without JavaScript."""

import re
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Membership
from tests.browser.actions import by_password
from tests.browser.visitors import Visitors
from tests.portal.scene import NAME, Scene, build

CONTACTS = "/organizations/cedar-home-lending/contacts/"


@pytest.fixture
def hosts(portal: str) -> set[str]:
    return {urlsplit(portal).netloc}


@pytest.fixture
def scene(portal: str) -> Scene:
    return build()


def signed_in(visitors: Visitors, portal: str, role: str, *, javascript: bool = True) -> Page:
    page = visitors.new(javascript=javascript)
    by_password(page, portal, f"{role}@cedar.example")
    return page


def assert_whole_list(page: Page, search: str) -> None:
    expect(page.get_by_role("heading", level=1, name="Contacts")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value(search)


def test_back_forward_and_reload_show_the_whole_page(scene: Scene, portal: str, visitors: Visitors) -> None:
    page = signed_in(visitors, portal, "viewer")
    page.goto(portal + CONTACTS)
    page.get_by_role("searchbox", name="Search").fill("zephyrine")
    expect(page).to_have_url(re.compile(r"\?q=zephyrine$"))
    page.get_by_role("link", name="Zephyrine Quill").click()
    expect(page.get_by_role("heading", level=1, name="Zephyrine Quill")).to_be_visible()
    page.go_back()
    assert_whole_list(page, "zephyrine")
    expect(page.get_by_role("link", name="Zephyrine Quill")).to_be_visible()
    page.reload()
    assert_whole_list(page, "zephyrine")
    page.go_back()
    assert_whole_list(page, "")
    page.go_forward()
    assert_whole_list(page, "zephyrine")
    page.goto(f"{portal}/jobs/")
    page.get_by_label("State").select_option("failed")
    expect(page).to_have_url(re.compile("state=failed"))
    page.goto(portal + CONTACTS)
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Jobs")).to_be_visible()
    expect(page.get_by_label("State")).to_have_value("failed")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_double_click_accepts_an_invitation_once(
    scene: Scene, portal: str, visitors: Visitors, javascript: bool
) -> None:
    _, link = invitations.invite(
        organization=scene.organization,
        email="new@cedar.example",
        role="officer",
        actor=scene.people["operator"],
    )
    page = visitors.new(javascript=javascript)
    page.goto(portal + urlsplit(link).path)
    page.get_by_role("button", name=re.compile("Accept|Review|Continue")).dblclick()
    expect(page.get_by_role("heading", level=1, name=f"Connect {NAME} to Total Expert")).to_be_visible()
    assert Membership.objects.filter(user__email="new@cedar.example").count() == 1
    assert portal == settings.PORTAL_URL


def test_everything_but_progress_works_without_javascript(
    scene: Scene, portal: str, visitors: Visitors
) -> None:
    page = signed_in(visitors, portal, "admin", javascript=False)
    page.goto(portal + CONTACTS)
    page.get_by_role("searchbox", name="Search").first.fill("zephyrine")
    page.get_by_role("button", name="Search", exact=True).last.click()
    assert_whole_list(page, "zephyrine")
    page.get_by_role("link", name="Zephyrine Quill").click()
    page.get_by_role("link", name="All fields").click()
    expect(page.get_by_text("First name")).to_be_visible()

    page.goto(f"{portal}/jobs/")
    page.get_by_label("State").select_option("failed")
    page.get_by_role("button", name="Apply filters").click()
    expect(page).to_have_url(re.compile("state=failed"))

    page.goto(f"{portal}/organizations/{scene.organization.slug}/members/")
    page.get_by_label("Email").fill("new@cedar.example")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("new@cedar.example")
    page.get_by_role("button", name="Withdraw invitation of new@cedar.example").click()
    expect(page.get_by_text("The link no longer works.")).to_be_visible()
    assert Invitation.objects.get(email="new@cedar.example").withdrawn_at is not None

    page.goto(f"{portal}/organizations/{scene.organization.slug}/connections/{scene.connection.pk}/")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused").first).to_be_visible()
