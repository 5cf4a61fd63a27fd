"""The encrypted model field."""

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.utils import timezone

from integrations.connections.models import ApplicationCredential, Environment

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
