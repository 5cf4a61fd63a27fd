"""Simulated days of a portal and the sandbox: time passes, syncs start when they are due, and notices are recorded."""

from dataclasses import dataclass, field
from typing import Any

from integrations import total_expert
from integrations.connections.models import Connection, Notice
from integrations.directory.models import Contact, ContactGroup
from integrations.directory.sync import jobs, schedule, staleness
from integrations.jobs import queue, token_waits
from integrations.jobs.models import ACTIVE, Job
from portal.core import clock
from tests.world import World

HOUR = 3600.0
#: Waits of up to this many seconds are waited for within a step.
SHORT_WAIT = 300.0
#: The most waits within a step.
ROUNDS = 12


@dataclass
class Days:
    """A portal that runs for days. ``hours`` have passed. ``faults`` are those of the sandbox, by a name of one's own."""

    world: World
    hours: float = 0
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)

    def set_faults(self, **faults: dict[str, Any] | None) -> None:
        """Switch faults of GET requests on, or off with None."""
        self.faults |= {name: fault for name, fault in faults.items() if fault is not None}
        self.faults = {
            name: fault for name, fault in self.faults.items() if faults.get(name, fault) is not None
        }
        self.world.sandbox.faults(*({"method": "GET", **fault} for fault in self.faults.values()))

    def pass_hours(self, hours: float, step: float = 3) -> None:
        """Let time pass in steps, and the portal work."""
        until = self.hours + hours
        while self.hours < until:
            self.world.sandbox.pass_time(step * HOUR)
            self.hours += step
            self.work()

    def work(self) -> None:
        """Start due syncs, run all as far as they go, and do the upkeep."""
        schedule.start_due_syncs()
        for job in Job.objects.filter(kind=jobs.KIND, state__in=ACTIVE):
            self.settle(job)
        token_waits.report_failing_connections()
        staleness.report()

    def settle(self, job: Job) -> Job:
        """Run a job, and wait for it if it doesn't take long."""
        for _ in range(ROUNDS):
            job = queue.run_now(job)
            seconds = (job.waits_until - clock.now()).total_seconds() if job.waits_until else 0.0
            if job.state != "waiting" or seconds > SHORT_WAIT:
                break
            self.world.sandbox.pass_time(max(seconds, 0) + 1)
        return job

    def sync_all(self, connection: Connection) -> None:
        """Sync everything to the end."""
        job = self.settle(jobs.start(connection=connection, full=True))
        if not job.arguments.get("full"):
            job = self.settle(jobs.start(connection=connection, full=True))
        assert job.state == "done", job.problem or job.waits_for


def notices(connection: Connection) -> list[str]:
    """Return the kinds of a connection's notices, oldest first."""
    return list(Notice.objects.filter(connection=connection).order_by("pk").values_list("kind", flat=True))


def assert_equal(client: total_expert.Client) -> None:
    """Check that the synced copy is what Total Expert has."""
    remote = {contact.id: contact for contact in client.contacts.all()}
    rows = {row.remote_id: row for row in Contact.objects.present().select_related("document")}
    assert rows.keys() == remote.keys()
    for id, contact in remote.items():
        assert rows[id].document.raw == contact.raw
        members = set(rows[id].memberships.values_list("group__remote_id", flat=True))
        assert members == {group.id for group in contact.contact_groups}
    groups = {group.id for group in client.contact_groups.all()}
    assert set(ContactGroup.objects.filter(gone_at=None).values_list("remote_id", flat=True)) == groups
