"""Django's admin in a browser: what an operator does there, that nobody else gets in, and that everyone can read it."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from integrations.connections.models import Connection, ConnectionState
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.audit.models import Entry
from tests.browser.accessibility import assert_accessible_in_every_look, assert_fits
from tests.browser.actions import by_password, with_session
from tests.browser.visitors import Visitors
from tests.portal.admin_objects import OBJECTS, more
from tests.portal.people import PASSWORD, person, totp_code, with_app
from tests.portal.scene import BOOK, ELSEWHERE, OWN, Scene, build

OLIVE = "olive@partner.example"


@pytest.fixture
def hosts(portal: str) -> set[str]:
    return {urlsplit(portal).netloc}


@pytest.fixture
def scene(portal: str) -> Scene:
    """The scene with more rows in every table, and a failed job."""
    scene = build()
    more(scene)
    Job.objects.filter(pk=scene.job.pk).update(state=JobState.FAILED, problem="Total Expert is down.")
    return scene


@pytest.fixture
def operator(portal: str, scene: Scene) -> tuple[User, str]:
    """An operator and the secret of their authenticator app."""
    user = person(OLIVE, operator=True, factor=False)
    return user, with_app(user)


def sign_in(page: Page, portal: str, secret: str, step: int = 0) -> None:
    """Open the admin signed out, and sign in with password and code."""
    page.goto(f"{portal}/admin/login/")
    page.get_by_label("Email").fill(OLIVE)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Verify it's you")).to_be_visible()
    page.get_by_label("Code").fill(totp_code(secret, step))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{portal}/admin/")


def confirm(page: Page, action: str) -> None:
    """Choose an action of an object's page and confirm it."""
    page.get_by_role("link", name=f"{action}…").click()
    page.get_by_role("button", name=re.compile(action)).click()


def test_an_operator_finds_a_contact_pauses_a_connection_and_retries_a_job(
    portal: str, scene: Scene, operator: tuple[User, str], page: Page
) -> None:
    user, secret = operator
    sign_in(page, portal, secret)
    page.get_by_role("link", name="Contacts", exact=True).click()
    expect(page.get_by_text("is empty until you choose an organization")).to_be_visible()
    page.get_by_role("link", name=scene.organization.name).click()
    page.get_by_role("searchbox", name="Search").fill(BOOK.lower())
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=re.compile(BOOK)).click()
    expect(page.get_by_role("link", name="Open in the portal")).to_be_visible()
    expect(page.get_by_text(BOOK).first).to_be_visible()

    page.goto(f"{portal}/admin/connections/connection/{scene.connection.pk}/change/")
    confirm(page, "Pause")
    expect(page.get_by_text("Paused.")).to_be_visible()
    assert Connection.objects.get(pk=scene.connection.pk).state == ConnectionState.PAUSED

    page.goto(f"{portal}/admin/jobs/job/?state=failed")
    page.get_by_role("link", name=re.compile(rf"^{scene.job.pk}\b")).click()
    confirm(page, "Retry")
    expect(page.get_by_text("Started again.")).to_be_visible()
    assert Job.objects.get(pk=scene.job.pk).state == JobState.WAITING
    done = Entry.objects.filter(actor=user).values_list("action", flat=True)
    assert {"connection.paused", "job.retried"} <= set(done)


def test_a_bulk_edit_begins_in_the_list_of_contacts_and_ends_on_the_page_of_its_plan(
    portal: str, scene: Scene, page: Page
) -> None:
    with_session(page, portal, scene.people["operator"])
    page.goto(f"{portal}/admin/directory/contact/?organization={scene.organization.pk}")
    page.get_by_role("row", name=re.compile(BOOK)).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Bulk edit…")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("Choose what to change about 1 contact.")).to_be_visible()
    page.get_by_label("Field 1").select_option("city")
    page.get_by_label("New value 1").fill("Duluth")
    page.get_by_role("button", name="Review changes").click()
    expect(page).to_have_url(re.compile(r"/organizations/[\w-]+/bulk-edits/\d+/$"))
    expect(page.get_by_text("Set City to “Duluth”").first).to_be_visible()


def test_the_password_alone_opens_no_page_of_it(
    portal: str, operator: tuple[User, str], page: Page, visitors: Visitors
) -> None:
    by_password(page, portal, OLIVE)
    expect(page.get_by_role("heading", name="Verify it's you")).to_be_visible()
    answer = page.goto(f"{portal}/admin/jobs/job/")
    assert answer is not None and answer.status == 404
    visitors.forgive(page, "404")


def test_everyone_else_gets_404_there(portal: str, scene: Scene, page: Page) -> None:
    for role in {*OWN, *ELSEWHERE} - {"operator"}:
        with_session(page, portal, scene.people[role])
        assert page.request.get(portal).ok
        for address in ("", f"connections/connection/{scene.connection.pk}/change/", "directory/contact/"):
            assert page.request.get(f"{portal}/admin/{address}").status == 404, f"{role} at {address}"


def pages(scene: Scene) -> list[str]:
    """The index, and where the tables look different a list, a search, an object, its history and a confirmation."""
    organization = f"organization={scene.organization.pk}"
    call = OBJECTS["connections.call"](scene)
    return [
        "",
        "organizations/organization/?q=cedar",
        f"organizations/organization/{scene.organization.pk}/change/",
        "connections/connection/?q=nothing-like-it",
        f"connections/connection/{scene.connection.pk}/change/",
        f"connections/connection/{scene.connection.pk}/history/",
        f"connections/connection/{scene.connection.pk}/action/revoke/",
        f"connections/call/?connection={scene.connection.pk}",
        f"connections/call/{call.pk}/change/",
        "directory/contact/",
        f"directory/contact/?{organization}&q=zephyrine",
        f"jobs/job/{scene.job.pk}/change/",
        f"accounts/user/{scene.people['admin'].pk}/change/",
    ]


def alike(scene: Scene) -> list[str]:
    """Pages that show other tables as `pages` does."""
    request = OBJECTS["connections.tokenrequest"](scene)
    return [
        "connections/",
        "organizations/organization/",
        "organizations/invitation/",
        "connections/connection/",
        f"connections/tokenrequest/{request.pk}/change/",
        f"directory/contact/?organization={scene.organization.pk}",
        f"directory/contact/{scene.contact.pk}/change/",
        "jobs/job/",
        f"jobs/job/{scene.job.pk}/action/retry/",
        "audit/entry/",
    ]


def test_its_pages_keep_the_policy(portal: str, scene: Scene, operator: tuple[User, str], page: Page) -> None:
    """`visitors` fails on any violation."""
    with_session(page, portal, operator[0])
    for address in alike(scene):
        answer = page.goto(f"{portal}/admin/{address}")
        assert answer is not None and answer.status == 200, address
        assert_fits(page)


def test_its_pages_can_be_read_by_everyone(
    portal: str, scene: Scene, operator: tuple[User, str], page: Page
) -> None:
    """They keep the policy too: `visitors` fails on any violation."""
    with_session(page, portal, operator[0])
    for address in pages(scene):
        answer = page.goto(f"{portal}/admin/{address}")
        assert answer is not None and answer.status == 200, address
        assert_accessible_in_every_look(page)
