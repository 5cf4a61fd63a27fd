"""The actions that apps offer on the list of contacts."""

from collections.abc import Iterator

import pytest

from integrations.directory.browse import list_actions
from portal.organizations.roles import Capability, Role


@pytest.fixture(autouse=True)
def no_actions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(list_actions, "_actions", {})
    yield


def names(role: Role) -> list[str]:
    return [action.name for action in list_actions.offered(role)]


def test_a_role_is_offered_what_it_may_do_in_the_registered_order() -> None:
    list_actions.register(
        "delete", label="Delete…", url_name="x", capability=Capability.EDIT_MANY, order=90, icon="delete"
    )
    list_actions.register("edit", label="Bulk edit…", url_name="x", capability=Capability.EDIT)
    list_actions.register("add", label="Add to group…", url_name="x", capability=Capability.EDIT, order=90)
    assert names(Role.OPERATOR) == names(Role.ADMIN) == ["edit", "add", "delete"]
    assert names(Role.EDITOR) == names(Role.OFFICER) == ["edit", "add"]
    assert names(Role.VIEWER) == []


def test_an_action_that_registers_again_is_offered_once() -> None:
    for label in ("Old", "New"):
        list_actions.register("edit", label=label, url_name="x", capability=Capability.EDIT)
    assert [action.label for action in list_actions.offered(Role.ADMIN)] == ["New"]
