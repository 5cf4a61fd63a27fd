"""The image and the compose file agree with the code and with the services of a plain installation."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
CONTAINERFILE = (ROOT / "Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
PORTAL_SERVICES = ["migrate", "web", "worker"]


def options(command: list[str]) -> dict[str, str]:
    """The options of a gunicorn command, by name; a switch has an empty value."""
    found = {}
    for name, value in zip(command, [*command[1:], ""], strict=True):
        if name.startswith("--"):
            found[name] = "" if value.startswith("--") else value
    return found


def test_the_image_starts_the_web_server_with_the_options_of_the_service() -> None:
    given = re.search(r"^CMD \[(.*)\]$", CONTAINERFILE.replace("\\\n", " "), re.MULTILINE)
    assert given is not None
    image = options(re.findall(r'"([^"]+)"', given.group(1)))
    service = re.search(
        r"^ExecStart=\S+gunicorn (.*)$", (ROOT / "deploy/portal-web.service").read_text(), re.M
    )
    assert service is not None
    assert {**image, "--bind": ""} == {**options(shlex.split(service.group(1))), "--bind": ""}


def test_the_image_holds_every_folder_that_the_portal_runs_from() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    copied = {name for line in lines for name in line.split()}
    assert copied == {
        "requirements/runtime.txt",
        "manage.py",
        "gunicorn.conf.py",
        "portal",
        "integrations",
        "templates",
    }
    sent = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert set(sent) == copied


def test_neither_image_nor_compose_file_contains_a_secret() -> None:
    assert not re.findall(r"^(?:ENV|ARG) .*(?:KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL)", CONTAINERFILE, re.M)
    assert "USER 10001" in CONTAINERFILE
    for name, service in COMPOSE["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search("KEY|SECRET|PASSWORD|TOKEN|_URL", variable):
                assert variable.endswith("_FILE") and value.startswith("/run/secrets/"), (name, variable)


@pytest.mark.parametrize("name", PORTAL_SERVICES)
def test_each_secret_file_is_mounted_and_read_by_a_setting(name: str) -> None:
    settings = (ROOT / ".env.example").read_text()
    service = COMPOSE["services"][name]
    files = {}
    for variable, path in service["environment"].items():
        assert re.search(rf"^#?{variable.removesuffix('_FILE')}=", settings, re.MULTILINE), variable
        files[Path(path).name] = variable
    assert set(service["secrets"]) == set(files) <= set(COMPOSE["secrets"])


@pytest.mark.parametrize("name", PORTAL_SERVICES)
def test_the_portals_containers_can_change_nothing_but_temporary_files(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "volumes" not in service


def test_web_and_worker_start_after_the_tables_are_up_to_date() -> None:
    for name in ("web", "worker"):
        waits = COMPOSE["services"][name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
    assert "migrate" in COMPOSE["services"]["migrate"]["command"][-1]
    assert COMPOSE["services"]["web"]["healthcheck"]["test"][-1].count("/healthz") == 1
    assert COMPOSE["services"]["worker"]["healthcheck"]["test"][-1].count("/readyz") == 1
