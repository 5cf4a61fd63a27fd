"""A form that is sent twice gets its first answer again and changes nothing more."""

import re
import threading
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.organizations import organizations
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Membership, Organization
from portal.site import repeated_posts
from tests.portal.people import PASSWORD, person
from tests.portal.site.form_posts import browser, copy_of, token_of

ADA = "ada@cedar.example"


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def invited(organization: Organization, actor: User, email: str = ADA, role: str = "officer") -> str:
    _, link = invitations.invite(organization=organization, email=email, role=role, actor=actor)
    return link.removeprefix(settings.PORTAL_URL)


@pytest.mark.django_db
@pytest.mark.parametrize("drops_first_answer", [True, False])
def test_accepting_twice_signs_in_once(cedar: Organization, operator: User, drops_first_answer: bool) -> None:
    path, client = invited(cedar, operator), browser()
    form = {"csrfmiddlewaretoken": token_of(client, path), "action": "accept"}
    again = copy_of(client)
    first = client.post(path, form)
    second_client = again if drops_first_answer else client
    second = second_client.post(path, form)
    assert (
        (first.status_code, first["Location"])
        == (second.status_code, second["Location"])
        == (
            302,
            reverse("connect", args=[cedar.slug]),
        )
    )
    assert is_signed_in(client) and is_signed_in(second_client)
    assert Membership.objects.filter(user__email=ADA).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("drops_first_answer", [True, False])
def test_a_sign_in_code_sent_twice_signs_in(drops_first_answer: bool) -> None:
    person(ADA)
    client, page = browser(), reverse("account_request_login_code")
    client.post(page, {"csrfmiddlewaretoken": token_of(client, page), "email": ADA})
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mail.outbox[-1].body)
    assert code is not None, mail.outbox[-1].body
    page = reverse("account_confirm_login_code")
    form = {"csrfmiddlewaretoken": token_of(client, page), "code": code.group(), "action": "verify"}
    again = copy_of(client)
    first = client.post(page, form)
    second_client = again if drops_first_answer else client
    second = second_client.post(page, form)
    assert first.status_code == second.status_code == 302 and first["Location"] == second["Location"]
    assert is_signed_in(client) and is_signed_in(second_client)


@pytest.mark.django_db
def test_the_second_answer_to_an_invitation_shows_its_link_as_well(
    cedar: Organization, operator: User, django_capture_on_commit_callbacks: Any
) -> None:
    client, page = browser(operator), reverse("members", args=[cedar.slug])
    form = {"csrfmiddlewaretoken": token_of(client, page), "email": ADA, "role": "officer"}
    with django_capture_on_commit_callbacks(execute=True):
        links = [re.findall(r'value="(http[^"]+)"', client.post(page, form).content.decode()) for _ in "12"]
    assert links[0] == links[1] and len(links[0]) == 1
    assert len(mail.outbox) == 1
    resend = reverse("resend_invitation", args=[cedar.slug, Invitation.objects.get().pk])
    form = {"csrfmiddlewaretoken": token_of(client, page)}
    with django_capture_on_commit_callbacks(execute=True):
        resent = [
            re.findall(r'value="(http[^"]+)"', client.post(resend, form).content.decode()) for _ in "12"
        ]
    assert resent[0] == resent[1] != links[0] and len(mail.outbox) == 2


@pytest.mark.django_db
def test_a_message_is_shown_once_though_the_form_was_sent_twice(cedar: Organization, operator: User) -> None:
    client, page = browser(operator), reverse("edit_organization", args=[cedar.slug])
    form = {"csrfmiddlewaretoken": token_of(client, page), "name": "Cedar Lending"}
    again = copy_of(client)
    client.post(page, form)
    target = again.post(page, form)["Location"]
    assert [again.get(target).content.decode().count("Saved.") for _ in "12"] == [1, 0]


@pytest.mark.django_db
def test_another_page_of_the_same_form_is_another_submission(cedar: Organization, operator: User) -> None:
    page = reverse("edit_organization", args=[cedar.slug])
    client = browser(operator)
    for name in ("Cedar One", "Cedar Two", "Cedar One"):
        client.post(page, {"csrfmiddlewaretoken": token_of(client, page), "name": name})
        cedar.refresh_from_db()
        assert cedar.name == name


@pytest.mark.django_db
def test_what_was_refused_runs_again(operator: User) -> None:
    organizations.create(name="Quarry Loans", actor=None)
    client, page = browser(operator), reverse("new_organization")
    form = {"csrfmiddlewaretoken": token_of(client, page), "name": "Quarry Loans", "account_owner": ""}
    assert client.post(page, form).status_code == 200
    Organization.objects.filter(name="Quarry Loans").delete()
    assert client.post(page, form).status_code == 302
    assert Organization.objects.filter(name="Quarry Loans").exists()


@pytest.mark.django_db
def test_nobody_else_gets_the_answer(cedar: Organization, operator: User) -> None:
    path, client = invited(cedar, operator), browser()
    form = {"csrfmiddlewaretoken": token_of(client, path), "action": "accept"}
    client.post(path, form)
    strangers = [browser(), browser(person("eve@evil.example"))]
    strangers[0].cookies[settings.SESSION_COOKIE_NAME] = "made-up"
    for stranger in strangers:
        answer = stranger.post(path, form)
        assert answer.status_code == 403 or answer["Location"] == path
        given = answer.cookies.get(settings.SESSION_COOKIE_NAME)
        assert given is None or given.value == ""  # the cookie that was made up is deleted
        assert ADA not in stranger.get(reverse("account")).content.decode()


@pytest.mark.django_db
def test_no_secret_of_an_answer_can_be_read_in_the_cache(cedar: Organization, operator: User) -> None:
    client, page = browser(operator), reverse("members", args=[cedar.slug])
    form = {"csrfmiddlewaretoken": token_of(client, page), "email": ADA, "role": "officer"}
    content = client.post(page, form).content.decode()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM portal_cache")
        rows = cursor.fetchall()
    link = re.search(r'value="http://[^"]+/([^"/]+)/"', content)
    assert link is not None and rows
    import base64

    for key, value in rows:
        assert form["csrfmiddlewaretoken"] not in key
        assert link.group(1).encode() not in base64.b64decode(value)


@pytest.mark.django_db
def test_a_second_tab_is_led_on(cedar: Organization, operator: User) -> None:
    """Two tabs have a form of the same step. The second one's token is another, and the first signed the person in."""
    path, client = invited(cedar, operator), browser()
    tabs = [{"csrfmiddlewaretoken": token_of(client, path), "action": "accept"} for _ in "12"]
    landing = client.post(path, tabs[0])["Location"]
    second = client.post(path, tabs[1], follow=True)
    assert "You accepted this invitation" in second.content.decode()
    fresh = {"csrfmiddlewaretoken": token_of(client, reverse("account")), "action": "accept"}
    assert client.post(path, fresh)["Location"] == landing


@pytest.mark.django_db
@pytest.mark.parametrize("by", ["password", "code"])
def test_signing_in_in_a_second_tab_leads_on(by: str) -> None:
    person(ADA)
    client, page = browser(), reverse("account_login")
    form = {"login": ADA, "password": PASSWORD}
    if by == "code":
        page = reverse("account_request_login_code")
        client.post(page, {"csrfmiddlewaretoken": token_of(client, page), "email": ADA})
        code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mail.outbox[-1].body)
        assert code is not None
        page, form = reverse("account_confirm_login_code"), {"code": code.group(), "action": "verify"}
    tabs = [form | {"csrfmiddlewaretoken": token_of(client, page)} for _ in "12"]
    client.post(page, tabs[0])
    answer = client.post(page, tabs[1], follow=True)
    assert answer.status_code == 200 and answer.wsgi_request.path == "/"


@pytest.mark.django_db
def test_creating_in_a_second_tab_leads_to_the_organization(operator: User) -> None:
    client, page = browser(operator), reverse("new_organization")
    form = {"name": "Quarry Loans", "account_owner": ""}
    answers = [client.post(page, form | {"csrfmiddlewaretoken": token_of(client, page)}) for _ in "12"]
    assert answers[0]["Location"] == answers[1]["Location"] == "/organizations/quarry-loans/"
    assert Organization.objects.count() == 1
    other = browser(person("otto@partner.example", operator=True))
    refused = other.post(page, form | {"csrfmiddlewaretoken": token_of(other, page)})
    assert "already exists" in refused.content.decode()


@pytest.mark.django_db
def test_an_answer_that_cannot_be_decrypted_is_as_good_as_none(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, page = browser(operator), reverse("new_organization")
    form = {"csrfmiddlewaretoken": token_of(client, page), "name": "Quarry Loans", "account_owner": ""}
    first = client.post(page, form)
    monkeypatch.setattr(repeated_posts, "LABEL", "another label")
    assert client.post(page, form)["Location"] == first["Location"]
    assert Organization.objects.count() == 1


@pytest.mark.django_db
def test_a_page_is_not_repeated_after_signing_out(cedar: Organization, operator: User) -> None:
    client, page = browser(operator), reverse("members", args=[cedar.slug])
    form = {"csrfmiddlewaretoken": token_of(client, page), "email": ADA, "role": "officer"}
    before = copy_of(client)
    assert "/invitations/" in client.post(page, form).content.decode()
    client.session.flush()
    answer = before.post(page, form)
    assert answer.status_code in (302, 403) and "/invitations/" not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("counted_for_good")
def test_two_requests_at_the_same_moment_do_it_once(cedar: Organization, operator: User) -> None:
    """Accept in two threads, then create an organization in two, each with its own database connection."""
    path, page = invited(cedar, operator), reverse("new_organization")
    accepting, creating = browser(), browser(operator)
    accept = {"csrfmiddlewaretoken": token_of(accepting, path), "action": "accept"}
    create = {"csrfmiddlewaretoken": token_of(creating, page), "name": "Quarry Loans", "account_owner": ""}
    for client, address, form in ((accepting, path, accept), (creating, page, create)):
        clients = [client, copy_of(client)]
        answers = send_together(clients, address, form)
        assert [answer.status_code for answer in answers] == [302, 302]
        assert answers[0]["Location"] == answers[1]["Location"]
        assert all(is_signed_in(each) for each in clients)
    assert Membership.objects.filter(user__email=ADA).count() == 1
    assert Organization.objects.filter(name="Quarry Loans").count() == 1


def send_together(clients: list[Client], path: str, form: dict[str, str]) -> list[HttpResponse]:
    answers: list[HttpResponse] = []
    start = threading.Barrier(len(clients))

    def send(client: Client) -> None:
        start.wait()
        answers.append(client.post(path, form))
        connections.close_all()

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db
def test_a_repetition_doesnt_wait_forever(
    cedar: Organization, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated_posts, "WAIT_SECONDS", 0.05)
    path, client = invited(cedar, operator), browser()
    form = {"csrfmiddlewaretoken": token_of(client, path), "action": "accept"}
    taken: list[str] = []
    add = cache.add

    def taken_by_another(key: str, value: Any, timeout: int) -> bool:
        if key.startswith("repeated_post:") and not taken:
            taken.append(key)
            add(key, value, timeout)
        return add(key, value, timeout)

    monkeypatch.setattr(cache, "add", taken_by_another)
    answer = client.post(path, form)
    assert answer.status_code == 409 and "Still working" in answer.content.decode()
    cache.delete(taken[0])
    assert client.post(path, form).status_code == 302


@pytest.mark.django_db
def test_a_form_is_handled_though_nothing_can_be_stored_about_it(
    cedar: Organization, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django's cache in the database reports a failed write, for example to a full disk, like a key that is taken."""
    monkeypatch.setattr(repeated_posts, "WAIT_SECONDS", 0.05)
    path, client = invited(cedar, operator), browser()
    form = {"csrfmiddlewaretoken": token_of(client, path), "action": "accept"}
    add = cache.add

    def fail(key: str, *args: Any, **options: Any) -> bool:
        return not key.startswith("repeated_post:") and add(key, *args, **options)

    monkeypatch.setattr(cache, "add", fail)
    assert client.post(path, form).status_code == 302
