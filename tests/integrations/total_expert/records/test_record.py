"""Records are read from the API's JSON."""

import datetime as dt
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import integrations.total_expert as total_expert
from integrations.total_expert import (
    Contact,
    ContactSurvey,
    CustomField,
    Loan,
    NoteType,
    Record,
    User,
)
from tests.integrations.total_expert.sandbox_server import SandboxServer

CONTACT = {
    "id": "2317",
    "first_name": "Zoë",
    "last_name": "Ångström",
    "email": None,
    "birthday": "1970-03-04",
    "zip_code": 12345,
    "ok_to_call": "True",
    "ok_to_email": 0,
    "preferences": {"is_silenced": 1},
    "owner": {"email": "o@x.example", "external_id": "e1", "id": "59", "username": "ocho"},
    "shared_with_users": [{"id": 56}, "nonsense", None],
    "contact_groups": [{"group_name": "Past Client", "id": 14}, {"group_name": "Prospect", "id": "15"}],
    "external_ids": [{"external_id": "abcd", "source": "local"}],
    "custom": [{"field_name": "color", "value": 3}],
    "internal_created_at": "2019-01-31 18:53:53",
    "last_contacted_date": "0000-00-00 00:00:00",
    "of_the_future": [1],
}


def contact(**changes: Any) -> Contact:
    read = Contact.from_json({**CONTACT, **changes})
    assert read is not None
    return read


def test_a_contact_has_typed_attributes_and_its_raw_json() -> None:
    read = contact()
    assert read.id == 2317
    assert (read.first_name, read.email, read.zip_code) == ("Zoë", "", "12345")
    assert (read.ok_to_call, read.ok_to_email, read.ok_to_mail, read.is_silenced) == (True, False, None, True)
    assert read.birthday == dt.date(1970, 3, 4)
    assert read.internal_created_at == dt.datetime(2019, 1, 31, 18, 53, 53, tzinfo=dt.UTC)
    assert read.last_contacted_date is None
    assert read.raw["of_the_future"] == [1]


def test_related_objects_are_records() -> None:
    read = contact()
    assert read.owner is not None
    assert (read.owner.id, read.owner.username) == (59, "ocho")
    assert read.assignee is None
    assert [user.id for user in read.shared_with_users] == [56]
    assert [(group.id, group.group_name) for group in read.contact_groups] == [
        (14, "Past Client"),
        (15, "Prospect"),
    ]
    assert [(each.source, each.external_id) for each in read.external_ids] == [("local", "abcd")]
    assert [(each.field_name, each.value) for each in read.custom] == [("color", 3)]


@pytest.mark.parametrize("data", [None, [], "x", {}, {"id": None}, {"id": "x"}, {"id": -1}, {"id": True}])
def test_an_object_without_a_valid_id_is_not_a_record(data: Any) -> None:
    assert Contact.from_json(data) is None


def test_a_custom_field_needs_no_id() -> None:
    read = CustomField.from_json({"system_name": "color", "related_entity": {"entity_type": "contact"}})
    assert read is not None
    assert (read.id, read.system_name, read.entity_type) == (None, "color", "contact")


def test_the_name_of_a_user_is_read_from_info() -> None:
    read = User.from_json(
        {"id": 5, "status": "1", "info": {"first_name": "Ada"}, "role": {"role_name": "Lender"}}
    )
    assert read is not None
    assert (read.first_name, read.role_name, read.active, read.last_name) == ("Ada", "Lender", True, "")


def test_the_repr_of_a_record_shows_no_personal_data() -> None:
    assert repr(contact()) == "Contact(id=2317)"
    assert "Zoë" not in f"{[contact()]} {contact()!s} {contact().owner}"


def test_records_compare_by_content_and_are_hashable() -> None:
    assert contact() == contact()
    assert contact() != contact(of_the_future=[2])
    assert len({contact(), contact(), contact(id=3)}) == 2


def test_every_object_in_the_sandbox_becomes_a_record(
    sandbox: SandboxServer,
) -> None:
    with sandbox.client() as client:
        contacts, groups = list(client.contacts.all()), list(client.contact_groups.all())
        users, fields = list(client.users.all()), list(client.custom_fields.all())
    assert len(contacts) == 30
    assert {each.id for each in contacts} == {each.raw["id"] for each in contacts}
    assert all(each.owner and each.owner.id in {user.id for user in users} for each in contacts)
    assert all(each.internal_updated_at for each in contacts)
    assert {group.id for each in contacts for group in each.contact_groups} <= {group.id for group in groups}
    assert all(user.first_name and user.username and user.active is not None for user in users)
    assert all(field.system_name and field.data_type and field.entity_type for field in fields)
    assert fields


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["0000-00-00 00:00:00", "2019-01-31 18:53:53", "14", "True", "4.125", "0a1b2c3d4e5f6071"])
)  # fmt: skip
KINDS = sorted(
    (kind for kind in vars(total_expert).values() if isinstance(kind, type) and issubclass(kind, Record)),
    key=lambda kind: kind.__name__,
)


def json_with(names: set[str]) -> st.SearchStrategy[Any]:
    """Return a strategy for any JSON that mostly has these property names."""
    keys = st.sampled_from(sorted(names)) | st.text(max_size=4)
    return st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=12,
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(data=st.data())
def test_any_json_is_a_record_or_none(kind: type[Record], data: st.DataObject) -> None:
    names = {each.name for each in fields(kind)} | {
        step for place in kind.JSON_PATHS.values() for step in place
    }
    value = data.draw(json_with(names))
    if isinstance(value, dict) and "id" in names:
        value["id"] = data.draw(LEAVES)
    read = kind.from_json(value)
    assert read is None or (read.raw is value and repr(read))
    if read is not None:
        for name in (name for name in dir(kind) if not name.startswith("_")):
            getattr(read, name)
        assert hash(read) == hash(kind.from_json(value))


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_can_be_read_from_its_required_properties(kind: type[Record]) -> None:
    named = {
        "id": 7,
        **{each.name: "x7" for each in fields(kind) if "name" in each.name or each.name in NAMED},
    }
    read = kind.from_json(named)
    assert read is not None
    assert kind.__doc__


NAMED = {"item", "action", "access_type"}


def test_amounts_are_exact() -> None:
    loan = Loan.from_json(
        {"id": 1, "loan_amount": "357904.10", "loan_rate": 4.125, "purchase_price": "a lot"}
    )
    assert loan is not None
    assert (loan.loan_amount, loan.loan_rate) == (Decimal("357904.10"), Decimal("4.125"))
    assert loan.purchase_price is None


def test_note_types_have_the_numbers_of_the_vendor() -> None:
    assert [kind.value for kind in NoteType] == list(range(1, 35))
    assert (NoteType.GENERAL, NoteType.APPOINTMENT_SCHEDULED) == (1, 25)


def test_a_survey_has_its_questions_and_their_choices() -> None:
    choice = {"value": "Yes", "system_name": "yes", "sort_order": "0"}
    question = {"id": "e6", "data_type": "choice", "sort_order": "2", "possible_choice_answers": [choice, 5]}
    survey = ContactSurvey.from_json(
        {"id": "69003b93703638cf", "questions": [question, {"data_type": "text"}]}
    )
    assert survey is not None
    assert [(each.id, each.sort_order) for each in survey.questions] == [("e6", 2)]
    assert [each.value for each in survey.questions[0].possible_choice_answers] == ["Yes"]
