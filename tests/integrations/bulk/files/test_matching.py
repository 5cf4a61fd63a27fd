"""The prediction of what Total Expert recognizes in a row equals what it answers when the row is sent."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from integrations import total_expert
from integrations.bulk.models import Plan, RowAction, RowState
from integrations.connections.models import Connection
from integrations.directory.models import Owner
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from tests.integrations.bulk.files.conftest import Import
from tests.world import World

pytestmark = pytest.mark.django_db

NAMES = [
    "first_name",
    "last_name",
    "email",
    "phone_home",
    "phone_cell",
    "phone_office",
    "address",
    "city",
    "state",
    "zip_code",
    "external_id",
    "source",
]
#: People, each with a last name of their own, and rows about each.
FAMILIES, BEFORE, ROWS = 48, 3, 4


def record(chance: random.Random, family: int) -> dict[str, str]:
    """Something about a person that agrees with other records of the same person in some ways, by chance."""

    def one(*values: str) -> str:
        return chance.choice(values)

    first = one("Ann", "ann", "ANN", "Élodie", "ÉLODIE")
    found = {
        "first_name": first,
        "last_name": one(f"Quill{family}", f"QUILL{family}"),
        "email": one("", f"a{family}@x.example", f"A{family}@X.example", f"b{family}@x.example"),
        "phone_home": one("", "", "612-555-0101", "(612) 555 0101", "6125550102"),
        "phone_cell": one("", "", "612.555.0101", "+1 612 555 0101", "6125550102"),
        "phone_office": one("", "", "", "612-555-0103"),
        "external_id": one("", "", f"E{family}", f"e{family}", f"F{family}"),
        "source": one("File", "file", "Web"),
    }
    if chance.random() < 0.5:
        found |= {"address": one("1 Elm St", "1 ELM ST"), "city": "Ely", "state": one("MN", "mn", "WI")}
        found |= {"zip_code": one("55731", "55731", "55732")}
    if not any(found.get(name) for name in ("email", "phone_home", "phone_cell", "phone_office")):
        found["email"] = f"c{family}@x.example"
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize("seed", [1])
def test_each_row_is_recognized_as_what_total_expert_recognizes_it_as(
    world: World, admin: Connection, import_rows: Import, over_there: total_expert.Client, seed: int
) -> None:
    chance = random.Random(seed)
    owners = list(Owner.objects.filter(contacts__isnull=False).distinct()[:2])
    for family in range(FAMILIES):
        ids = []
        for _ in range(chance.randint(1, BEFORE)):
            given = record(chance, family)
            ids.append(over_there.contacts.create(given, owner={"id": chance.choice(owners).remote_id}).id)
        if chance.random() < 0.5:
            over_there.contacts.update(chance.choice(ids), record(chance, family))
        if family % 4 == 0:  # changing contacts makes them alike, which creating them can't
            alike = {"first_name": "Ann", "last_name": f"Quill{family}", "email": f"a{family}@x.example"}
            for owner, number in ((owner, number) for owner in owners for number in (1, 2)):
                other = {**alike, "email": f"z{number}{family}@x.example", "source": "File"}
                id = over_there.contacts.create(other, owner={"id": owner.remote_id}).id
                over_there.contacts.update(id, alike)
    world.sandbox.pass_time(60)
    queue.run_now(sync_jobs.start(connection=admin))

    rows = [
        (family, chance.choice(owners), record(chance, family))
        for _ in range(ROWS)
        for family in range(FAMILIES)
    ]
    plan = import_rows(
        [*NAMES, "Owner"],
        *([given.get(name, "") for name in NAMES] + [owner.email] for _, owner, given in rows),
    )
    _compare(plan, rows, over_there)


def _compare(plan: Plan, rows: list[Any], over_there: total_expert.Client) -> None:
    """Send the rows, of each family up to the first that is refused, and compare the answers with the plan."""
    answered: dict[int, int] = {}
    ended: set[int] = set()
    kinds: Counter[str] = Counter()
    planned = plan.rows.order_by("number")
    for row, (family, owner, given) in zip(planned, rows, strict=True):
        if family in ended:
            continue
        answer = over_there.contacts.create(given, owner={"id": owner.remote_id})
        answered[row.number] = answer.id
        if row.state == RowState.REFUSED and row.reason.startswith("Row "):
            kinds["in the file"] += 1
            ended.add(family)
            earlier = plan.rows.get(number=int(row.reason.split()[1]))
            if not answer.duplicate or answer.id != answered[earlier.number]:
                # the earlier row replaced a value by which this one was recognized, or took one of an older contact
                assert earlier.action == RowAction.UPDATE and set(earlier.before["fields"]) & set(NAMES)
                assert not answer.duplicate or answer.id < answered[earlier.number]
        elif row.state == RowState.REFUSED:
            kinds["ambiguous"] += 1
            ended.add(family)
            ids = [int(id) for id in row.reason.rstrip(".").split(": ")[1].split(", ")]
            assert answer.duplicate and answer.id == min(ids) and len(ids) > 1, (given, row.reason)
        elif row.action == RowAction.CREATE:
            kinds["created"] += 1
            assert not answer.duplicate, (row.number, given)
        else:
            kinds["changed"] += 1
            assert answer.duplicate and answer.id == row.remote_id, (row.number, given, row.remote_id)
    assert all(kinds[kind] >= 3 for kind in ("in the file", "ambiguous", "created", "changed")), kinds


def test_a_row_about_a_contact_of_another_owner_is_a_new_contact(
    world: World, admin: Connection, import_rows: Import, apply: Callable[..., Plan]
) -> None:
    first, second = Owner.objects.filter(contacts__isnull=False).distinct()[:2]
    known = first.contacts.exclude(email="").first()
    assert known is not None
    row = (known.first_name, known.last_name, known.email)
    made = import_rows(("First name", "Last name", "Email"), row, owner=second.remote_id)
    assert made.rows.get().action == RowAction.CREATE
    apply(made)
    assert made.rows.get().state == RowState.DONE
    assert made.rows.get().result_id != known.remote_id
