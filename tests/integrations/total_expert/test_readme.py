"""The README's examples, run as they stand, with the emulator in the place of the vendor's hosts."""

import re
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
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def vendor(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator behind every address, and its credentials where the README reads them."""

    def send(self: object, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        return emulator.adapter.send(request, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    monkeypatch.setenv("TE_CLIENT_ID", emulator.credentials["client_id"])
    monkeypatch.setenv("TE_CLIENT_SECRET", emulator.credentials["client_secret"])
    monkeypatch.setenv("TE_APPLICATION_ID", emulator.application["client_id"])
    monkeypatch.setenv("TE_APPLICATION_SECRET", emulator.application["client_secret"])
    monkeypatch.setenv("TE_REDIRECT_URI", emulator.redirect_uri)
    return emulator


def test_every_example_works_as_it_stands(vendor: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"send_the_browser_to": vendor.consent, "a_new_token": lambda: "unused"}
    for number, block in enumerate(BLOCKS, 1):
        exec(compile(block, f"README block {number}", "exec"), names)
    shown = capsys.readouterr().out
    assert "is new" in shown
    assert "page 1 of" in shown
    assert "GET /contacts/1 404" in shown
    assert "GET /contacts 200" in shown
    for secret in (vendor.credentials["client_secret"], names["grant"].access_token):
        assert secret not in shown


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
