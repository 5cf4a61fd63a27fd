"""The command line, and the README's commands."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from integrations.sandbox import create_app
from integrations.sandbox.readme import README
from tests.integrations.sandbox.processes import Process
from tests.processes import free_port


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "integrations.sandbox", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_port_in_use_is_rejected_with_a_message() -> None:
    with Process("--organizations", "1", "--contacts", "1") as running:
        port = running.base.rpartition(":")[2]
        second = run("--port", port)
    assert second.returncode == 2
    assert f"Port {port}" in second.stderr
    assert "choose another port" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_public_host_is_rejected_unless_allowed() -> None:
    rejected = run("--host", "0.0.0.0")
    assert rejected.returncode == 2
    assert "--allow-remote" in rejected.stderr


def test_a_file_that_is_not_a_database_is_rejected_with_a_message(tmp_path: Path) -> None:
    wrong = tmp_path / "letter.txt"
    wrong.write_text("Dear reader, " * 100)
    rejected = run("--port", "0", "--data", str(wrong))
    assert rejected.returncode == 2
    assert "cannot be used" in rejected.stderr
    assert "Traceback" not in rejected.stderr


def test_a_file_of_another_version_is_rejected_with_a_message(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    create_app(str(path), organizations=1, contacts=1).sandbox.database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE deliveries")
    connection.close()
    rejected = run("--port", "0", "--data", str(path))
    assert rejected.returncode == 2
    assert "another version" in rejected.stderr
    assert "--data" in rejected.stderr


def test_a_missing_snapshot_is_rejected_with_a_message() -> None:
    rejected = run("--port", "0", "--contacts", "1", "--load", "yesterday")
    assert rejected.returncode == 2
    assert "There is no snapshot 'yesterday'" in rejected.stderr


@pytest.mark.parametrize("option", ["--contacts", "--port", "--tokens-per-hour"])
def test_a_negative_number_is_rejected(option: str) -> None:
    assert run(option, "-1").returncode == 2


def test_the_application_name_and_redirect_uris_can_be_given(tmp_path: Path) -> None:
    given = ("--redirect-uri", "http://localhost:1/a/", "--redirect-uri", "http://localhost:2/b/")
    name = ("--application-name", "Acme Software")
    with Process("--organizations", "1", "--contacts", "1", "--http-webhooks", *given, *name) as running:
        application = running.get_control("credentials")["application"]
    assert application["redirect_uris"] == ["http://localhost:1/a/", "http://localhost:2/b/"]
    assert application["name"] == "Acme Software"


def test_it_imports_nothing_but_werkzeug_and_the_standard_library() -> None:
    script = (
        "import sys, integrations.sandbox.__main__\n"
        "found = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(' '.join(sorted(name for name in found if not name.startswith('_'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    measuring = {"sitecustomize", "coverage", "$coverage"}  # loaded by the test run, not by the sandbox
    assert set(done.stdout.split()) - measuring <= {"integrations", "markupsafe", "werkzeug"}


def test_the_readmes_commands_lead_from_a_token_to_a_deleted_contact() -> None:
    block = re.search(r"```sh\n(HOST=.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    with Process("--organizations", "1", "--contacts", "5") as running:
        script = block[1].replace("http://127.0.0.1:8001", running.base).replace(")\n\n", ")\n")
        done = subprocess.run(
            ["sh", "-e", "-c", script], capture_output=True, text=True, timeout=180, check=False
        )
        log = [(entry["method"], entry["path"], entry["status"]) for entry in running.get_control("requests")]
    assert done.returncode == 0, done.stderr
    item = log[-1][1]
    assert log == [
        ("POST", "/v1/token", 200),
        ("GET", "/v1/teapot", 418),
        ("POST", "/v1/contacts", 201),
        ("POST", "/v1/contacts", 200),
        ("PATCH", item, 200),
        ("GET", item, 200),
        ("DELETE", item, 200),
        ("GET", item, 404),
    ]
    assert '"duplicate"' in done.stdout
    assert '"title": "Doctor"' in done.stdout


def test_the_readmes_commands_lead_from_a_subscription_to_a_message() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    port = free_port()
    with Process("--organizations", "1", "--contacts", "5", "--http-webhooks") as running:
        script = "\n".join(blocks).replace("http://127.0.0.1:8001", running.base).replace("8090", str(port))
        done = subprocess.run(
            ["sh", "-e", "-c", script], capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr
        assert running.get_control("deliveries") == []
    message = re.search(r'{"item": "CONTACT", "action": "CREATED".*?}', done.stdout)
    assert message is not None, done.stdout
    assert '"secret": "0123456789abcdef"' in message[0]
    assert '"status": "delivered"' in done.stdout
    assert done.stdout.rstrip().endswith("[]")


def test_a_file_with_other_tables_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE organizations_organization (id)")
        connection.execute("INSERT INTO organizations_organization VALUES (1)")
    before = file.read_bytes()
    with pytest.raises(sqlite3.DatabaseError, match="something else"):
        create_app(str(file))
    assert file.read_bytes() == before and not (tmp_path / "other.sqlite3-wal").exists()


def test_a_running_sandbox_is_controlled_from_this_machine_only() -> None:
    with Process("--contacts", "5") as server:
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            assert (
                requests.get(f"{server.base}/_sandbox/credentials", headers=headers, timeout=60).status_code
                == 403
            )
    with Process("--contacts", "5", "--allow-remote") as server:
        response = requests.get(
            f"{server.base}/_sandbox/credentials", headers={"Host": "evil.example"}, timeout=60
        )
        assert response.status_code == 200
