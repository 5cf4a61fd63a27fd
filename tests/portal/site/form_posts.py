"""Browsers that send the forms of pages, with CSRF checked."""

import re
from http.cookies import SimpleCookie

from django.test import Client

from portal.accounts.models import User


def token_of(client: Client, path: str) -> str:
    """The CSRF token in the forms of a page, as this visit drew it."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(path).content.decode())
    assert found is not None, f"{path} has no form"
    return found.group(1)


def copy_of(client: Client) -> Client:
    """A browser with the cookies as they are now: one that dropped the answer it gets next."""
    copied = Client(enforce_csrf_checks=True)
    copied.cookies = SimpleCookie(client.cookies.output(header="", sep="; "))
    for name, morsel in client.cookies.items():
        copied.cookies[name] = morsel.value
    return copied


def browser(user: User | None = None) -> Client:
    client = Client(enforce_csrf_checks=True)
    if user is not None:
        client.force_login(user)
    return client
