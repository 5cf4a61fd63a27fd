"""The project's vocabulary: one plain word for each thing, on screens, in mail, in documents and in code.

`SHOWN` are words that people who use the portal never meet; `WRITTEN` are words that its code doesn't use. Each comes with
what to write instead.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project_files import DOCUMENTS, ROOT, python_files

SHOWN = {
    r"mirror\w*": "synced copy, synced contacts",
    r"books?": "contacts (Maria's contacts)",
    r"slots?": "next available time; token request",
    r"source address(?:es)?": "outbound IP address",
    r"die|dies|died|dying|alive": "expire, expires soon; renew",
    r"needs? (?:a person|somebody|someone)(?: now)?": "needs attention",
    r"whoever|whomever": "anyone who, the person who",
    r"somebody": "someone",
    r"everybody": "everyone",
    r"anew": "again",
    r"worlds?": "environment",
    r"what came of it": "result",
    r"looked after by": "account owner",
    r"stal(?:er|est)": "older, oldest data",
    r"sealed?|seals|unsealed": "encrypt, encrypted",
    r"an error of ours": "internal error",
    r"asked for": "requested",
    r"what is to know": "details",
    r"mends?|mended": "fix, repair",
}
WRITTEN = {
    r"Answers? (?:whether|the|what|how)": "Return …",
    r"whoever": "anyone who, the caller",
    r"mends?|mended|mending": "fix, repair",
    r"anew": "again",
    r"sealed?|seals|sealing|unsealed": "encrypt, encrypted",
}
#: Module names that are gone, and what the module is called now.
MODULES = {
    "screens": "views",
    "turns": "scheduler",
    "demands": "queue",
    "setbacks": "backoff",
    "stops": "kill_switch",
    "wire": "requests",
    "departures": "member_left",
    "moments": "times",
    "expulsion": "quarantine",
    "folding": "search_text",
    "walk": "reader",
    "rounds": "runs",
}
#: Names that are gone, and what they are called now.
NAMES = {
    "NothingKept": "NoStoreMiddleware",
    "NothingLocal": "NoLocalsFilter",
    "Trickling": "AnswerTooSlow",
    "NEVER": "RECHECK_WHEN_BLOCKED",
    "NOW_AND_THEN": "UPKEEP_EVERY",
    "free_those_of_the_dead": "release_dead_leases",
    "keep_alive_what_is_ripe": "renew_expiring_grants",
    "call_whose_turn_it_is": "wake_ready_connections",
}
CODE = ("portal", "integrations")


def text_of_template(file: Path) -> str:
    """What a template shows: no comments, no template code, no attributes that nobody reads."""
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", " ", file.read_text(), flags=re.DOTALL)
    text = re.sub(
        r"{%.*?%}", lambda tag: " ".join(re.findall(r'"([^"]* [^"]*)"', tag.group())), text, flags=re.DOTALL
    )
    text = re.sub(r"{{.*?}}", " ", text, flags=re.DOTALL)
    return re.sub(
        r"\b(?:class|id|href|name|for|action|src|aria-labelledby|data-[a-z]+)=\"[^\"]*\"", " ", text
    )


def sentences_in(file: Path) -> Iterator[str]:
    """The strings in a module that read as sentences, without docstrings."""
    tree = ast.parse(file.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and " " in node.value.strip() and id(node) not in docstrings:
            yield node.value


def docstrings_and_comments_in(file: Path) -> Iterator[str]:
    """What a module says to its readers, comments without their mark."""
    text = file.read_text()
    yield from re.findall(r"^[^\"'\n]*#:? (.*)$", text, re.MULTILINE)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def found(words: dict[str, str], text: str) -> list[str]:
    """The forbidden words in a text, each with what to write instead."""
    hits = []
    for pattern, instead in words.items():
        for match in re.finditer(rf"(?<![\w./_-])(?:{pattern})(?![\w_/])", text, re.IGNORECASE):
            hits.append(f"“{match.group()}” → {instead}")
    return hits


def templates() -> list[Path]:
    return sorted(file for file in (ROOT / "templates").rglob("*") if file.suffix in {".html", ".txt"})


def modules() -> list[Path]:
    return [file for file in python_files(*CODE) if "migrations" not in file.parts]


def test_screens_and_mail_use_the_words_of_their_readers() -> None:
    hits = []
    for file in templates():
        hits += [f"{file.relative_to(ROOT)}: {hit}" for hit in found(SHOWN, text_of_template(file))]
    assert not hits


def test_sentences_made_by_code_use_the_words_of_their_readers() -> None:
    hits = []
    for file in modules():
        for sentence in sentences_in(file):
            hits += [
                f"{file.relative_to(ROOT)}: {hit} in “{sentence[:60]}”" for hit in found(SHOWN, sentence)
            ]
    assert not hits


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_use_the_words_of_their_readers(document: str) -> None:
    assert not found(SHOWN, re.sub(r"`[^`]*`", "", (ROOT / document).read_text()))


def test_docstrings_and_comments_use_plain_words() -> None:
    hits = []
    for file in modules():
        for text in docstrings_and_comments_in(file):
            hits += [f"{file.relative_to(ROOT)}: {hit}" for hit in found(WRITTEN, text)]
    assert not hits


def test_modules_and_names_are_the_fields_own() -> None:
    hits = []
    for file in modules():
        if file.stem in MODULES:
            hits.append(f"{file.relative_to(ROOT)} → {MODULES[file.stem]}")
        for node in ast.walk(ast.parse(file.read_text())):
            name = getattr(node, "name", None) or (node.id if isinstance(node, ast.Name) else None)
            if name in NAMES:
                hits.append(f"{file.relative_to(ROOT)}: {name} → {NAMES[name]}")
    assert not hits
