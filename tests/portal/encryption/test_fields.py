"""The encrypted model field."""

import pytest
from django.apps import apps
from django.core.exceptions import FieldError
from django.db import connection
from django.utils import timezone

from integrations.connections.models import ApplicationCredential, Environment
from portal.encryption.cipher import DecryptionError
from portal.encryption.fields import EncryptedField

pytestmark = pytest.mark.django_db


@pytest.fixture
def application() -> ApplicationCredential:
    environment = Environment.objects.create(
        name="ct", label="CT", base_url="https://x.example/v1", authorize_url="https://x.example/v1/authorize"
    )
    row = ApplicationCredential(environment=environment, created_at=timezone.now())
    row.client_id, row.client_secret = "public-id", "canary-secret"
    row.save()
    return row


def test_a_row_decrypts_its_own_secret_and_no_repr_shows_it(application: ApplicationCredential) -> None:
    row = ApplicationCredential.objects.get()
    assert row.client_secret == "canary-secret"
    for shown in (repr(row), str(row), repr(row.__dict__), repr(ApplicationCredential.objects.values())):
        assert "canary-secret" not in shown


def test_the_database_stores_no_readable_secret(application: ApplicationCredential) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM connections_applicationcredential")
        assert b"canary" not in bytes(cursor.fetchone()[0])


def test_an_encrypted_field_rejects_plain_text_in_a_bulk_update(application: ApplicationCredential) -> None:
    with pytest.raises(TypeError):
        ApplicationCredential.objects.update(client_secret="plain")


def test_a_secret_survives_saving_other_fields_and_reloading(application: ApplicationCredential) -> None:
    application.scopes = "other"
    application.save()
    application.refresh_from_db()
    assert application.client_secret == "canary-secret"
    assert ApplicationCredential.objects.defer("client_secret").get().client_secret == "canary-secret"


def test_rows_cannot_be_searched_by_an_encrypted_value(application: ApplicationCredential) -> None:
    with pytest.raises((TypeError, FieldError)):
        list(ApplicationCredential.objects.filter(client_secret="canary-secret"))


def test_a_row_that_is_given_to_another_owner_cannot_be_decrypted(application: ApplicationCredential) -> None:
    other = Environment.objects.create(
        name="other",
        label="Other",
        base_url="https://y.example/v1",
        authorize_url="https://y.example/v1/authorize",
    )
    ApplicationCredential.objects.update(environment=other)
    with pytest.raises(DecryptionError):
        _ = ApplicationCredential.objects.get().client_secret


def test_a_secret_cannot_be_set_before_the_owner() -> None:
    with pytest.raises(ValueError, match="Set environment before client_id"):
        ApplicationCredential(client_id="x")


def test_every_row_that_belongs_to_another_row_names_it() -> None:
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, EncryptedField)
    ]
    without = {field.model._meta.label for field in fields if not field.owner}
    assert len(fields) >= 12 and without == {"connections.Egress"}
    for field in fields:
        assert field.clone().owner == field.owner
