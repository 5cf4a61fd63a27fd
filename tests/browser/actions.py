"""What people do in the demo's browser tests: sign in, create an organization, invite, allow access."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from tests.browser.accessibility import assert_accessible
from tests.browser.demo import Demo
from tests.portal.people import PASSWORD
from tests.processes import ROOT

#: Milliseconds for the worker to verify a connection and sync it.
SYNC_MS = 300_000
#: The first of the sandbox's organizations that the story does not use.
FREE = 4


def sandbox_organization(demo: Demo, number: int = FREE) -> dict[str, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{demo.sandbox}/_sandbox/credentials") as answer:
        found: dict[str, Any] = json.loads(answer.read())["organizations"][number]
    return found


def click_persona(page: Page, demo: Demo, role: str) -> None:
    """Sign in with one click on the sign-in page."""
    page.goto(f"{demo.portal}/accounts/login/")
    expect(page.get_by_text("Outside the demo, operators need a second factor")).to_be_visible()
    page.get_by_role("button", name=re.compile(rf"\b{role}\b", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()


def sign_in_as(page: Page, demo: Demo, role: str, path: str = "/") -> None:
    """Do as that click does without showing the sign-in page and Home, and open ``path``. Ends an earlier session."""
    page.context.clear_cookies()
    html = page.request.get(f"{demo.portal}/accounts/login/").text()
    forms = re.findall(r'action="(/demo/sign-in/\d+/)">.*?value="(\w+)">.*?>(\w+)</span></button>', html)
    address, token = next(form[:2] for form in forms if form[2] == role)
    fields = {"csrfmiddlewaretoken": token}
    answer = page.request.post(demo.portal + address, form=fields, max_redirects=0)
    assert answer.status == 302, answer
    page.goto(demo.portal + path)


def by_password(page: Page, portal: str, email: str) -> None:
    """Sign in outside the demo, as far as the password goes."""
    page.goto(f"{portal}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():  # opening another page before the answer is there would cancel the sign-in
        page.get_by_role("button", name="Sign in", exact=True).click()


def with_session(page: Page, portal: str, user: User) -> None:
    """Make this page's browser the one of ``user``, signed in already. For the portal of this process."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": portal}])


def create_organization(page: Page, demo: Demo, name: str) -> None:
    page.goto(f"{demo.portal}/organizations/")
    page.get_by_role("link", name="Create an organization").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def invite(page: Page, demo: Demo, slug: str, email: str, role: str) -> str:
    """Invite someone. Return the link, which the page shows once."""
    page.goto(f"{demo.portal}/organizations/{slug}/members/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Role", exact=True).select_option(role)
    page.get_by_role("button", name=re.compile("^Invite")).click()
    link = page.locator("input[value*='/invitations/']").input_value()
    assert link.startswith(f"{demo.portal}/invitations/")
    return link


def allow_at_the_sandbox(page: Page, user: dict[str, Any], button: str = "Allow") -> None:
    page.get_by_label("User name or email").fill(user["username"])
    page.get_by_label("Password").fill(user["password"])
    page.get_by_role("button", name="Sign in").click()
    assert_accessible(page)
    page.get_by_role("button", name=button).click()


def inside(demo: Demo, script: str) -> str:
    """Run a few lines of Python in the demo's own Django. Return what they print."""
    setup = "import django; django.setup()\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + script],
        cwd=ROOT,
        env={**os.environ, **demo.told["environment"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
