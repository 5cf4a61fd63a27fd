"""The documents keep their promises: what they name exists, and the site has a page for each of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.project_files import DOCUMENTS, OURS, ROOT, our_files, python_files


def every_document() -> list[Path]:
    return [file for file in our_files() if file.suffix == ".md"]


def commands_of_manage() -> set[str]:
    ours = {file.stem for file in python_files("portal", "integrations") if file.parent.name == "commands"}
    djangos = {"check", "collectstatic", "createsuperuser", "migrate", "sendtestemail", "shell"}
    return ours | djangos | {"demo"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_that_a_document_names_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?= *(?:[`\n#]|ARGS|ONLY))", text)) <= targets
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= commands_of_manage()


def test_the_paths_that_a_document_names_exist() -> None:
    folders = "|".join(OURS)
    path = re.compile(rf"(?<![\w./-])((?:{folders})/[\w./-]*[\w/])")
    missing = []
    for document in DOCUMENTS:
        for name in path.findall((ROOT / document).read_text()):
            if "APP" not in name and not (ROOT / name).exists():
                missing.append(f"{document}: {name}")
    assert not missing


GUIDES = ("docs/quick-start.md", "docs/operators.md", "docs/troubleshooting.md")


@pytest.mark.parametrize("document", GUIDES)
def test_the_pages_and_buttons_that_a_guide_names_exist(document: str) -> None:
    screens = [*(ROOT / "templates").rglob("*.html"), *python_files("portal", "integrations")]
    shown = "\n".join(file.read_text() for file in screens)
    names = re.findall(r"\*\*([A-Z][^*]+)\*\*", (ROOT / document).read_text())
    assert names
    assert not [name for name in names if name not in shown]


def test_every_page_of_the_documentation_is_in_its_menu() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    pages = {file.relative_to(ROOT / "docs").as_posix() for file in (ROOT / "docs").rglob("*.md")}
    assert sorted(listed(site["nav"])) == sorted(pages | set(site["extra"]["documents"].values()))


def listed(nav: Any) -> Iterator[str]:
    """The pages of a menu."""
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from listed(entry)


def test_the_services_start_commands_that_exist() -> None:
    for service in (ROOT / "deploy").glob("*.service"):
        assert set(re.findall(r"manage\.py ([a-z_]+)", service.read_text())) <= commands_of_manage()


def test_what_the_documents_link_to_is_there() -> None:
    missing = []
    for document in every_document():
        for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", document.read_text()):
            path = (target[0] or target[1]).partition("#")[0]
            if path and "://" not in path and not (document.parent / path).exists():
                missing.append(f"{document.relative_to(ROOT)}: {path}")
    assert not missing
