"""Counts of the rows in a slice, at whose end the database stops counting."""

from django.db.models import IntegerField, Subquery


class CountUpTo(Subquery):
    """The number of rows in a sliced queryset."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


class CountDifferent(Subquery):
    """How many rows a sliced queryset has, times ``ROWS``, plus how many different values of its column ``found``.

    Unlike a slice of a DISTINCT query, which PostgreSQL reads to the end.
    """

    ROWS = 1_000_000
    template = "(SELECT COUNT(*) * 1000000 + COUNT(DISTINCT found) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
