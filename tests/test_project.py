"""The project's own promises: settings are documented, locks match, files are small, packages stand alone."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from integrations.sandbox.version import __version__ as sandbox_version
from portal.environment import Environment, SecretFiles, public_origin, require_loopback
from tests.processes import free_port
from tests.project_files import ROOT, our_files, python_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINES = 350


# --- Settings -------------------------------------------------------------------------------------------------------


def variables_that_settings_read() -> set[str]:
    names = set()
    for node in ast.walk(ast.parse((ROOT / "portal/settings.py").read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            reads = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "env"
            if reads or (isinstance(node.func, ast.Name) and node.func.id == "required"):
                names.add(node.args[0].value)
    return names


def test_the_example_of_the_environment_names_every_variable_that_settings_read() -> None:
    documented = re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(variables_that_settings_read())


def test_no_code_outside_settings_reads_a_variable_of_its_own() -> None:
    reading = re.compile(r"os\.(?:environ(?:\.get\(|\[)|getenv\()\s*[\"']([A-Z_]+)")
    found = {
        name for file in python_files("portal", "integrations") for name in reading.findall(file.read_text())
    }
    assert found <= variables_that_settings_read() | {"PATH", "PYTHONPATH", "DJANGO_SETTINGS_MODULE"}


def settings_in_a_fresh_process(expression: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Evaluate ``expression`` on the settings that these variables, and no others, make."""
    return subprocess.run(
        [sys.executable, "-c", f"from portal import settings; print({expression})"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    "name",
    ["SECRET_KEY", "ENCRYPTION_KEYS", "FINGERPRINT_KEY", "DATABASE_URL", "EMAIL_URL", "OIDC_CLIENT_SECRET"],
)
def test_a_secret_may_lie_in_a_file(name: str, tmp_path: Path) -> None:
    values = {
        **dict.fromkeys(["SECRET_KEY", "ENCRYPTION_KEYS", "FINGERPRINT_KEY"], "given"),
        "DATABASE_URL": "sqlite:////nowhere/given",
        "EMAIL_URL": "smtp://mail.example",
    }
    there = {"DATABASE_URL": "sqlite:////nowhere/from-file", "EMAIL_URL": "smtp://from-file"}.get(
        name, "from-file"
    )
    file = tmp_path / "secret"
    file.write_text(there)
    values.pop(name, None)
    shown = {"DATABASE_URL": "settings.DATABASES['default']['NAME']", "EMAIL_URL": "settings.EMAIL_HOST"}
    answer = settings_in_a_fresh_process(
        shown.get(name, f"settings.{name}"), **values, **{f"{name}_FILE": str(file)}
    )
    assert answer.stdout.strip().endswith("from-file"), answer.stderr


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", " \n\n", "\t"])
@pytest.mark.parametrize("name", ["SECRET_KEY", "METRICS_TOKEN", "FINGERPRINT_KEY", "OIDC_CLIENT_SECRET"])
def test_space_around_a_secret_in_a_file_is_no_part_of_it(name: str, ending: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"\xef\xbb\xbf from-file" + ending.encode())
    found = Environment()
    found.ENVIRON = SecretFiles({f"{name}_FILE": str(file)})
    assert found.str(name, default="") == "from-file"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_secret_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match="METRICS_TOKEN_FILE names can't be read"):
        SecretFiles({"METRICS_TOKEN_FILE": str(file)})["METRICS_TOKEN"]


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://portal.example", "https://portal.example"),
        ("https://portal.example/", "https://portal.example"),
        (" HTTPS://Portal.Example\n", "https://portal.example"),
        ("https://portal.example:443", "https://portal.example"),
        ("http://portal.example:80/", "http://portal.example"),
        ("https://portal.example:8443", "https://portal.example:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_portals_address_is_read_as_an_origin(written: str, origin: str) -> None:
    assert public_origin(written) == origin


@pytest.mark.parametrize(
    "written",
    ["", "portal.example", "portal.example:8000", "https://", "ftp://portal.example", "https://portal.example/portal",
     "https://portal.example//", "https://portal.example?x=1", "https://portal.example#x", "https://me@portal.example",
     "https://portal.example:http", "https://portal.example:99999", "https://[::1", "https://pörtal.example"],
)  # fmt: skip
def test_an_address_that_is_no_origin_stops_the_start(written: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PORTAL_URL must be"):
        public_origin(written)


LOCAL = [
    "http://localhost:8000",
    "http://127.0.0.1:1",
    "http://[::1]:8000",
    "https://localhost",
    "http://LOCALHOST",
]
REMOTE = [
    "https://portal.example",
    "http://192.168.0.7:8000",
    "http://0.0.0.0:8000",
    "http://localhost.example",
    "http://localhost@portal.example",
    "http://127.0.0.1.example",
    "localhost:8000",
    "",
]


@pytest.mark.parametrize("switch", ["DEMO", "DEBUG"])
def test_demo_and_debug_are_for_this_machine_only(switch: str) -> None:
    for url in LOCAL:
        require_loopback(switch, portal_url=url, allowed_hosts=["localhost", "127.0.0.1", "[::1]"])
        for hosts in (["portal.example"], ["localhost", "*"], [".localhost.example"]):
            with pytest.raises(ImproperlyConfigured, match=f"{switch} is on"):
                require_loopback(switch, portal_url=url, allowed_hosts=hosts)
    for url in REMOTE:
        with pytest.raises(ImproperlyConfigured, match=f"{switch} is on"):
            require_loopback(switch, portal_url=url, allowed_hosts=["localhost"])


@pytest.mark.parametrize("command", ["gunicorn", "check", "work"])
@pytest.mark.parametrize("switch", ["DEMO", "DEBUG"])
def test_nothing_starts_with_demo_or_debug_on_another_host(command: str, switch: str) -> None:
    starting = (
        ["-m", "gunicorn", "portal.wsgi", "--check-config"]
        if command == "gunicorn"
        else ["manage.py", command]
    )
    keys = dict.fromkeys(["SECRET_KEY", "ENCRYPTION_KEYS", "FINGERPRINT_KEY"], "given")
    answer = subprocess.run(
        [sys.executable, *starting],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **keys, switch: "1", "PORTAL_URL": "https://portal.example"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode != 0
    assert (
        f"{switch} is on, but PORTAL_URL or ALLOWED_HOSTS name another machine"
        in answer.stdout + answer.stderr
    )


@pytest.mark.parametrize("switch", ["DEMO", "DEBUG"])
def test_the_web_server_refuses_demo_and_debug_on_an_address_that_others_reach(switch: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"0.0.0.0:{free_port()}"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            **dict.fromkeys(["SECRET_KEY", "ENCRYPTION_KEYS", "FINGERPRINT_KEY"], "given"),
            switch: "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode != 0
    assert "Bind to 127.0.0.1, not to 0.0.0.0." in answer.stdout + answer.stderr


@pytest.mark.skipif((ROOT / ".env").exists(), reason="a .env lies here, which the settings would read")
def test_without_keys_the_settings_say_what_to_do() -> None:
    answer = settings_in_a_fresh_process("1")
    assert answer.returncode != 0
    assert "make_keys" in answer.stderr and "make demo" in answer.stderr


# --- Locks ----------------------------------------------------------------------------------------------------------


def locked(name: str) -> dict[str, str]:
    """Package to version, of one lock file."""
    pins = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


@pytest.mark.parametrize(
    "name", ["requirements/runtime.txt", "requirements/dev.txt", "requirements/docs.txt"]
)
def test_a_lock_names_no_host_and_hashes_every_package(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    entries = [entry for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if entry.strip()]
    assert len(entries) >= len(locked(name)) > 10
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("requirements/runtime.txt", PROJECT["project"]["dependencies"]),
        ("requirements/dev.txt", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]),
        ("requirements/docs.txt", PROJECT["dependency-groups"]["docs"]),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(name: str, wanted: list[str]) -> None:
    pins = locked(name)
    for requirement in map(Requirement, wanted):
        version = pins.get(canonicalize_name(requirement.name), "missing")
        assert version != "missing" and requirement.specifier.contains(version, prereleases=True), requirement


def test_both_locks_pin_the_same_versions() -> None:
    runtime, dev = locked("requirements/runtime.txt"), locked("requirements/dev.txt")
    assert runtime.items() <= dev.items()


# --- Files ----------------------------------------------------------------------------------------------------------


def test_no_file_grows_beyond_what_one_reads_at_a_sitting() -> None:
    long = {
        str(file.relative_to(ROOT)): count
        for file in our_files()
        if file.suffix not in {".css", ".svg"} and (count := file.read_text().count("\n")) > LINES
    }
    assert not long


def test_every_module_says_first_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in python_files("portal", "integrations", "tests")
        if "migrations" not in file.parts
        and file.read_text().strip()
        and not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert not silent


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "base.py", "common.py", "misc.py"}
    assert not [file for file in python_files("portal", "integrations", "tests") if file.name in vague]


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    paths = re.compile(r"(?<![\w.])/(?:work|root|home)/\w|/tmp/\w")
    found = [
        f"{file.relative_to(ROOT)}: {match.group()}"
        for file in our_files()
        if file != Path(__file__) and (match := paths.search(file.read_text()))
    ]
    assert not found


def test_the_client_works_as_a_package_of_its_own(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "integrations/total_expert", tmp_path / "total_expert")
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, total_expert; print(total_expert.Client, 'django' in sys.modules)",
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.stdout == "<class 'total_expert.client.Client'> False\n", answer.stderr


def test_the_client_asks_for_the_same_libraries_alone_as_here() -> None:
    alone = tomllib.loads((ROOT / "integrations/total_expert/pyproject.toml").read_text())["project"]
    assert set(alone["dependencies"]) <= set(PROJECT["project"]["dependencies"])
    assert alone["requires-python"] == PROJECT["project"]["requires-python"]


def test_every_package_stands_behind_the_walls() -> None:
    packages = {f"integrations.{file.parent.name}" for file in (ROOT / "integrations").glob("*/__init__.py")}
    contracts = {contract["name"][:2]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
    layered = {name for layer in contracts["1."]["layers"] for name in re.findall(r"[\w.]+", layer)}
    apart = {"integrations.total_expert", "integrations.sandbox"}
    assert packages - apart <= layered
    assert packages - {"integrations.total_expert"} <= set(contracts["2."]["forbidden_modules"])
    assert packages - {"integrations.sandbox"} <= set(contracts["3a"]["forbidden_modules"])


def test_pre_commit_runs_only_tools_that_set_up_installs() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"],
        cwd=ROOT,
        check=True,
    )
    assert re.findall(r"repo: (\S+)", text) == ["local"]
    tools = re.findall(r"entry: \.venv/bin/(\S+)", text)
    assert len(tools) == text.count("entry:") > 0
    assert set(tools) <= set(locked("requirements/dev.txt"))


def test_every_package_is_released_under_the_same_version() -> None:
    files = [ROOT / "pyproject.toml", *sorted(ROOT.glob("integrations/*/pyproject.toml"))]
    projects = [tomllib.loads(file.read_text()) for file in files]
    assert len(projects) == 3
    assert {project["project"]["version"] for project in projects} == {sandbox_version}
    assert f"## [{sandbox_version}]" in (ROOT / "CHANGELOG.md").read_text()
