"""Linking an account to the id that a provider has for the person."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.audit.models import Entry
from tests.portal.accounts.oidc_provider import ADA, Provider, is_signed_in, sign_in
from tests.portal.people import person, totp_code, with_app

pytestmark = pytest.mark.django_db


def test_an_address_reassigned_to_another_person_does_not_give_them_the_account(provider: Provider) -> None:
    person(ADA)
    sign_in(Client(), provider)
    provider.claims["sub"] = "the-new-ada"
    successor = Client()
    assert sign_in(successor, provider).status_code == 403
    assert not is_signed_in(successor)


def test_a_person_whose_address_changed_at_the_provider_is_not_signed_in(provider: Provider) -> None:
    person(ADA), person("eve@cedar.example")
    sign_in(Client(), provider)
    provider.claims["email"] = "eve@cedar.example"
    later = Client()
    assert sign_in(later, provider).status_code == 403
    assert not is_signed_in(later)


def test_a_sign_in_that_fails_the_second_factor_links_nothing(provider: Provider) -> None:
    secret = with_app(person(ADA))
    provider.claims["sub"] = "somebody-with-the-address"
    half = Client()
    assert sign_in(half, provider).url == reverse("mfa_authenticate")
    assert not SocialAccount.objects.exists()
    provider.claims["sub"] = "ada-1"
    real = Client()
    assert sign_in(real, provider).url == reverse("mfa_authenticate")
    real.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
    assert is_signed_in(real)
    assert SocialAccount.objects.get().uid == "ada-1"
    assert Entry.objects.filter(action="single_sign_on.linked").count() == 1


def test_if_two_ids_wait_for_a_second_factor_only_the_first_to_complete_is_linked(provider: Provider) -> None:
    secret = with_app(person(ADA))
    first, second = Client(), Client()
    for client, sub in ((first, "ada-1"), (second, "somebody-with-the-address")):
        provider.claims["sub"] = sub
        assert sign_in(client, provider).url == reverse("mfa_authenticate")
    first.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
    answer = second.post(reverse("mfa_authenticate"), {"code": totp_code(secret, 1)})
    assert answer.status_code == 403
    assert is_signed_in(first) and not is_signed_in(second)
    assert SocialAccount.objects.get().uid == "ada-1"
    assert Entry.objects.filter(action="single_sign_on.linked").count() == 1


def test_two_simultaneous_sign_ins_of_one_person_link_the_account_once(provider: Provider) -> None:
    secret = with_app(person(ADA))
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, provider)
    for step, client in enumerate((first, second)):
        client.post(reverse("mfa_authenticate"), {"code": totp_code(secret, step)})
        assert is_signed_in(client)
    assert Entry.objects.filter(action="single_sign_on.linked").count() == 1
    assert [sent.subject for sent in mail.outbox].count(mail.outbox[0].subject) == 1


def test_an_id_linked_to_another_account_in_the_meantime_signs_nobody_in(provider: Provider) -> None:
    secret = with_app(person(ADA))
    eve = person("eve@cedar.example")
    client = Client()
    sign_in(client, provider)
    SocialAccount.objects.create(provider="company", uid="ada-1", user=eve)
    answer = client.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
    assert answer.status_code == 403 and not is_signed_in(client)
