"""Inserting the rows of large plans: several times as fast as `bulk_create`, which asks every field about every value."""

from collections.abc import Sequence

from django.db import connections, models, router

from integrations.bulk.models import PlanRow

_FIELDS = [field for field in PlanRow._meta.concrete_fields if not field.primary_key]
_NAMES = [field.attname for field in _FIELDS]
#: The positions of values that databases don't take as they are, such as JSON. Texts and numbers they do.
_CONVERTED = [
    (position, field)
    for position, field in enumerate(_FIELDS)
    if not isinstance(getattr(field, "target_field", field), (models.CharField, models.IntegerField))
]


def insert(rows: Sequence[PlanRow]) -> None:
    """Insert new rows, in the caller's transaction. They get no primary keys here."""
    connection = connections[router.db_for_write(PlanRow)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in _FIELDS)
    marks = ", ".join(["%s"] * len(_FIELDS))
    values = []
    for row in rows:
        state = row.__dict__
        value = [state[name] for name in _NAMES]
        for position, field in _CONVERTED:
            if value[position] is not None:
                value[position] = field.get_db_prep_save(value[position], connection)
        values.append(value)
    sql = f"INSERT INTO {quote(PlanRow._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 - names of this model
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)
