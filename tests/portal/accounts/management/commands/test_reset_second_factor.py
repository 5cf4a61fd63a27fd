"""`manage.py reset_second_factor`."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.urls import reverse

from portal.audit.models import Entry
from tests.portal.accounts.second_factors.visitor import (
    ADA,
    HOME,
    OLIVIA,
    by_password,
    set_up_an_app,
)
from tests.portal.people import person

pytestmark = pytest.mark.django_db


def test_it_removes_all_second_factors_and_sessions_and_is_recorded() -> None:
    user = person(OLIVIA, operator=True, factor=False)
    client = by_password(OLIVIA)
    set_up_an_app(client)
    out = StringIO()
    call_command("reset_second_factor", OLIVIA.upper(), stdout=out)
    assert "set up a new one" in out.getvalue()
    assert not Authenticator.objects.exists()
    assert client.get(HOME).url.startswith(reverse("account_login"))
    entry = Entry.objects.get(action="second_factor.reset")
    assert (entry.actor_id, entry.object_id, entry.detail) == (None, str(user.pk), {"factors": 2})
    assert by_password(OLIVIA).get(HOME).url == reverse("mfa_index")


def test_an_unknown_address_is_an_error() -> None:
    with pytest.raises(CommandError, match="No user has this email address"):
        call_command("reset_second_factor", "nobody@cedar.example")
    assert not Entry.objects.exists()


def test_it_says_so_if_there_was_no_second_factor() -> None:
    person(ADA)
    out = StringIO()
    call_command("reset_second_factor", ADA, stdout=out)
    assert "had no second factor" in out.getvalue()
