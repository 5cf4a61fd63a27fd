"""Jobs of the kinds that only tests know, and what they noted."""

from integrations.connections.models import Connection, Installation
from integrations.jobs import queue
from integrations.jobs.models import Job


def counting(installation: Installation, items: int = 3, **more: float) -> Job:
    """A started job that notes ``items`` items."""
    return queue.start("tests.count", installation=installation, arguments={"items": items, **more})


def counting_of(connection: Connection, items: int = 3) -> Job:
    """A started job of one connection that notes ``items`` items."""
    return queue.start("tests.own_count", connection=connection, arguments={"items": items})


def items_of(job: Job) -> list[str]:
    """The items it has noted, in order."""
    return [line.text for line in job.lines.all() if line.text.startswith("item")]
