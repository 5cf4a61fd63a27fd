"""The README's examples, run as they stand, with the emulator in the place of the vendor's hosts."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

import integrations.total_expert as total_expert
from tests.integrations.total_expert.conftest import Emulator
from tests.integrations.total_expert.offers import methods_of, resources_of

README = (Path(total_expert.__file__).parent / "README.md").read_text()
PAGES = {
    page.name: page.read_text() for page in (Path(total_expert.__file__).parent / "examples").glob("*.md")
}
BEGINNING, *_ = re.findall(r"^```python\n(.*?)^```", PAGES["README.md"], re.DOTALL | re.MULTILINE)
EXAMPLES = {
    name: example
    for page in PAGES.values()
    for name, example in re.findall(r"^## (\w+)$[^#]*?^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
}
SHELL = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
#: What the reader brings: functions that some of the blocks need.
YOURS = ("send_the_browser_to", "a_new_token")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def vendor(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator behind every address, and its credentials where the README reads them."""

    def send(self: object, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        return emulator.adapter.send(request, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    monkeypatch.setitem(sys.modules, "total_expert", total_expert)
    monkeypatch.setenv("TE_CLIENT_ID", emulator.credentials["client_id"])
    monkeypatch.setenv("TE_CLIENT_SECRET", emulator.credentials["client_secret"])
    monkeypatch.setenv("TE_APPLICATION_ID", emulator.application["client_id"])
    monkeypatch.setenv("TE_APPLICATION_SECRET", emulator.application["client_secret"])
    monkeypatch.setenv("TE_REDIRECT_URI", emulator.redirect_uri)
    return emulator


def test_every_example_works_as_it_stands(vendor: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = dict(zip(YOURS, (vendor.consent, lambda: "unused"), strict=True))
    for number, block in enumerate(BLOCKS, 1):
        exec(compile(block, f"README block {number}", "exec"), names)
    shown = capsys.readouterr().out
    assert "is new" in shown
    assert "page 1 of" in shown
    assert "GET /contacts/1 404" in shown
    assert "GET /contacts 200" in shown
    for secret in (vendor.credentials["client_secret"], names["grant"].access_token):
        assert secret not in shown


def test_the_shell_reads_all_credentials_that_the_examples_need(emulator: Emulator, tmp_path: Path) -> None:
    given = tmp_path / "credentials.json"
    found = emulator.http.get("/_sandbox/credentials").get_json()
    given.write_text(json.dumps(found))
    reading = next(block for block in SHELL if "/_sandbox/credentials" in block).partition("eval ")
    script = "eval " + reading[2].replace(
        "curl -s http://127.0.0.1:8001/_sandbox/credentials", f"cat {given}"
    )
    done = subprocess.run(["sh", "-euc", f"{script}\nenv"], capture_output=True, text=True, check=True)
    told = dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith("TE_"))
    needed = set(re.findall(r'os\.environ\["(\w+)"\]', "".join(BLOCKS)))
    assert set(told) == needed
    assert told["TE_CLIENT_SECRET"] == found["organizations"][0]["client_secret"]
    assert told["TE_REDIRECT_URI"] == found["application"]["redirect_uris"][0]


def test_a_block_that_needs_a_function_of_the_readers_says_so() -> None:
    for name in YOURS:
        block = next(block for block in BLOCKS if f"{name}(" in block)
        before = README.partition(block)[0].rpartition("## ")[2]
        assert "**needs a function of yours**" in before and f"`{name}(" in before, name


def test_there_are_examples_and_the_first_needs_ten_lines() -> None:
    assert len(BLOCKS) >= 10
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 10


def test_the_table_of_resources_says_what_there_is(emulator: Emulator) -> None:
    columns = [("list", "pages", "all"), ("get",), ("create",), ("update",), ("delete",)]
    rows = re.findall(r"^\| `(\w+)`.*?\|(.*)\|$", README, re.MULTILINE)
    with emulator.client() as client:
        resources = resources_of(client)
        table = {
            name: [cell.strip() for cell in cells.split("|")] for name, cells in rows if name in resources
        }
    assert set(table) == set(resources)
    for name, cells in table.items():
        offered = methods_of(resources[name])
        for cell, methods in zip(cells, columns, strict=False):
            assert set(methods) <= offered if cell == "yes" else not set(methods) & offered, (name, methods)
        usual = {method for methods in columns for method in methods}
        assert set(re.findall(r"`(\w+)`", cells[len(columns)])) == offered - usual, name


def test_every_resource_has_an_example_of_its_own(emulator: Emulator) -> None:
    with emulator.client() as client:
        assert set(EXAMPLES) == set(resources_of(client))
    for name, example in EXAMPLES.items():
        assert f"client.{name}." in example, name


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_each_resource_works_as_it_stands(name: str, vendor: Emulator) -> None:
    names: dict[str, Any] = {}
    for block in (BEGINNING, EXAMPLES[name]):
        exec(compile(block, f"the example of {name}", "exec"), names)
    calls = [row for row in vendor.http.get("/_sandbox/requests?since=0").get_json() if row["status"] >= 400]
    assert {row["status"] for row in calls} <= {404}, calls
