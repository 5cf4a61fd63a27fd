"""Rewrite the rows of a large table in a migration, a chunk at a time."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CHUNK = 2000


def rewrite(
    schema_editor: BaseDatabaseSchemaEditor,
    model: type[models.Model],
    columns: Sequence[str],
    change: Callable[..., Sequence[Any]],
) -> None:
    """Set ``columns`` of every row to what ``change`` returns for their values. Write only rows that it changes."""
    quote = schema_editor.connection.ops.quote_name
    pk = model._meta.pk
    assert pk is not None and pk.column is not None
    settings = ", ".join(f"{quote(column)} = %s" for column in columns)
    update = f"UPDATE {quote(model._meta.db_table)} SET {settings} WHERE {quote(pk.column)} = %s"  # noqa: S608
    rows = (
        model._base_manager.using(schema_editor.connection.alias).order_by("pk").values_list("pk", *columns)
    )
    found = list(rows[:CHUNK])
    while found:
        changed = [(*new, key) for key, *old in found if list(new := change(*old)) != old]
        if changed:
            with schema_editor.connection.cursor() as cursor:
                cursor.executemany(update, changed)
        found = list(rows.filter(pk__gt=found[-1][0])[:CHUNK])
