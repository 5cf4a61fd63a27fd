"""Uploaded files of contacts: their bytes, their rows, and how their columns were matched to fields."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from integrations.bulk.models.plans import Plan
from integrations.connections.models import Installation
from portal.accounts.models import User
from portal.organizations.models import Organization
from portal.organizations.roles import Capability


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: User, organization: Organization) -> "UploadQuerySet":
        """Return the organization's uploads if the role of ``user`` allows imports."""
        rows = self.filter(installation__organization=organization)
        return rows if organization.allows(user, Capability.EDIT_MANY) else rows.none()


class Upload(models.Model):
    """A CSV or XLSX file of contacts. Its content is deleted some time after its plan was made, or if none was.

    The content is in `UploadChunk`s: first the bytes as they arrived, later the rows as they were read.
    """

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="uploads")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    name = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField(help_text="Bytes of the whole file")
    received = models.PositiveBigIntegerField(default=0, help_text="Bytes that have arrived")
    heads = models.JSONField(
        default=list, help_text="Names of the columns, each different. Empty: not read yet"
    )
    samples = models.JSONField(default=list, help_text="The first rows")
    notes = models.JSONField(default=list, help_text="What was assumed about the file")
    row_count = models.PositiveIntegerField(null=True, help_text="Rows with content. Empty: not all are read")
    deleted_at = models.DateTimeField(null=True, help_text="When its content was deleted")

    objects: ClassVar[UploadQuerySet] = UploadQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="upload_by_age")]

    def __str__(self) -> str:
        return f"upload {self.pk}"

    @property
    def is_complete(self) -> bool:
        return self.received == self.size


class UploadChunk(models.Model):
    """About 1 MiB of a file's bytes, or some hundred of its rows as compressed JSON."""

    class Kind(models.TextChoices):
        BYTES = "bytes", "Bytes"
        ROWS = "rows", "Rows"

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    number = models.PositiveIntegerField(help_text="Position among the chunks of its kind, from 1")
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "kind", "number"], name="one_chunk_a_number")
        ]

    def __str__(self) -> str:
        return f"upload chunk {self.pk}"


class RowKey(models.Model):
    """What Total Expert would recognize a row or a contact by. Exists only while a plan is prepared.

    Rows of the file have a ``number``; contacts of the synced copy have a ``contact``.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="keys", db_index=False)
    key = models.BigIntegerField(help_text="Hash of the owner and the compared values")
    number = models.PositiveIntegerField(null=True)
    contact = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["plan", "key"], name="row_key")]

    def __str__(self) -> str:
        return f"row key {self.pk}"


class ColumnMapping(models.Model):
    """How the columns of files with certain heads were matched to fields, to be suggested again."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="column_mappings")
    heads_hash = models.CharField(max_length=64, help_text="Hash of the set of heads")
    columns = models.JSONField(help_text="The target of each head")
    source = models.CharField(max_length=120, blank=True, help_text="The source of contacts without one")
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "heads_hash"], name="one_mapping_a_set_of_heads")
        ]

    def __str__(self) -> str:
        return f"column mapping {self.pk}"
