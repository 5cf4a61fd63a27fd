"""The demo's story: two weeks of work in the portal, done by the real code over HTTP.

No rows are inserted, except the operator's account and the two environments. A scripted visitor presses the buttons that a
person presses, the worker runs the jobs, and the clocks of the sandbox and the portal are moved together.
"""

import datetime as dt
import json
import re
import time
import urllib.request
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Count

from integrations.connections.grants import client_credentials
from integrations.connections.limits import forecast
from integrations.connections.models import Environment, Installation
from integrations.directory.models import Contact
from integrations.directory.sync import jobs
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.core import clock
from portal.demo import cast, mail, partner
from portal.demo.visitor import Visitor
from portal.organizations.models import Organization

#: Seconds to wait for the worker or for mail. Only a very busy machine needs as long.
TIMEOUT = 600.0
#: Wait for a job that may continue within this time. For a later one, move the clocks.
SOON = dt.timedelta(seconds=5)


class Stage:
    """What the story plays on: the two servers, the sandbox's organizations and users, and the signed-in operator."""

    def __init__(self, *, portal: str, sandbox: str, tokens_per_hour: int) -> None:
        self.portal, self.sandbox = portal, sandbox
        self.tokens_per_hour = tokens_per_hour
        self.credentials: dict[str, Any] = self.call_sandbox("/_sandbox/credentials")
        self.operator = Visitor()

    def call_sandbox(self, path: str, data: Any = None) -> Any:
        """Call a control endpoint of the sandbox."""
        body = json.dumps(data).encode() if data is not None else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.sandbox + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def organization(self, name: str) -> dict[str, Any]:
        """Return an organization of the sandbox with its credentials and users."""
        found: dict[str, Any] = next(row for row in self.credentials["organizations"] if row["name"] == name)
        return found

    def address(self, name: str, path: str = "") -> str:
        return f"{self.portal}/organizations/{Organization.objects.get(name=name).slug}/{path}"

    def pass_time(self, hours: float) -> None:
        """Move both clocks."""
        self.call_sandbox("/_sandbox/clock", {"advance": int(hours * 3600)})
        clock.advance(hours * 3600)

    def wait_until(self, what: str, done: Callable[[], bool]) -> None:
        """Wait for the worker. Raise TimeoutError that names ``what``."""
        until = time.monotonic() + TIMEOUT
        while not done():
            if time.monotonic() > until:
                raise TimeoutError(f"{what} did not happen within {TIMEOUT:.0f} s.")
            time.sleep(0.05)

    def wait_for_jobs(self) -> None:
        self.wait_until("The end of all jobs", self._work_is_done)

    def _work_is_done(self) -> bool:
        """Return whether all jobs have ended. If the others all wait for a later time, move both clocks to the first one.

        A single query reads the jobs, because the worker may change them between two queries.
        """
        jobs = Job.objects.filter(state__in=[JobState.WAITING, JobState.RUNNING])
        left = list(jobs.values_list("state", "waits_until"))
        wait = time_to_first(left, clock.now())
        if wait is not None:
            self.pass_time(wait.total_seconds() / 3600 + 0.001)
        return not left

    def wait_for_token_request(self) -> None:
        """Move the clocks until a person who gives access does not have to wait for a token request."""
        for environment in Environment.objects.filter(application__isnull=False):
            wait = (forecast.next_available_time(environment) - clock.now()).total_seconds()
            if wait > 0:
                self.pass_time(wait / 3600 + 0.001)


def time_to_first(jobs: Sequence[tuple[str, dt.datetime | None]], now: dt.datetime) -> dt.timedelta | None:
    """Return how long it is until the first of these jobs, given as (state, waits until), may continue.

    None if there is no job, or if one of them may continue within seconds.
    """
    waits = [at - now for state, at in jobs if state == JobState.WAITING and at is not None]
    if not waits or len(waits) < len(jobs) or min(waits) <= SOON:
        return None
    return min(waits)


def play(stage: Stage) -> None:
    """Play the whole story, starting with an empty portal."""
    set_up(stage)
    connect_by_credentials(stage, cast.CEDAR, "production")
    connect_by_consent(stage, cast.BLUEWATER)
    let_days_pass(stage)
    stage.pass_time(3)
    connect_by_credentials(stage, cast.HARBOR, "ct")
    create_required_group(stage, cast.HARBOR, "Annual review")
    save_view(stage, join(stage, cast.EDITOR))
    join(stage, cast.VIEWER)
    edit_in_bulk(stage)
    stage.pass_time(21)
    create(stage, cast.SUMMIT)
    invite(stage, cast.SUMMIT, "grace@summit.example", "admin")
    stage.pass_time(2)
    refresh_all(stage)


def set_up(stage: Stage) -> None:
    """Create the operator's account, the branding, both environments, and the partner's application in production."""
    operator = User.objects.create_superuser(cast.OPERATOR.email, cast.PASSWORD, name=cast.OPERATOR.name)
    EmailAddress.objects.create(user=operator, email=operator.email, verified=True, primary=True)
    partner.set_branding(operator)
    application = stage.credentials["application"]
    for name, label, is_production in (("ct", "CT", False), ("production", "Production", True)):
        environment = Environment.objects.create(
            name=name,
            label=label,
            base_url=f"{stage.sandbox}/v1",
            authorize_url=f"{stage.sandbox}/v1/authorize",
            is_production=is_production,
            calls_per_minute=900,
            tokens_per_hour=stage.tokens_per_hour,
        )
        if is_production:
            client_credentials.set_application(
                environment=environment,
                client_id=application["client_id"],
                client_secret=application["client_secret"],
                scopes="leadInteraction getUsers describeSchema",
                actor=operator,
            )
    sign_in(stage.operator, stage, cast.OPERATOR.email)


def sign_in(visitor: Visitor, stage: Stage, email: str) -> None:
    visitor.open(f"{stage.portal}/accounts/login/").press("Sign in", login=email, password=cast.PASSWORD)


def create(stage: Stage, name: str) -> None:
    if not Organization.objects.filter(name=name).exists():
        stage.operator.open(f"{stage.portal}/organizations/new/").press("Create", name=name)


def connect_by_credentials(stage: Stage, name: str, environment: str) -> None:
    """The operator pastes an organization's client credentials."""
    create(stage, name)
    theirs = stage.organization(name)
    stage.operator.open(stage.address(name, "connect/")).press(
        "Connect",
        environment=environment,
        client_id=theirs["client_id"],
        client_secret=theirs["client_secret"],
    )
    stage.wait_for_jobs()


def connect_by_consent(stage: Stage, name: str) -> None:
    """The admin joins, three loan officers give access, and the last of them pauses their connection.

    The admin then records a group that every new contact needs. Some of the synced contacts lack it.
    """
    create(stage, name)
    admin = join(stage, cast.ADMIN)
    officers = [user for user in stage.organization(name)["users"] if not user["admin"]][: cast.OFFICERS]
    for officer in officers:
        visitor = Visitor()
        link = invite(stage, name, officer["email"], "officer")
        visitor.open(link).press("Accept")
        consent(stage, visitor, name, officer)
        stage.wait_for_jobs()
    visitor.open(stage.address(name, "my-connection/")).press("Pause")
    required = stage.organization(name)["required_groups"][0]
    admin.open(stage.address(name, "groups/required/")).press("Record", name=required)


def save_view(stage: Stage, editor: Visitor) -> None:
    """The editor saves a view of the contact list and shares it."""
    editor.open(stage.address(cast.CEDAR, "contacts/views/new/production/?ok_to_email=yes&sort=-updated"))
    editor.press("Save", name="Reachable by email", is_shared="on", is_pinned="on")


def let_days_pass(stage: Stage) -> None:
    """Let eleven and a half days pass. Access of the syncing connections is renewed; the paused one gets close to expiring.

    On the last day Total Expert fails twice, and the calls are retried.
    """
    stage.pass_time(6 * 24)
    refresh_all(stage)
    stage.pass_time(5.5 * 24)
    stage.call_sandbox(
        "/_sandbox/faults", [{"method": "GET", "path": "/v1/contact-groups", "status": 500, "times": 2}]
    )
    refresh_all(stage)


def consent(stage: Stage, visitor: Visitor, name: str, user: dict[str, Any]) -> None:
    """Go from the organization's Connect page to Total Expert and back."""

    def arrive() -> bool:
        stage.wait_for_token_request()  # other work may still take it first
        visitor.open(stage.address(name, "connect/"))
        return visitor.offers("Continue to Total Expert") and visitor.press(
            "Continue to Total Expert"
        ).offers("Sign in")

    stage.wait_until("A free token request for a consent", arrive)
    visitor.press("Sign in", username=user["username"], password=user["password"])
    visitor.press("Allow")


def invite(stage: Stage, organization: str, email: str, role: str) -> str:
    """Let the operator invite someone. Return the link from the mail."""
    stage.operator.open(stage.address(organization, "members/")).press("Invite", email=email, role=role)
    stage.wait_until("The invitation mail", lambda: bool(link_for(email)))
    return link_for(email)


def link_for(email: str) -> str:
    return mail.latest_link(Path(settings.DEMO_MAIL_DIR), email, "/invitations/")


def join(stage: Stage, persona: cast.Persona) -> Visitor:
    """Invite a persona, who accepts and creates an account."""
    assert persona.organization is not None
    link = invite(stage, persona.organization, persona.email, persona.role)
    visitor = Visitor().open(link).press("Accept")
    visitor.press("Create account", name=persona.name, password1=cast.PASSWORD)
    return visitor


def edit_in_bulk(stage: Stage) -> None:
    """The operator edits Cedar's contacts in three states: one edit stays, one is undone, one waits for its review.

    They are the states of the fewest contacts, because the demo starts only after each contact is written.
    """
    contacts = Contact.objects.filter(installation__organization__name=cast.CEDAR).exclude(state="")
    counted = contacts.values("state").annotate(count=Count("pk")).order_by("count", "state")
    states = [row["state"] for row in counted[:3]]
    first, second, third = islice(cycle(states or [""]), 3)  # a small demo has contacts in fewer states
    apply_edit(stage, first, "referred_by", "Lakeside Realty")
    apply_edit(stage, second, "nickname", "Friend")
    stage.operator.press("Plan an undo")
    confirm_edit(stage)
    apply_edit(stage, third, "referred_to", "Harbor Title", apply=False)


def apply_edit(stage: Stage, state: str, field: str, value: str, *, apply: bool = True) -> None:
    """Plan an edit of all contacts in a state, and apply it."""
    stage.operator.open(stage.address(cast.CEDAR, f"contacts/?state={state}"))
    stage.operator.press("Bulk edit", all="1").press("Review changes", field_1=field, value_1=value)
    if apply:
        confirm_edit(stage)
    else:
        stage.wait_for_jobs()


def confirm_edit(stage: Stage, button: str = r"Change ([0-9,]+) contact") -> None:
    """Apply the plan on the operator's page, once it is prepared. ``button`` has the number that it asks for."""
    stage.wait_for_jobs()
    changes = re.search(button, stage.operator.open(stage.operator.address).page)
    assert changes is not None
    stage.operator.press(changes[0], count=changes[1])
    stage.wait_for_jobs()
    stage.operator.open(stage.operator.address)


def create_required_group(stage: Stage, name: str, group: str) -> None:
    """The operator records a required group that no owner has, and creates it for all of them."""
    stage.operator.open(stage.address(name, "groups/required/")).press("Record", name=group)
    stage.operator.press("Create it for")
    confirm_edit(stage, r"Create ([0-9,]+) group")


def refresh_all(stage: Stage) -> None:
    """Sync every installation."""
    for installation in Installation.objects.all():
        jobs.start_all(installation=installation)
    stage.wait_for_jobs()
