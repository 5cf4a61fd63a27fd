"""Rate limits hold for all processes together."""

import subprocess
import sys

import pytest
from django.test import Client
from django.urls import reverse

from tests.portal.people import PASSWORD, person
from tests.processes import ROOT

ADA = "ada@cedar.example"
#: Tries passwords as a browser would, in a process of its own, and tells how often it was told to wait.
TRY = """
import django; django.setup()
from django.test import Client
client = Client(headers={"host": "localhost"})
pages = [client.post("/accounts/login/", {"login": "ada@cedar.example", "password": "wrong"}) for _ in range(3)]
print(sum("Too many tries" in page.content.decode() for page in pages))
"""


def tries_elsewhere(environment: dict[str, str]) -> int:
    done = subprocess.run(
        [sys.executable, "-c", TRY], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.usefixtures("counted_for_good")
def test_tries_in_two_processes_count_together(process_environment: dict[str, str]) -> None:
    person(ADA)
    client = Client(headers={"host": "localhost"})
    environment = {**process_environment, "DEBUG": "1", "PORTAL_URL": "http://localhost:8000"}
    assert tries_elsewhere(environment) == 0
    assert tries_elsewhere(environment) == 1
    page = client.post(reverse("account_login"), {"login": ADA, "password": PASSWORD})
    assert "Too many tries" in page.content.decode()
    assert "_auth_user_id" not in client.session
