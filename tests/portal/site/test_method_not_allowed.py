"""What somebody sees who opens an address that only takes a form, or sends a form to a page that takes none."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.portal.people import person


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("GET", "end_other_sessions"),
        ("GET", "stop_everything"),
        ("GET", "reset_branding"),
        ("DELETE", "account_login"),
    ],
)
def test_a_method_that_an_address_does_not_take_gets_a_page(method: str, name: str) -> None:
    client = Client()
    if name != "account_login":
        client.force_login(person("olivia@partner.example", operator=True))
    page = client.generic(method, reverse(name))
    assert page.status_code == 405 and page["Allow"]
    assert "<h1>Nothing to open here</h1>" in page.content.decode()
