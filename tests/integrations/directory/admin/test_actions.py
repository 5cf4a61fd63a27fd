"""The action "sync" of connections in Django's admin."""

import pytest
from django.test import Client

from integrations.connections.models import Connection
from integrations.directory.sync import jobs
from integrations.jobs.models import Job
from portal.audit.models import Entry
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_connection_is_synced_as_a_job_with_its_audit_row(world: World) -> None:
    client = Client()
    client.force_login(world.operator)
    row = world.connected()
    Connection.objects.filter(pk=row.pk).update(admitted_at=None)
    place = f"/admin/connections/connection/{row.pk}/action/sync/"
    page = client.post(place, {"confirmed": "yes"}, follow=True)
    assert "has not been verified yet" in page.content.decode()
    assert not Job.objects.filter(kind=jobs.KIND).exists()

    Connection.objects.filter(pk=row.pk).update(admitted_at=row.created_at)
    client.post(place, {"confirmed": "yes"})
    job = Job.objects.get(kind=jobs.KIND)
    assert (job.connection, job.requested_by) == (row, world.operator)
    entry = Entry.objects.get(action="directory.sync")
    assert (entry.actor, entry.object_id) == (world.operator, str(job.pk))
