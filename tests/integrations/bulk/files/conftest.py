"""Files that are uploaded, matched and planned in this process."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from integrations.bulk.files import mapping, plans, uploads
from integrations.bulk.files.mapping import Mapping
from integrations.bulk.models import Plan, Upload
from integrations.connections.models import Connection
from integrations.directory.models import Contact, Owner
from portal.accounts.models import User
from tests.world import World

Import = Callable[..., Plan]


def csv_of(rows: Sequence[Sequence[Any]]) -> bytes:
    """A CSV file with these rows."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def send(connection: Connection, actor: User, content: bytes, name: str = "contacts.csv") -> Upload:
    """Upload a file in pieces."""
    upload = uploads.start(connection.installation, actor, name=name, size=len(content))
    for number, begin in enumerate(range(0, len(content), uploads.PIECE), start=1):
        uploads.receive(upload, number, content[begin : begin + uploads.PIECE])
    return upload


def make_plan(
    connection: Connection,
    actor: User,
    content: bytes,
    run: Callable[[], None],
    *,
    owner: int | None = None,
    source: str = "File",
    groups: Sequence[str] = (),
    targets: Sequence[str] | None = None,
) -> Plan:
    """Upload a file, plan its import and build the plan."""
    upload = send(connection, actor, content)
    columns = tuple(mapping.suggest(upload.heads) if targets is None else targets)
    chosen = Mapping(columns, owner, "" if "field:source" in columns else source, tuple(groups))
    made = plans.create(upload, chosen, actor=actor)
    run()
    made.refresh_from_db()
    return made


@pytest.fixture
def import_rows(world: World, admin: Connection, run_jobs: Callable[[], None]) -> Import:
    """A function that plans an import of a file, or of rows, the first of which has the heads, and builds the plan."""

    def make(*rows: Sequence[Any] | bytes, actor: User | None = None, **options: Any) -> Plan:
        content = rows[0] if isinstance(rows[0], bytes) else csv_of(rows)  # type: ignore[arg-type]
        return make_plan(admin, actor or world.operator, content, run_jobs, **options)

    return make


@pytest.fixture
def owner(admin: Connection) -> Owner:
    found = Owner.objects.filter(contacts__isnull=False).first()
    assert found is not None
    return found


@pytest.fixture
def known(owner: Owner) -> Contact:
    """A contact of the owner's with an email address."""
    found = Contact.objects.filter(owner=owner).exclude(email="").exclude(city="").first()
    assert found is not None
    return found
