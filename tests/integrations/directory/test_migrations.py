"""Migrations that move data."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from integrations.directory.browse.search_text import terms
from integrations.directory.models import Contact, ContactGroup, Owner
from portal.core import backfill, clock


@pytest.mark.django_db(transaction=True)
def test_contacts_stored_before_are_found_as_they_are_typed_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "CHUNK", 2)
    executor = MigrationExecutor(connection)
    apps = executor.migrate([("directory", "0003_email_texts")]).apps
    at = clock.now()
    organization = apps.get_model("organizations", "Organization").objects.create(
        name="Cedar", slug="cedar", created_at=at
    )
    environment = apps.get_model("connections", "Environment").objects.create(name="ct", label="CT")
    installation = apps.get_model("connections", "Installation").objects.create(
        organization=organization, environment=environment, created_at=at
    )
    contacts = apps.get_model("directory", "Contact").objects
    for number, name in enumerate(["o’brien", "o'brien", "plain", "\u202eeve"]):
        contacts.create(
            installation=installation,
            remote_id=number,
            last_name=name,
            search=f"6125550142\nann {name}",
            sort_name=f"{name} ann",
            first_seen_at=at,
            synced_at=at,
        )
    shared = {"installation": installation, "remote_id": 1, "synced_at": at}
    apps.get_model("directory", "Owner").objects.create(last_name="Ökonom", **shared)
    apps.get_model("directory", "ContactGroup").objects.create(name="Größe", **shared)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    rows = list(Contact.objects.order_by("remote_id").values_list("last_name", "search", "sort_name"))
    assert rows == [
        ("o’brien", "6125550142\nann obrien", "obrien ann"),
        ("o'brien", "6125550142\nann obrien", "obrien ann"),
        ("plain", "6125550142\nann plain", "plain ann"),
        ("eve", "6125550142\nann eve", "eve ann"),
    ]
    assert all(term in rows[0][1] for term in terms("Ann O'Brien 612-555-0142"))
    assert (Owner.objects.get().search, ContactGroup.objects.get().search) == ("okonom", "grosse")
