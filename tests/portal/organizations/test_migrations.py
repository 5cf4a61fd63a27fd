"""Migrations that move data."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.core import clock
from portal.organizations.models import Organization


@pytest.mark.django_db(transaction=True)
def test_organizations_whose_names_read_the_same_get_a_number_when_names_become_unique() -> None:
    executor = MigrationExecutor(connection)
    before = executor.migrate([("organizations", "0001_initial")]).apps.get_model(
        "organizations", "Organization"
    )
    for number, name in enumerate(["Cedar", "CEDAR", "Cedar (2)", "\ufdfa" * 100, "Harbor"]):
        before.objects.create(name=name, slug=f"slug-{number}", created_at=clock.now())
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    rows = list(Organization.objects.order_by("pk").values_list("name", "folded_name"))
    names = [name for name, _ in rows]
    assert names[:3] == ["Cedar", "CEDAR (2)", "Cedar (2) (2)"] and names[4] == "Harbor"
    assert names[3].endswith(" (2)") and len(rows[3][1]) <= 240
    assert rows[0][1] == "cedar"
