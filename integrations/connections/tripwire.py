"""The tripwire: a grant that shows another organization's records is refused before anything of it is stored.

Somebody who works for two customers can consent for the wrong one; a client id can be pasted on the wrong page. The
oldest records that a connection sees do not change, so their ids and creation times are kept as landmarks of the
installation. A colleague's book holds other records, of which nobody knows anything: that does not trip.
"""

from collections.abc import Iterable

from django.db import transaction

from integrations.connections import lifecycle
from integrations.connections.models import Connection, Installation, Landmark
from integrations.total_expert import Rejected
from portal.secrets import fingerprint

#: A record's resource, id and time of creation as Total Expert writes it.
Record = tuple[str, int | str, str]


def digests(records: Iterable[Record]) -> list[str]:
    """What is stored of records: no id can be read from it."""
    return [fingerprint("\0".join(map(str, record)), label="connections.landmark") for record in records]


def refuse_foreign(connection: Connection, records: Iterable[Record]) -> None:
    """Quarantine ``connection`` and raise Rejected when a record is a landmark of another organization."""
    installation = connection.installation
    foreign = (
        Landmark.objects.filter(environment=installation.environment, digest__in=digests(records))
        .exclude(installation__organization=installation.organization)
        .select_related("installation__organization")
        .first()
    )
    if foreign is None:
        return
    sentence = (
        "Total Expert shows this connection records of another organization that is connected here. Nothing of it was "
        "stored. Sign in at Total Expert as a user of this organization, then connect again."
    )
    lifecycle.quarantine(connection, reason=sentence)
    raise Rejected([sentence], code="another_organization")


def remember(installation: Installation, records: Iterable[Record]) -> None:
    """Keep records, the oldest that were seen, as landmarks of ``installation``."""
    with transaction.atomic():
        Landmark.objects.bulk_create(
            [
                Landmark(installation=installation, environment=installation.environment, digest=digest)
                for digest in digests(records)
            ],
            ignore_conflicts=True,
        )
