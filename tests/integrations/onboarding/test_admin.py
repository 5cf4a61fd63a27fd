"""The action "test" of connections in Django's admin."""

import pytest
from django.test import Client

from integrations.connections import lifecycle
from integrations.jobs.models import Job
from integrations.onboarding import verification
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_connection_is_tested_as_a_job(world: World) -> None:
    client = Client()
    client.force_login(world.operator)
    row = world.connected()
    place = f"/admin/connections/connection/{row.pk}/action/test/"
    before = Job.objects.filter(kind=verification.KIND).count()
    assert client.get(place).status_code == 200
    assert Job.objects.filter(kind=verification.KIND).count() == before
    client.post(place, {"confirmed": "yes"})
    assert Job.objects.filter(kind=verification.KIND, requested_by=world.operator).exists()

    lifecycle.revoke(row, actor=world.operator)
    Job.objects.all().delete()
    page = client.post(place, {"confirmed": "yes"}, follow=True)
    assert "Nothing to test." in page.content.decode()
    assert not Job.objects.filter(kind=verification.KIND).exists()
