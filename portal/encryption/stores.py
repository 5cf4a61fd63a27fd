"""Where encrypted values are stored: every encrypted field of every model, and what other apps register.

Rotation, checks and screens go through these stores, so none of them misses a new encrypted field. An app that keeps
ciphertexts elsewhere, such as in a JSON column of another package, registers an `EncryptedStore` when it starts.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.db import models

from portal.encryption import cipher
from portal.encryption.cipher import Ciphertext, DecryptionError
from portal.encryption.fields import EncryptedField

#: Stands for the key id of values in an unknown format.
UNREADABLE = ""


@dataclass(frozen=True)
class EncryptedValue:
    """A stored value as it was read. ``row`` and ``owner`` are the primary keys of its row and of the row's owner."""

    row: Any
    ciphertext: Ciphertext
    owner: str = ""


class EncryptedStore(Protocol):
    """A column with encrypted values. ``name`` is its app, model and field."""

    name: str

    def counts(self) -> Counter[str]:
        """Return how many values each key has encrypted, by key id."""
        ...

    def values(
        self, key_id: str, *, others: bool = False, after: Any | None, limit: int
    ) -> list[EncryptedValue]:
        """Return up to ``limit`` values encrypted with a key, or with ``others`` those with any other key or version.

        They come in ascending order of their rows, starting after the row ``after``.
        """
        ...

    def verify(self, value: EncryptedValue) -> None:
        """Raise DecryptionError if a value can't be decrypted."""
        ...

    def reencrypt(self, value: EncryptedValue) -> bool:
        """Encrypt a value with the active key and return True. Return False if it has changed since it was read.

        Raise DecryptionError.
        """
        ...


_registered: dict[str, EncryptedStore] = {}


def register(store: EncryptedStore) -> None:
    """Add a store that is not an `EncryptedField`. It replaces a registered store of the same name."""
    _registered[store.name] = store


def all_stores() -> Iterator[EncryptedStore]:
    """Yield every store, encrypted fields first."""
    for model in apps.get_models():
        if model._meta.proxy or not model._meta.managed:
            continue
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedField):
                yield EncryptedColumn(model, field)
    yield from _registered.values()


class Header(models.Func):
    """The header of a ciphertext (`cipher.header`), or no bytes if the value is too short to have one."""

    output_field = models.BinaryField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "COALESCE(substr(%(expressions)s, 1, 2 + unicode(CAST(substr(%(expressions)s, 2, 1) AS TEXT))), x'')"
        return self._repeat(compiler, connection, template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "CASE WHEN octet_length(%(expressions)s) > 1 "
            "THEN substring(%(expressions)s FROM 1 FOR 2 + get_byte(%(expressions)s, 1)) ELSE ''::bytea END"
        )
        return self._repeat(compiler, connection, template, **context)

    def _repeat(self, compiler: Any, connection: Any, template: str, **context: Any) -> Any:
        sql, parameters = super().as_sql(compiler, connection, template=template, **context)
        assert not parameters  # the template repeats the expression, so it must be a plain column
        return sql, parameters


class EncryptedColumn:
    """The store of an `EncryptedField`."""

    def __init__(self, model: type[models.Model], field: EncryptedField) -> None:
        self.name = f"{model._meta.label}.{field.name}"
        self._field = field
        self._rows = model._base_manager.using("default")

    def counts(self) -> Counter[str]:
        """Count in one pass over the column, reading only the header of each value."""
        headers = self._filled().annotate(header=Header(self._field.name)).order_by().values_list("header")
        found: Counter[str] = Counter()
        for header, count in headers.annotate(count=models.Count("pk")):
            found[key_id_or_unreadable(bytes(header))] += count
        return found

    def values(
        self, key_id: str, *, others: bool = False, after: Any | None, limit: int
    ) -> list[EncryptedValue]:
        rows = self._filled().annotate(header=Header(self._field.name))
        header = cipher.header(key_id)
        rows = rows.exclude(header=header) if others else rows.filter(header=header)
        if after is not None:
            rows = rows.filter(pk__gt=after)
        owner = [f"{self._field.owner}_id"] if self._field.owner else []
        found = rows.order_by("pk").values_list("pk", self._field.name, *owner)[:limit]
        return [EncryptedValue(row, ciphertext, *map(str, owner)) for row, ciphertext, *owner in found]

    def verify(self, value: EncryptedValue) -> None:
        self._decrypt(value)

    def reencrypt(self, value: EncryptedValue) -> bool:
        fresh = cipher.encrypt(
            self._decrypt(value), label=self._field.label, row=value.row, owner=value.owner
        )
        unchanged = self._rows.filter(**{"pk": value.row, self._field.name: value.ciphertext})
        return bool(unchanged.update(**{self._field.name: fresh}))

    def _decrypt(self, value: EncryptedValue) -> str:
        return cipher.decrypt(value.ciphertext, label=self._field.label, row=value.row, owner=value.owner)

    def _filled(self) -> "models.QuerySet[Any]":
        return self._rows.filter(**{f"{self._field.name}__isnull": False})


def key_id_or_unreadable(ciphertext: bytes) -> str:
    """Return the id of the key that encrypted ``ciphertext``, or `UNREADABLE`."""
    try:
        return cipher.key_id_of(ciphertext)
    except DecryptionError:
        return UNREADABLE
