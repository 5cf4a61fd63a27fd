"""The limits of signing in, which are allauth's, on the cache that the portal gives them: tries at once count too."""

import threading

import pytest
from django.contrib.auth import user_login_failed
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.portal.people import person

#: What allauth lets through for one address in five minutes.
LIMIT = 5


@pytest.mark.usefixtures("counted_for_good")
def test_of_many_guesses_at_once_no_more_are_looked_at_than_the_limit() -> None:
    ada = person("ada@cedar.example")
    looked_at: list[object] = []
    start = threading.Barrier(20)

    def note(**details: object) -> None:
        looked_at.append(details)

    def guess(number: int) -> None:
        start.wait()
        try:
            Client(REMOTE_ADDR=f"203.0.113.{number}").post(
                reverse("account_login"), {"login": ada.email, "password": f"wrong {number}"}
            )
        finally:
            connection.close()

    user_login_failed.connect(note)
    try:
        threads = [threading.Thread(target=guess, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        user_login_failed.disconnect(note)
    assert 0 < len(looked_at) <= LIMIT
