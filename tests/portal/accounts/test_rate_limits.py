"""allauth's rate limits also count simultaneous attempts, because the portal's cache is atomic."""

import threading

import pytest
from django.contrib.auth import user_login_failed
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.portal.people import person

#: How many attempts are allowed for one account from one IP address in five minutes.
LIMIT = 5


@pytest.mark.usefixtures("counted_for_good")
def test_of_many_simultaneous_guesses_no_more_than_the_limit_are_checked() -> None:
    ada = person("ada@cedar.example")
    checked: list[object] = []
    start = threading.Barrier(20)

    def record(**details: object) -> None:
        checked.append(details)

    def guess(number: int) -> None:
        start.wait()
        try:
            Client(REMOTE_ADDR="203.0.113.9").post(
                reverse("account_login"), {"login": ada.email, "password": f"wrong {number}"}
            )
        finally:
            connection.close()

    user_login_failed.connect(record)
    try:
        threads = [threading.Thread(target=guess, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        user_login_failed.disconnect(record)
    assert 0 < len(checked) <= LIMIT
