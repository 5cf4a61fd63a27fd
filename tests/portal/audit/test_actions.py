"""Labels of the actions in the audit log."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from integrations.connections.models import ConnectionState
from portal.audit import actions


def recorded_actions() -> Iterator[tuple[str, str]]:
    """Yield the place and a regular expression of every action that the source code records."""
    for root in ("portal", "integrations"):
        for path in sorted((settings.BASE_DIR / root).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                if is_call and ast.unparse(node.func) == "log.record":
                    yield f"{path.relative_to(settings.BASE_DIR)}:{node.lineno}", pattern_of(node.args[0])


def pattern_of(argument: ast.expr) -> str:
    """Return a regular expression for a literal or an f-string, with any word in place of its variables."""
    if isinstance(argument, ast.Constant):
        return re.escape(str(argument.value))
    assert isinstance(argument, ast.JoinedStr), ast.unparse(argument)
    return "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in argument.values
    )


def test_every_recorded_action_has_a_label() -> None:
    found = list(recorded_actions())
    assert len(found) > 20
    declared = actions.labels()
    missing = [
        (place, pattern)
        for place, pattern in found
        if not any(re.fullmatch(pattern, action) for action in declared)
    ]
    assert not missing


def test_every_state_of_a_connection_has_a_label() -> None:
    assert {f"connection.{state}" for state in ConnectionState} <= set(actions.labels())


def test_labels_are_different_and_read_like_sentences() -> None:
    labels = list(actions.labels().values())
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[A-Z][A-Za-z -]+", label) for label in labels)


def test_an_undeclared_action_has_a_label_derived_from_its_code() -> None:
    assert actions.label_of("connection.paused") == "Connection paused"
    assert actions.label_of("old_thing.was_changed") == "Old thing was changed"


def test_the_filter_offers_the_actions_in_order_of_their_labels() -> None:
    labels = [label for _, label in actions.choices()]
    assert labels == sorted(labels) and "Keys rotated" not in labels and "Encryption keys rotated" in labels


def test_apps_declare_actions_in_their_own_words_once() -> None:
    sources = [path.read_text() for path in Path(settings.BASE_DIR).glob("*/*/apps.py")]
    declared = [
        action for text in sources for action in re.findall(r'^        "([a-z_]+\.[a-z_]+)": "', text, re.M)
    ]
    assert sorted(declared) == sorted(actions.labels())
