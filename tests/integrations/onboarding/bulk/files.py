"""Files of organizations for tests, and imports made of them."""

from typing import Any

from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.onboarding import verification
from integrations.onboarding.bulk import files, imports, invitations
from integrations.onboarding.models import BulkImport
from tests.world import World

HEADER = "name,client_id,client_secret,admin_email"


def csv_of(*rows: tuple[str, ...]) -> bytes:
    """A file with these rows."""
    return "\n".join([HEADER, *(",".join(row) for row in rows)]).encode()


def theirs(world: World, name: str, **wrong: str) -> tuple[str, ...]:
    """The row of one of the sandbox's organizations."""
    found: dict[str, Any] = world.sandbox.organization(name) | wrong
    return name, found["client_id"], found["client_secret"], found.get("admin_email", "")


def keep(world: World, *rows: tuple[str, ...]) -> BulkImport:
    """The operator has uploaded a file."""
    return imports.upload(
        files.read(csv_of(*rows)), default=world.environment, actor=world.operator, instead_of=None
    )


def apply(world: World, *rows: tuple[str, ...]) -> BulkImport:
    """... and has confirmed it, and everything is created that can be."""
    source = keep(world, *rows)
    imports.confirm(source, actor=world.operator, overcommit=True)
    imports.apply_some(seconds=60)
    source.refresh_from_db()
    return source


def work() -> None:
    """What a worker does of it next."""
    for job in Job.objects.filter(kind__in=[verification.KIND, invitations.KIND], state="waiting"):
        queue.run_now(job)
