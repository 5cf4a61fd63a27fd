"""The audit log: one row for each action. Rows contain ids but no personal data, and are never changed or deleted."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models

from portal.audit import actions


class AppendOnly(Exception):
    """Somebody tried to change or delete a row of the audit log."""


class EntryQuerySet(models.QuerySet["Entry"]):
    def update(self, **kwargs: Any) -> int:
        raise AppendOnly("The audit log is append-only: rows cannot be changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly("The audit log is append-only: rows cannot be deleted.")


class Entry(models.Model):
    """One action. ``detail`` holds ids, counts and states, and nothing about a person."""

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    action = models.CharField(max_length=64)
    organization_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    object_type = models.CharField(max_length=64, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    objects: ClassVar[EntryQuerySet] = EntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["object_type", "object_id"], name="entry_by_object")]
        verbose_name, verbose_name_plural = "audit entry", "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnly("The audit log is append-only: rows cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("The audit log is append-only: rows cannot be deleted.")

    @property
    def label(self) -> str:
        """What was done, for people: "Connection paused"."""
        return actions.label_of(self.action)

    @property
    def details(self) -> list[tuple[str, str]]:
        """The names and values of ``detail``, for people. ``fields`` lists fields of the object, by their labels."""
        labels = self._field_labels() if "fields" in self.detail else {}
        return [(_in_words(name), _in_words(value, labels)) for name, value in self.detail.items()]

    def _field_labels(self) -> dict[str, str]:
        try:
            fields = apps.get_model(self.object_type)._meta.get_fields()
        except (LookupError, ValueError):
            return {}
        return {field.name: str(field.verbose_name) for field in fields if isinstance(field, models.Field)}

    @property
    def object_word(self) -> str:
        """The kind of object it was done to, for people. If its model no longer exists, the model's old name."""
        try:
            return str(apps.get_model(self.object_type)._meta.verbose_name)
        except (LookupError, ValueError):
            return self.object_type.rpartition(".")[2]


def _in_words(value: object, labels: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a value as people read it: codes by their ``labels``, else without their underscores."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_in_words(each, labels) for each in value) or "none"
    if value in (None, ""):
        return "none"
    text = str(value)
    return labels.get(text) or (text.replace("_", " ") if text.isidentifier() else text)
