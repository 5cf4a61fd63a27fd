"""The places where sealed values lie: every encrypted field of every model, and what else registers itself.

Rotation, checks and screens walk these places, so that a new encrypted field is never forgotten. Whoever keeps sealed
text elsewhere, as in JSON of another package, registers a `Place` of its own when its app starts.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.db import models

from portal.encryption import fields
from portal.encryption.fields import Ciphertext, DecryptionError, EncryptedField

#: Under this name counts stand whose key can't be told, since the value is not in a form that this version reads.
UNREADABLE = ""


@dataclass(frozen=True)
class Value:
    """One sealed value as it was read: the primary key of its row, and the ciphertext."""

    row: Any
    sealed: Ciphertext


class Place(Protocol):
    """One column that holds sealed values."""

    name: str

    def counts(self) -> Counter[str]:
        """How many values each key has sealed, by its id."""
        ...

    def values(self, key: str, *, others: bool = False, after: Any | None, limit: int) -> list[Value]:
        """Up to ``limit`` values that ``key`` sealed, or all the others, by ascending row, of rows above ``after``."""
        ...

    def prove(self, value: Value) -> None:
        """Raise CannotOpen when a value does not open."""
        ...

    def reseal(self, value: Value) -> bool:
        """Seal a value with the newest key, unless it changed since it was read: then False. Raises CannotOpen."""
        ...


_registered: dict[str, Place] = {}


def register(place: Place) -> None:
    """Add a place that is no `EncryptedField`. A later one of the same name replaces an earlier one."""
    _registered[place.name] = place


def places() -> Iterator[Place]:
    """Every place, encrypted fields first."""
    for model in apps.get_models():
        if model._meta.proxy or not model._meta.managed:
            continue
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedField):
                yield EncryptedColumn(model, field)
    yield from _registered.values()


class Head(models.Func):
    """The first bytes of a ciphertext, up to the end of its key's id; empty where it is too short to have one."""

    output_field = models.BinaryField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "COALESCE(substr(%(expressions)s, 1, 2 + unicode(CAST(substr(%(expressions)s, 2, 1) AS TEXT))), x'')"
        return self._twice(compiler, connection, template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "CASE WHEN octet_length(%(expressions)s) > 1 "
            "THEN substring(%(expressions)s FROM 1 FOR 2 + get_byte(%(expressions)s, 1)) ELSE ''::bytea END"
        )
        return self._twice(compiler, connection, template, **context)

    def _twice(self, compiler: Any, connection: Any, template: str, **context: Any) -> Any:
        sql, parameters = super().as_sql(compiler, connection, template=template, **context)
        assert not parameters  # the column stands in the template several times, so it must be a plain column
        return sql, parameters


class EncryptedColumn:
    """An `EncryptedField` of a model."""

    def __init__(self, model: type[models.Model], field: EncryptedField) -> None:
        self.name = f"{model._meta.label}.{field.name}"
        self._field = field
        self._rows = model._base_manager.using("default")

    def counts(self) -> Counter[str]:
        """One pass over the column that reads only the first bytes of each value."""
        heads = self._filled().annotate(head=Head(self._field.name)).order_by().values_list("head")
        found: Counter[str] = Counter()
        for head, count in heads.annotate(count=models.Count("pk")):
            found[key_or_unreadable(bytes(head))] += count
        return found

    def values(self, key: str, *, others: bool = False, after: Any | None, limit: int) -> list[Value]:
        rows = self._filled().annotate(head=Head(self._field.name))
        rows = rows.exclude(head=fields.head(key)) if others else rows.filter(head=fields.head(key))
        if after is not None:
            rows = rows.filter(pk__gt=after)
        found = rows.order_by("pk").values_list("pk", self._field.name)[:limit]
        return [Value(row, sealed) for row, sealed in found]

    def prove(self, value: Value) -> None:
        fields.decrypt(value.sealed, label=self._field.label, row=value.row)

    def reseal(self, value: Value) -> bool:
        label = self._field.label
        opened = fields.decrypt(value.sealed, label=label, row=value.row)
        fresh = fields.encrypt(opened, label=label, row=value.row)
        unchanged = self._rows.filter(**{"pk": value.row, self._field.name: value.sealed})
        return bool(unchanged.update(**{self._field.name: fresh}))

    def _filled(self) -> "models.QuerySet[Any]":
        return self._rows.filter(**{f"{self._field.name}__isnull": False})


def key_or_unreadable(sealed: bytes) -> str:
    """The id of the key that sealed this, or `UNREADABLE`."""
    try:
        return fields.key_id_of(sealed)
    except DecryptionError:
        return UNREADABLE
