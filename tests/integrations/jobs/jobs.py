"""Jobs of the kinds that only tests know, and what they noted."""

from integrations.connections.models import Installation
from integrations.jobs import queue
from integrations.jobs.models import Job


def counting(installation: Installation, items: int = 3, **more: float) -> Job:
    """A started job that notes ``items`` items."""
    return queue.start("tests.count", installation=installation, arguments={"items": items, **more})


def items_of(job: Job) -> list[str]:
    """The items it has noted, in order."""
    return [line.text for line in job.lines.all() if line.text.startswith("item")]
