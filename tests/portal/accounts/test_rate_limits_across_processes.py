"""Rate limits count the requests of all processes together."""

import subprocess
import sys

import pytest
from django.test import Client
from django.urls import reverse

from tests.portal.people import PASSWORD, person
from tests.processes import ROOT

ADA = "ada@cedar.example"
#: Enter wrong passwords in another process, and print how many attempts were rejected.
ATTEMPTS = """
import django; django.setup()
from django.test import Client
client = Client(headers={"host": "localhost"})
pages = [client.post("/accounts/login/", {"login": "ada@cedar.example", "password": "wrong"}) for _ in range(3)]
print(sum("Too many failed attempts" in page.content.decode() for page in pages))
"""


def rejections_in_another_process(environment: dict[str, str]) -> int:
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPTS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.usefixtures("counted_for_good")
def test_attempts_in_two_processes_count_together(process_environment: dict[str, str]) -> None:
    person(ADA)
    client = Client(headers={"host": "localhost"})
    environment = {**process_environment, "DEBUG": "1", "ALLOWED_HOSTS": "localhost"}
    assert rejections_in_another_process(environment) == 0
    assert rejections_in_another_process(environment) == 1
    page = client.post(reverse("account_login"), {"login": ADA, "password": PASSWORD})
    assert "Too many failed attempts" in page.content.decode()
    assert "_auth_user_id" not in client.session
