"""People who wait for a token slot."""

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMessage

from integrations.connections import installations
from integrations.jobs import queue
from integrations.jobs.models import Job, JobState
from integrations.onboarding import waiting
from integrations.onboarding.models import ConnectReminder
from portal.organizations import members
from portal.organizations.models import Membership
from tests.world import World

pytestmark = pytest.mark.django_db


def test_whoever_leaves_the_organization_waits_no_longer(world: World) -> None:
    officer = world.member("officer")
    membership = Membership.objects.get(user=officer)
    waiting.ask(installations.get_or_create(membership.organization, world.environment), user=officer)
    members.remove(membership=membership, actor=world.operator)
    assert not ConnectReminder.objects.exists()


def ask(world: World) -> Job:
    officer = world.member("officer", "Harbor & Pine")
    installation = installations.get_or_create(world.organization("Harbor & Pine"), world.environment)
    waiting.ask(installation, user=officer)
    return Job.objects.get(kind=waiting.KIND)


def test_whoever_waits_is_told_when_a_slot_is_free(world: World) -> None:
    job = queue.run_now(ask(world))
    assert job.state == JobState.DONE
    (mail,) = django_mail.outbox
    assert "connect Harbor & Pine now" in mail.body
    assert ConnectReminder.objects.get().sent_at is not None


def test_each_who_waits_is_told_by_a_job_of_their_own(world: World) -> None:
    installation = installations.get_or_create(world.organization(), world.environment)
    for _ in range(2):
        waiting.ask(installation, user=world.member("officer"))
    first, second = Job.objects.filter(kind=waiting.KIND)
    queue.run_now(first)
    assert [mail.to for mail in django_mail.outbox] == [[first.requested_by.email]]
    queue.run_now(second)
    assert len(django_mail.outbox) == 2


def test_a_mail_that_could_not_be_sent_is_sent_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(world)
    monkeypatch.setattr(EmailMessage, "send", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError))
    job = queue.run_now(job)
    assert (job.state, job.waits_for) == (JobState.WAITING, "The mail server refused an email.")
    assert ConnectReminder.objects.get().sent_at is None
    monkeypatch.undo()
    world.sandbox.pass_time(61)
    assert queue.run_now(job).state == JobState.DONE
    assert len(django_mail.outbox) == 1
