"""The plan of a file says for each row what it creates or changes, or in a sentence why not."""

from collections.abc import Callable

import pytest

from integrations import total_expert
from integrations.bulk.models import Plan, PlanState, RowAction, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Contact, Owner
from tests.integrations.bulk.files.conftest import Import
from tests.world import World

pytestmark = pytest.mark.django_db

HEADS = ("First name", "Last name", "Email")


@pytest.fixture
def owner(admin: Connection) -> Owner:
    found = Owner.objects.filter(contacts__isnull=False).first()
    assert found is not None
    return found


def contact_of(owner: Owner) -> Contact:
    found = Contact.objects.filter(owner=owner).exclude(email="").select_related("document").first()
    assert found is not None
    return found


def outcomes(plan: Plan) -> list[tuple[int, str, str, str]]:
    return [(row.number, row.action, row.state, row.reason) for row in plan.rows.order_by("number")]


def test_rows_create_contacts_change_them_or_have_nothing_to_do(
    world: World,
    owner: Owner,
    import_rows: Import,
    apply: Callable[..., Plan],
    over_there: total_expert.Client,
) -> None:
    known = contact_of(owner)
    made = import_rows(
        (*HEADS, "City"),
        ("Ann", "Quill", "ann.quill@new.example", "Duluth"),
        (known.first_name, known.last_name, known.email, "Ely"),
        ("Bo", "Lund", "bo.lund@new.example", ""),
        owner=owner.remote_id,
    )
    assert made.state == PlanState.READY
    assert outcomes(made) == [
        (2, RowAction.CREATE, RowState.PLANNED, ""),
        (3, RowAction.UPDATE, RowState.PLANNED, ""),
        (4, RowAction.CREATE, RowState.PLANNED, ""),
    ]
    created, changed, _ = made.rows.order_by("number")
    assert created.after == {
        "fields": {
            "first_name": "Ann",
            "last_name": "Quill",
            "email": "ann.quill@new.example",
            "city": "Duluth",
            "source": "File",
        },
        "owner": owner.remote_id,
    }
    assert changed.remote_id == known.remote_id
    assert changed.after["fields"]["city"] == "Ely"
    assert changed.before["fields"]["city"] == (known.city or None)
    assert set(changed.after["fields"]) == {"city"}, "only what differs, and the source stays"
    apply(made)
    assert made.counts() == {RowState.DONE: 3}
    there = over_there.contacts.get(made.rows.get(number=2).result_id)
    assert (there.first_name, there.city, there.owner.id) == ("Ann", "Duluth", owner.remote_id)
    assert over_there.contacts.get(known.remote_id).city == "Ely"
    again = import_rows(
        (*HEADS, "City"),
        (known.first_name, known.last_name, known.email, "Ely"),
        owner=owner.remote_id,
    )
    assert [row[2] for row in outcomes(again)] == [RowState.UNCHANGED]
