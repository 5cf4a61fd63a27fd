"""Telling people: with each change of a connection, once, those it concerns and nobody else."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail

from integrations.connections import lifecycle
from integrations.connections.models import Connection, ConnectionState, Notice, NoticeMail
from integrations.connections.notices import delivery, records
from integrations.connections.tokens import keep_alive
from integrations.jobs import notices as telling
from integrations.jobs import queue, token_waits
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.core import clock
from portal.organizations.models import Membership
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
DAY = 24 * 3600.0


@pytest.fixture
def officer(world: World) -> User:
    return world.member("officer")


@pytest.fixture
def connection(world: World, officer: User) -> Connection:
    return world.consented(officer)


def tell() -> Job:
    return queue.run_now(Job.objects.filter(kind=telling.KIND).latest("pk"))


def told() -> dict[str, str]:
    """Address to text of what was mailed."""
    return {message.to[0]: f"{message.subject}\n{message.body}" for message in mail.outbox}


def break_down(connection: Connection) -> None:
    lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason="It died.")


def test_who_is_concerned_is_told_what_happened_and_what_to_do(
    world: World, officer: User, connection: Connection
) -> None:
    admin = world.member("admin")
    others = [world.member("viewer"), world.member("officer"), world.member("admin", BLUEWATER)]
    break_down(connection)
    assert tell().state == JobState.DONE
    assert set(told()) == {officer.email, admin.email, world.operator.email}
    assert not {other.email for other in others} & set(told())
    text = told()[officer.email]
    assert "needs reconnect" in text and "It died." in text and "stay readable" in text
    assert f"/connections/{connection.pk}/" in text


def test_whoever_did_it_is_not_told(world: World, officer: User, connection: Connection) -> None:
    lifecycle.pause(connection, actor=officer)
    tell()
    assert set(told()) == {world.operator.email}


def test_only_the_account_owner_is_told_of_all_operators(world: World, connection: Connection) -> None:
    other = User.objects.create_superuser("second@partner.example", name="Second")
    organization = connection.installation.organization
    organization.account_owner = other
    organization.save()
    break_down(connection)
    tell()
    assert other.email in told() and world.operator.email not in told()


def test_recovery_is_told_and_several_news_come_in_one_mail(
    world: World, officer: User, connection: Connection
) -> None:
    break_down(connection)
    lifecycle.set_state(connection, ConnectionState.ACTIVE)
    tell()
    assert len([message for message in mail.outbox if message.to == [officer.email]]) == 1
    assert "works again" in told()[officer.email] and "1 more" in told()[officer.email]


def test_a_first_grant_is_no_news(connection: Connection) -> None:
    assert not Notice.objects.exists()


def test_a_change_that_is_rolled_back_tells_nobody(world: World, connection: Connection) -> None:
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        break_down(connection)
        raise RuntimeError
    assert not Notice.objects.exists() and not Job.objects.filter(kind=telling.KIND).exists()


def test_each_person_is_told_once_although_the_mail_server_refuses_some(
    world: World, officer: User, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def send(template: str, *, to: str, context: object) -> None:
        if to == officer.email and officer.email not in refused:
            refused.append(officer.email)
            raise SMTPServerDisconnected
        sent.append(to)

    refused: list[str] = []
    monkeypatch.setattr(delivery.mail, "send", send)
    break_down(connection)
    job = tell()
    assert job.state == JobState.WAITING and "mail server" in job.waits_for
    assert sent == [world.operator.email]
    world.sandbox.pass_time(61)
    assert tell().state == JobState.DONE
    assert sent == [world.operator.email, officer.email]
    assert not NoticeMail.objects.filter(mailed_at=None).exists()


def test_a_consent_that_dies_soon_is_told_once_for_each_token(
    world: World, officer: User, connection: Connection
) -> None:
    lifecycle.pause(connection, actor=officer)
    world.sandbox.pass_time(12.1 * DAY)
    token_waits.report_expired_grants()
    token_waits.report_expired_grants()
    tell()
    assert (
        len([m for m in mail.outbox if "access expires soon" in m.subject and m.to == [officer.email]]) == 1
    )
    assert "Resume it" in told()[officer.email]
    [dying] = keep_alive.find_expiring()
    assert not records.record_expiring(dying)


def test_nobody_is_told_of_an_organization_that_they_have_left(world: World, connection: Connection) -> None:
    admin, gone = world.member("admin"), world.member("admin")
    break_down(connection)
    Membership.objects.filter(user=gone).delete()
    tell()
    assert admin.email in told() and gone.email not in told()
    assert not NoticeMail.objects.filter(mailed_at=None).exists()


def test_a_mailbox_that_is_refused_for_good_is_given_up_and_holds_up_nobody(
    world: World, officer: User, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def send(template: str, *, to: str, context: object) -> None:
        if to == officer.email:
            raise SMTPRecipientsRefused({officer.email: (550, b"no such user")})
        sent.append(to)

    monkeypatch.setattr(delivery.mail, "send", send)
    break_down(connection)
    job = tell()
    assert job.state == JobState.DONE and sent == [world.operator.email]
    line = job.lines.get(level="warning")
    assert "permanently rejects one address" in line.text and officer.email not in line.text


def test_a_mailbox_that_is_full_is_tried_again_ever_more_rarely(
    world: World, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(template: str, *, to: str, context: object) -> None:
        raise SMTPRecipientsRefused({to: (452, b"mailbox full")})

    monkeypatch.setattr(delivery.mail, "send", send)
    break_down(connection)
    waits = []
    for _ in range(9):
        job = tell()
        assert job.state == JobState.WAITING and job.waits_until is not None
        waits.append(round((job.waits_until - clock.now()).total_seconds()))
        world.sandbox.pass_time(waits[-1] + 1)
    assert waits == sorted(waits) and waits[-1] > 800


@pytest.mark.parametrize("verb", ["failed", "canceled"])
def test_news_that_a_job_did_not_get_told_are_told_by_another(
    world: World, officer: User, connection: Connection, verb: str
) -> None:
    break_down(connection)
    Job.objects.filter(kind=telling.KIND).update(state=verb, finished_at=clock.now())
    telling.start_pending_deliveries()
    tell()
    assert officer.email in told()
    telling.start_pending_deliveries()
    assert not Job.objects.filter(kind=telling.KIND, state=JobState.WAITING).exists()


class Chat(HTTPServer):
    """A chat that takes messages, or answers with ``status``."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status = 200
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if chat.status == 200:
                    chat.heard.append(body["text"])
                self.send_response(chat.status)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def chat(settings: Any) -> Iterator[Chat]:
    server = Chat()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CHAT_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/hook/a-secret"
    yield server
    server.shutdown()
    server.server_close()


def test_a_chat_hears_each_news_once_also_when_it_refused_at_first(
    world: World, officer: User, connection: Connection, chat: Chat
) -> None:
    chat.status = 302
    break_down(connection)
    job = tell()
    assert job.state == JobState.WAITING and "302" in job.waits_for and "a-secret" not in job.waits_for
    assert officer.email in told(), "mail does not wait for the chat"
    chat.status = 200
    world.sandbox.pass_time(61)
    assert tell().state == JobState.DONE
    assert len(chat.heard) == 1 and "needs reconnect. It died." in chat.heard[0]
    assert len(mail.outbox) == 2


def test_a_chat_that_is_gone_keeps_nothing_else_from_happening(connection: Connection, settings: Any) -> None:
    settings.CHAT_WEBHOOK_URL = "http://127.0.0.1:9/hook/a-secret"
    break_down(connection)
    job = tell()
    assert job.state == JobState.WAITING and "a-secret" not in job.waits_for
    assert mail.outbox


def test_what_is_beyond_a_persons_mails_of_a_day_waits_for_the_next_one(
    world: World, officer: User, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_ABOUT_ORGANIZATION", 2)
    for _ in range(4):
        lifecycle.pause(connection, actor=world.operator)
        tell()
        lifecycle.resume(connection, actor=world.operator)
    assert len([message for message in mail.outbox if message.to == [officer.email]]) == 2
    job = Job.objects.filter(kind=telling.KIND).latest("pk")
    assert (job.state, "tomorrow" in job.waits_for) == (JobState.WAITING, True)
    assert NoticeMail.objects.filter(user=officer, mailed_at=None).count() == 2
    world.sandbox.pass_time(DAY)
    tell()
    assert not NoticeMail.objects.filter(user=officer, mailed_at=None).exists()
    assert len([message for message in mail.outbox if message.to == [officer.email]]) == 3
