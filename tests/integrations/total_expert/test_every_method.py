"""Every method of every resource, driven against the emulator as admin and as user."""

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
from tests.integrations.total_expert.cases import CASES
from tests.integrations.total_expert.offers import methods_of, resources_of
from tests.integrations.total_expert.test_answers import call
from tests.integrations.total_expert.world import World

RESOURCES = resources_of(Client(PRODUCTION, token=lambda: "x"))
CONSENT = Consent("+16125550199", "marketing", "web", "Yes.")
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(3) + b"\xff" * 3 + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


@dataclasses.dataclass
class Drive:
    """Drives one resource as one role, and notes which methods were called."""

    world: World
    name: str
    role: str
    done: set[str] = dataclasses.field(default_factory=set)

    def __post_init__(self) -> None:
        self.case = CASES[self.name]
        self.resource = resources_of(self.world.clients[self.role])[self.name]

    def run(self) -> None:
        """Create, find, change and delete a record, as far as the resource goes."""
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
            self.change_more(id, method)
        if "delete" in offered:
            self.delete(id)
        for method in sorted(special):
            SPECIAL[f"{self.name}.{method}"](self)
            self.done.add(method)
        assert self.done == offered

    def create(self) -> Any:
        """Create a record; as admin for the officer, where records have owners."""
        assert self.case.make is not None
        data = self.case.make(self.world)
        as_admin = self.case.owned and self.role == "admin"
        made = self.resource.create(data, **({"owner": {"id": self.world.officer}} if as_admin else {}))
        self.done.add("create")
        assert isinstance(made, CreatedLead) or made == Created(made.id, duplicate=False)
        self.contact_id = made.contact_id if isinstance(made, CreatedLead) else None
        return made.id

    def some_id(self) -> Any:
        """The id of a record that is there, if records have one."""
        if hasattr(self.resource, "list"):
            return getattr(self.resource.list(size=1).items[0], "id", None)
        return None

    def find(self, id: Any) -> None:
        """The record is on a page, on the pages, and among all records."""
        page = self.resource.list(size=100)
        assert isinstance(page, Page)
        assert page.items
        assert not page.unreadable
        everything = list(self.resource.all())
        assert [each for one in self.resource.pages(size=7, ahead=1) for each in one.items] == everything
        if id is not None and hasattr(everything[0], "id"):
            assert str(id) in {str(record.id) for record in everything}
        self.done |= {"list", "pages", "all"}

    def get(self, id: Any) -> None:
        """The record itself, and the sentence for one that is not there."""
        record = self.resource.get(id)
        assert isinstance(record, Record)
        assert str(getattr(record, "id", None) or id) == str(id)
        with pytest.raises(Rejected) as missing:
            self.resource.get(type(id)("9" * 16))
        assert missing.value.code == "not_found"
        self.done.add("get")

    def change(self, id: Any) -> None:
        """The record shows what was changed of it."""
        lead = {"contact_id": self.contact_id} if self.name == "lead_opportunities" else {}
        changed = self.resource.update(id, {**(self.case.change or {}), **lead})
        assert changed is None or changed == Created(id, duplicate=False)
        if self.case.seen:
            attribute, value = self.case.seen
            assert getattr(self.resource.get(id), attribute) == value
        self.done.add("update")

    def change_more(self, id: Any, method: str) -> None:
        """Custom values show; a consent is taken down."""
        if method == "set_custom_values":
            values = self.case.custom or {}
            self.resource.set_custom_values(id, values)
            shown = {each.field_name: str(each.value) for each in self.resource.get(id).custom}
            assert shown == {name: str(value) for name, value in values.items()}
        else:
            getattr(self.resource, method)(id, CONSENT)
        self.done.add(method)

    def delete(self, id: Any) -> None:
        """The record is gone."""
        self.resource.delete(id)
        with pytest.raises(Rejected) as gone:
            self.resource.get(id)
        assert gone.value.code == "not_found"
        self.done.add("delete")


def role_permissions(drive: Drive) -> None:
    """What the first role may do."""
    role = drive.world.clients[drive.role].user_roles.list(size=1).items[0]
    permissions = drive.resource.get(role.id)
    assert permissions
    assert all(isinstance(each, Permission) and each.permission_name for each in permissions)


def archived(drive: Drive) -> None:
    """An e-mail that was sent."""
    emulator = drive.world.emulator
    groups = {"contact_groups": [{"group_name": "Newsletter"}]}
    drive.world.clients["admin"].contacts.create(
        {**drive.world.person(), **groups}, owner={"id": drive.world.officer}
    )
    sent = emulator.http.get("/_sandbox/outbox").get_json()[-1]["seq"]
    email = drive.resource.get(sent, user_id=drive.world.officer)
    assert isinstance(email, ArchivedEmail)
    assert "<" in email.content


def render(drive: Drive) -> None:
    """Fill in a template."""
    world = drive.world
    data = {"content": {"html": "<p>Hi</p>", "subject": "S"}, "sender_id": world.officer}
    rendered = drive.resource.render({**data, "recipient": world.contact()})
    assert [type(each) for each in rendered] == [RenderedEmail]
    assert rendered[0].rendered_subject == "S"


def upload(drive: Drive) -> None:
    """Upload a picture."""
    image = drive.resource.upload(drive.world.officer, GIF, content_type="image/gif")
    assert isinstance(image, UserImage)
    assert image.user_id == drive.world.officer
    assert image.url.startswith("http")


SPECIAL: dict[str, Callable[[Drive], None]] = {
    "role_permissions.get": role_permissions,
    "email_archive.get": archived,
    "email_templates.render": render,
    "user_images.upload": upload,
    "sms.opt_in": lambda drive: drive.resource.opt_in("612-555-0144", user={"id": drive.world.officer}),
    "sms.opt_out": lambda drive: drive.resource.opt_out("612-555-0144"),
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One world for all of them: each makes the records that it is about."""
    made = World()
    yield made
    for client in made.clients.values():
        client.close()


def test_no_resource_is_left_out() -> None:
    assert set(CASES) == set(RESOURCES)


@pytest.mark.parametrize("name", CASES)
def test_every_method_works_as_admin(world: World, name: str) -> None:
    Drive(world, name, "admin").run()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.for_users])
def test_every_method_works_as_user(world: World, name: str) -> None:
    Drive(world, name, "user").run()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.for_users])
def test_what_is_for_admins_is_refused_to_a_user_method_by_method(world: World, name: str) -> None:
    for method in sorted(methods_of(RESOURCES[name])):
        with pytest.raises(Rejected) as refused:
            call(world.clients["user"], name, method)
        assert refused.value.code == "insufficient_scope", method
