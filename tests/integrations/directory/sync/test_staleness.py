"""Nobody's contacts become too old without a notice: one for each cause, and one when it is over."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from integrations import total_expert
from integrations.connections.limits import kill_switch
from integrations.connections.models import Connection, Notice, NoticeKind
from integrations.directory.models import Contact, SyncState
from integrations.directory.sync import jobs, reader, staleness
from integrations.jobs import notices as mails
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.total_expert import calls
from tests.integrations.directory.sync.days import Days, assert_equal, notices
from tests.world import World

OUT_OF_DATE, RECOVERED = NoticeKind.OUT_OF_DATE.value, NoticeKind.RECOVERED.value
LISTS = "/v1/con"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "FIRST_PAUSE", 0)
    monkeypatch.setattr(reader, "SIZE", 10)


@pytest.fixture
def days(world: World, admin: Connection) -> Days:
    made = Days(world)
    made.work()
    return made


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 404}, {"body": "html"}])
def test_a_sync_that_fails_for_days_is_reported_once_and_so_is_its_recovery(
    days: Days, admin: Connection, fault: dict[str, Any]
) -> None:
    days.set_faults(outage={"path": LISTS, **fault})
    days.pass_hours(24, step=12)
    assert notices(admin) == []
    days.pass_hours(48, step=12)
    assert notices(admin) == [OUT_OF_DATE]
    days.set_faults(outage=None)
    days.pass_hours(12, step=12)
    assert notices(admin) == [OUT_OF_DATE, RECOVERED]


def test_a_page_that_cannot_be_read_for_four_days(
    days: Days, admin: Connection, over_there: total_expert.Client
) -> None:
    poison = Contact.objects.order_by("remote_updated_at")[14].remote_id
    days.set_faults(page={"path": "/v1/contacts$", "shows": poison, "body": "html"})
    over_there.contacts.update(poison, {"city": "Changedville"})
    days.pass_hours(24, step=12)
    assert notices(admin) == []
    days.pass_hours(72, step=12)
    assert notices(admin) == [OUT_OF_DATE]
    assert "a page of contacts" in Notice.objects.get().text
    days.set_faults(page=None)
    days.pass_hours(12, step=12)
    assert notices(admin) == [OUT_OF_DATE, RECOVERED]
    assert_equal(over_there)


def test_the_notice_is_on_home_and_in_a_mail_with_the_reason_and_an_action(
    days: Days, admin: Connection, world: World
) -> None:
    days.set_faults(outage={"path": LISTS, "status": 500})
    days.pass_hours(48, step=12)
    for job in Job.objects.filter(kind=mails.KIND):
        queue.run_now(job)
    (message,) = [each for each in mail.outbox if "out of date" in each.subject]
    assert message.to == [world.operator.email]
    assert "failed to process" in message.body and "last synced on" in message.body
    assert reverse("connection", args=[admin.installation.organization.slug, admin.pk]) in message.body
    browser = Client()
    browser.force_login(world.operator)
    home = browser.get(reverse("home")).content.decode()
    assert "Contacts out of date" in home and "last synced on" in home
    days.set_faults(outage=None)
    days.pass_hours(12, step=12)
    assert "Contacts out of date" not in browser.get(reverse("home")).content.decode()


def test_a_sync_that_a_person_paused_is_reported(days: Days, admin: Connection, world: World) -> None:
    days.set_faults(outage={"path": LISTS, "status": 500})
    days.pass_hours(6, step=6)
    queue.pause(Job.objects.get(kind=jobs.KIND, state="waiting"), actor=world.operator)
    days.pass_hours(30, step=6)
    assert "The sync is paused. Resume it." in Notice.objects.get().text


def test_the_kill_switch_causes_no_notice_and_the_wait_starts_again_afterwards(
    days: Days, admin: Connection, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    kill_switch.activate(reason="test", actor=world.operator)
    days.pass_hours(48, step=24)
    days.set_faults(outage={"path": LISTS, "status": 500})
    with django_capture_on_commit_callbacks(execute=True):
        kill_switch.release(actor=world.operator)
    days.pass_hours(12, step=12)
    assert notices(admin) == []
    days.pass_hours(24, step=12)
    assert notices(admin) == [OUT_OF_DATE]


def test_a_notice_always_fits_its_column(days: Days, admin: Connection) -> None:
    days.set_faults(outage={"path": LISTS, "status": 500})
    days.pass_hours(6, step=6)
    latest = Job.objects.filter(kind=jobs.KIND, state="waiting")
    latest = Job.objects.filter(pk=latest.get().pk)
    for state in ("waiting", "failed", "paused"):
        latest.update(state=state, waits_for="x" * 255, problem="x" * 500)
        assert len(staleness.describe(Connection.objects.get(pk=admin.pk))) <= 255
    SyncState.objects.update(finished_at=None)
    assert "first sync" in staleness.describe(Connection.objects.get(pk=admin.pk))
