"""The README and the examples: every code block runs, against the sandbox."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

import integrations.total_expert as total_expert
from tests.integrations.total_expert.resources.inspection import methods_of, resources_of
from tests.integrations.total_expert.sandbox_server import SandboxServer

README = (Path(total_expert.__file__).parent / "README.md").read_text()
PAGES = {
    page.name: page.read_text() for page in (Path(total_expert.__file__).parent / "examples").glob("*.md")
}
SETUP, *_ = re.findall(r"^```python\n(.*?)^```", PAGES["README.md"], re.DOTALL | re.MULTILINE)
EXAMPLES = {
    name: example
    for page in PAGES.values()
    for name, example in re.findall(r"^## (\w+)$[^#]*?^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
}
SHELL = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
#: The functions that the reader provides.
READER_FUNCTIONS = ("open_in_browser", "request_new_token")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def sandbox_everywhere(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> SandboxServer:
    """The sandbox behind every URL, and its credentials in the variables that the README uses."""

    def send(self: object, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        return sandbox.adapter.send(request, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    monkeypatch.setitem(sys.modules, "total_expert", total_expert)
    monkeypatch.setenv("TE_CLIENT_ID", sandbox.credentials["client_id"])
    monkeypatch.setenv("TE_CLIENT_SECRET", sandbox.credentials["client_secret"])
    monkeypatch.setenv("TE_APPLICATION_ID", sandbox.application["client_id"])
    monkeypatch.setenv("TE_APPLICATION_SECRET", sandbox.application["client_secret"])
    monkeypatch.setenv("TE_REDIRECT_URI", sandbox.redirect_uri)
    return sandbox


def test_every_python_block_runs(
    sandbox_everywhere: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = dict(
        zip(READER_FUNCTIONS, (sandbox_everywhere.consent, lambda: "unused"), strict=True)
    )
    for number, block in enumerate(BLOCKS, 1):
        exec(compile(block, f"README block {number}", "exec"), names)
    shown = capsys.readouterr().out
    assert "is new" in shown
    assert "page 1 of" in shown
    assert "GET /contacts/1 404" in shown
    assert "GET /contacts 200" in shown
    for secret in (sandbox_everywhere.credentials["client_secret"], names["tokens"].access_token):
        assert secret not in shown


def test_the_shell_block_exports_every_credential_that_the_blocks_use(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    file = tmp_path / "credentials.json"
    found = sandbox.http.get("/_sandbox/credentials").get_json()
    file.write_text(json.dumps(found))
    reading = next(block for block in SHELL if "/_sandbox/credentials" in block).partition("eval ")
    script = "eval " + reading[2].replace("curl -s http://127.0.0.1:8001/_sandbox/credentials", f"cat {file}")
    done = subprocess.run(["sh", "-euc", f"{script}\nenv"], capture_output=True, text=True, check=True)
    exported = dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith("TE_"))
    needed = set(re.findall(r'os\.environ\["(\w+)"\]', "".join(BLOCKS)))
    assert set(exported) == needed
    assert exported["TE_CLIENT_SECRET"] == found["organizations"][0]["client_secret"]
    assert exported["TE_REDIRECT_URI"] == found["application"]["redirect_uris"][0]


def test_a_block_that_needs_a_function_from_the_reader_says_so() -> None:
    for name in READER_FUNCTIONS:
        block = next(block for block in BLOCKS if f"{name}(" in block)
        before = README.partition(block)[0].rpartition("## ")[2]
        assert f"**You provide** `{name}(" in before, name


def test_the_first_block_has_at_most_ten_lines() -> None:
    assert len(BLOCKS) >= 10
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 10


def test_the_table_of_resources_matches_the_client(sandbox: SandboxServer) -> None:
    columns = [("list", "pages", "all"), ("get",), ("create",), ("update",), ("delete",)]
    rows = re.findall(r"^\| `(\w+)`.*?\|(.*)\|$", PAGES["README.md"], re.MULTILINE)
    with sandbox.client() as client:
        resources = resources_of(client)
        table = {
            name: [cell.strip() for cell in cells.split("|")] for name, cells in rows if name in resources
        }
    assert set(table) == set(resources)
    for name, cells in table.items():
        offered = methods_of(resources[name])
        for cell, methods in zip(cells, columns, strict=False):
            assert set(methods) <= offered if cell == "yes" else not set(methods) & offered, (name, methods)
        usual = {method for methods in columns for method in methods} | {"update_each"}
        assert set(re.findall(r"`(\w+)`", cells[len(columns)])) == offered - usual, name


def test_every_resource_has_an_example(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        assert set(EXAMPLES) == set(resources_of(client))
    for name, example in EXAMPLES.items():
        assert f"client.{name}." in example, name


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_each_resource_runs(name: str, sandbox_everywhere: SandboxServer) -> None:
    names: dict[str, Any] = {}
    for block in (SETUP, EXAMPLES[name]):
        exec(compile(block, f"the example of {name}", "exec"), names)
    calls = [
        row
        for row in sandbox_everywhere.http.get("/_sandbox/requests?since=0").get_json()
        if row["status"] >= 400
    ]
    assert {row["status"] for row in calls} <= {404}, calls
