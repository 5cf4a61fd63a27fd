"""Every method of every resource, against the sandbox as admin and as user."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.total_expert import (
    PRODUCTION,
    ArchivedEmail,
    Client,
    Consent,
    Created,
    CreatedLead,
    Page,
    Permission,
    Record,
    Rejected,
    RenderedEmail,
    UserImage,
)
from tests.integrations.total_expert.resources.cases import CASES
from tests.integrations.total_expert.resources.inspection import methods_of, resources_of
from tests.integrations.total_expert.resources.shared_sandbox import SharedSandbox
from tests.integrations.total_expert.resources.test_any_response import call

RESOURCES = resources_of(Client(PRODUCTION, token=lambda: "x"))
CONSENT = Consent("+16125550199", "marketing", "web", "Yes.")
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(3) + b"\xff" * 3 + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


@dataclasses.dataclass
class ResourceRun:
    """Calls the methods of one resource as one role, and records which it called."""

    shared: SharedSandbox
    name: str
    role: str
    done: set[str] = dataclasses.field(default_factory=set)

    def __post_init__(self) -> None:
        self.case = CASES[self.name]
        self.resource = resources_of(self.shared.clients[self.role])[self.name]

    def run(self) -> None:
        """Create, find, update and delete a record, as far as the resource offers it."""
        offered = methods_of(self.resource)
        special = {method for method in offered if f"{self.name}.{method}" in SPECIAL}
        id = self.create() if "create" in offered else self.some_id()
        if "list" in offered:
            self.find(id)
        if "get" in offered - special:
            self.get(id)
        if "update" in offered:
            self.change(id)
        for method in sorted(offered & {"set_custom_values", "grant_consent", "revoke_consent"}):
            self.use_other_method(id, method)
        if "delete" in offered:
            self.delete(id)
        if "create_each" in offered:
            self.create_and_delete_each()
        for method in sorted(special):
            SPECIAL[f"{self.name}.{method}"](self)
            self.done.add(method)
        assert self.done == offered

    def create(self) -> Any:
        """Create a record. As admin, the loan officer is its owner, if it has one."""
        assert self.case.make is not None
        data = self.case.make(self.shared)
        as_admin = self.case.owned and self.role == "admin"
        created = self.resource.create(data, **({"owner": {"id": self.shared.officer}} if as_admin else {}))
        self.done.add("create")
        assert isinstance(created, CreatedLead) or created == Created(created.id, duplicate=False)
        self.contact_id = created.contact_id if isinstance(created, CreatedLead) else None
        return created.id

    def create_and_delete_each(self) -> None:
        """Create two records at once, one of them twice, and delete both."""
        assert self.case.make is not None
        people = [{**self.case.make(self.shared), "last_name": f"Wren{number}"} for number in range(2)]
        owner = {"id": self.shared.officer} if self.case.owned and self.role == "admin" else None
        made = dict(self.resource.create_each((key, people[key % 2], owner) for key in range(2)))
        assert [each.duplicate for each in made.values()] == [False, False]
        assert dict(self.resource.create_each([(7, people[0], owner)])) == {
            7: Created(made[0].id, duplicate=True)
        }
        ids = [each.id for each in made.values()]
        assert list(self.resource.delete_each(ids)) == [(id, None) for id in ids]
        assert all(error.code == "not_found" for _, error in self.resource.delete_each(ids))
        self.done |= {"create_each", "delete_each"}

    def some_id(self) -> Any:
        """Return the id of an existing record, or None if records have no ids."""
        if hasattr(self.resource, "list"):
            return getattr(self.resource.list(size=1).items[0], "id", None)
        return None

    def find(self, id: Any) -> None:
        """Check that the record is on a page, on the pages, and among all records."""
        page = self.resource.list(size=100)
        assert isinstance(page, Page)
        assert page.items
        assert not page.unreadable
        everything = list(self.resource.all())
        assert [each for one in self.resource.pages(size=7, prefetch=1) for each in one.items] == everything
        if id is not None and hasattr(everything[0], "id"):
            assert str(id) in {str(record.id) for record in everything}
        self.done |= {"list", "pages", "all"}

    def get(self, id: Any) -> None:
        """Get the record, and check that a missing one is not found."""
        record = self.resource.get(id)
        assert isinstance(record, Record)
        assert str(getattr(record, "id", None) or id) == str(id)
        with pytest.raises(Rejected) as missing:
            self.resource.get(type(id)("9" * 16))
        assert missing.value.code == "not_found"
        self.done.add("get")

    def change(self, id: Any) -> None:
        """Update the record, and check that the change is visible."""
        lead = {"contact_id": self.contact_id} if self.name == "lead_opportunities" else {}
        changed = self.resource.update(id, {**(self.case.change or {}), **lead})
        assert changed is None or changed == Created(id, duplicate=False)
        if self.case.seen:
            attribute, value = self.case.seen
            assert getattr(self.resource.get(id), attribute) == value
        self.done.add("update")
        if "update_each" in methods_of(self.resource):
            change = {**(self.case.change or {}), **lead}
            assert list(self.resource.update_each([(id, change), (id, change)])) == [(id, None), (id, None)]
            self.done.add("update_each")

    def use_other_method(self, id: Any, method: str) -> None:
        """Set custom field values and check them, or record a consent."""
        if method == "set_custom_values":
            values = self.case.custom or {}
            self.resource.set_custom_values(id, values)
            shown = {each.field_name: str(each.value) for each in self.resource.get(id).custom}
            assert shown == {name: str(value) for name, value in values.items()}
        else:
            getattr(self.resource, method)(id, CONSENT)
        self.done.add(method)

    def delete(self, id: Any) -> None:
        """Delete the record, and check that it is gone."""
        self.resource.delete(id)
        with pytest.raises(Rejected) as gone:
            self.resource.get(id)
        assert gone.value.code == "not_found"
        self.done.add("delete")


def role_permissions(run: ResourceRun) -> None:
    """Get the permissions of the first role."""
    role = run.shared.clients[run.role].user_roles.list(size=1).items[0]
    permissions = run.resource.get(role.id)
    assert permissions
    assert all(isinstance(each, Permission) and each.permission_name for each in permissions)


def archived(run: ResourceRun) -> None:
    """Get an e-mail that was sent."""
    sandbox = run.shared.sandbox
    groups = {"contact_groups": [{"group_name": "Newsletter"}]}
    run.shared.clients["admin"].contacts.create(
        {**run.shared.person(), **groups}, owner={"id": run.shared.officer}
    )
    sent = sandbox.http.get("/_sandbox/outbox").get_json()[-1]["seq"]
    email = run.resource.get(sent, user_id=run.shared.officer)
    assert isinstance(email, ArchivedEmail)
    assert "<" in email.content


def render(run: ResourceRun) -> None:
    """Render a template."""
    shared = run.shared
    data = {"content": {"html": "<p>Hi</p>", "subject": "S"}, "sender_id": shared.officer}
    rendered = run.resource.render({**data, "recipient": shared.contact()})
    assert [type(each) for each in rendered] == [RenderedEmail]
    assert rendered[0].rendered_subject == "S"


def upload(run: ResourceRun) -> None:
    """Upload an image."""
    image = run.resource.upload(run.shared.officer, GIF, content_type="image/gif")
    assert isinstance(image, UserImage)
    assert image.user_id == run.shared.officer
    assert image.url.startswith("http")


SPECIAL: dict[str, Callable[[ResourceRun], None]] = {
    "role_permissions.get": role_permissions,
    "email_archive.get": archived,
    "email_templates.render": render,
    "user_images.upload": upload,
    "sms.opt_in": lambda run: run.resource.opt_in("612-555-0144", user={"id": run.shared.officer}),
    "sms.opt_out": lambda run: run.resource.opt_out("612-555-0144"),
}


@pytest.fixture(scope="module")
def shared() -> Iterator[SharedSandbox]:
    """One sandbox for all tests. Each test creates its own records."""
    sandbox = SharedSandbox()
    yield sandbox
    for client in sandbox.clients.values():
        client.close()


def test_every_resource_has_a_case() -> None:
    assert set(CASES) == set(RESOURCES)


@pytest.mark.parametrize("name", CASES)
def test_every_method_works_as_admin(shared: SharedSandbox, name: str) -> None:
    ResourceRun(shared, name, "admin").run()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.for_users])
def test_every_method_works_as_user(shared: SharedSandbox, name: str) -> None:
    ResourceRun(shared, name, "user").run()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.for_users])
def test_every_method_of_an_admin_resource_is_rejected_for_a_user(shared: SharedSandbox, name: str) -> None:
    for method in sorted(methods_of(RESOURCES[name])):
        with pytest.raises(Rejected) as refused:
            result = call(shared.clients["user"], name, method)
            if method.endswith("_each"):  # yields its errors
                raise result[0][1]
        assert refused.value.code == "insufficient_scope", method
