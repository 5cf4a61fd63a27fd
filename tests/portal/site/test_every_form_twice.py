"""Every address that takes a form gives the same form its first answer again, and changes nothing more."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.urls import reverse

from tests.portal.people import PASSWORD
from tests.portal.scene import Scene, build
from tests.portal.site.addresses import ADDRESSES
from tests.portal.site.form_posts import browser, token_of

#: What to send to pages that show a form and take it. The others in the table say so in their ``data``.
FORMS: dict[str, dict[str, str]] = {
    "new_organization": {"name": "Quarry Loans", "account_owner": ""},
    "edit_organization": {"name": "Cedar Lending", "account_owner": ""},
    "members": {"email": "new@cedar.example", "role": "viewer", "confirmed": "on"},
    "invitation": {"action": "accept"},
    "account": {"name": "Another Name"},
    "delete_account": {"email": "admin@cedar.example"},
    "account_logout": {},
    "account_reset_password": {"email": "admin@cedar.example"},
    "account_request_login_code": {"email": "admin@cedar.example"},
    "account_login": {"login": "admin@cedar.example", "password": PASSWORD},
    "account_change_password": {
        "oldpassword": PASSWORD,
        "password1": "another-only-a-test-knows",
        "password2": "another-only-a-test-knows",
    },
    "mfa_generate_recovery_codes": {},
    "allowance": {"others_calls": "10", "others_tokens": "0"},
    "new_egress": {"name": "second", "label": "Second", "proxy_url": "https://proxy.example:3128"},
    "egress": {"label": "Renamed", "proxy_url": ""},
    "reroute_connection": {"egress": "direct"},
    "connect": {"environment": "production", "client_id": "an-id", "client_secret": "a-secret"},
    "application": {"client_id": "an-id", "client_secret": "a-secret", "scopes": "getUsers"},
    "environment": {"label": "Renamed"},
    "new_environment": {"name": "ct", "label": "CT"},
    "branding": {"name": "A Partner"},
    "add_many": {},
    **{name: row.data for name, row in ADDRESSES.items() if row.posts},
}
#: Sent by people who are signed out.
SIGNED_OUT = {"account_reset_password", "account_request_login_code", "account_login", "invitation"}


def everything() -> dict[str, list[Any]]:
    """All rows of the database. Sessions may say when they were last used."""
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models()
        if model._meta.managed and model is not Session
    }


@pytest.fixture
def scene(db: None) -> Scene:
    return build()


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_form_sent_twice_gets_its_first_answer_again(
    scene: Scene, name: str, django_capture_on_commit_callbacks: Any
) -> None:
    address = ADDRESSES[name]
    path = reverse(name, kwargs=address.fill(scene))
    visitor = next((each for each in ("operator", "admin", "officer") if each in address.allowed), "admin")
    client = browser(None if name in SIGNED_OUT else scene.people[visitor])
    source = path if name in SIGNED_OUT else reverse("account")
    form = FORMS[name] | {"csrfmiddlewaretoken": token_of(client, source)}
    with django_capture_on_commit_callbacks(execute=True):
        first = client.post(path, form)
    before, mails = everything(), len(mail.outbox)
    with django_capture_on_commit_callbacks(execute=True):
        second = client.post(path, form)
    assert first.status_code < 400, first.content.decode()[:2000]
    assert (second.status_code, second.headers.get("Location")) == (
        first.status_code,
        first.headers.get("Location"),
    )
    assert everything() == before and len(mail.outbox) == mails
