"""The different values of an indexed contact column, read by jumping from one to the next in its index."""

from django.db import connection

from integrations.connections.models import Installation
from integrations.directory.models import Contact


def read(installation: Installation, column: str, *, limit: int) -> list[str]:
    """Return the first ``limit`` values of a text column among the present contacts, sorted, without the empty one.

    ``column`` is the first column after the installation in a partial index of `Contact`. Neither database skips through
    an index for SELECT DISTINCT, so that would read every contact: https://wiki.postgresql.org/wiki/Loose_indexscan
    """
    quote = connection.ops.quote_name
    table, name = quote(Contact._meta.db_table), quote(column)
    smallest = f"SELECT MIN({name}) FROM {table} WHERE installation_id = %s AND gone_at IS NULL AND {name} >"  # noqa: S608
    query = (
        f"WITH RECURSIVE found(value) AS ({smallest} '' UNION ALL SELECT ({smallest} found.value) FROM found "  # noqa: S608
        "WHERE found.value IS NOT NULL) SELECT value FROM found WHERE value IS NOT NULL LIMIT %s"
    )
    owner = Installation._meta.pk.get_db_prep_value(installation.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(query, [owner, owner, limit])
        return [value for (value,) in cursor.fetchall()]
