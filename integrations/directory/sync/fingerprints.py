"""Which contacts are kept as fingerprints of an organization after a full pass: the oldest of each owner."""

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from integrations.connections.grants import ownership
from integrations.connections.models import Connection
from integrations.directory.models import UNKNOWN_TIME, Contact, Document

#: Fingerprints kept for each owner.
KEPT = 20


def oldest(connection: Connection) -> list[ownership.Record]:
    """Return the oldest contacts of each owner that ``connection`` sees."""
    ranked = (
        Contact.objects.filter(visibilities__connection=connection)
        .exclude(remote_created_at=UNKNOWN_TIME)
        .annotate(
            age=Window(
                RowNumber(), partition_by=F("owner"), order_by=[F("remote_created_at"), F("remote_id")]
            )
        )
        .filter(age__lte=KEPT)
        .values_list("pk", flat=True)
    )
    documents = Document.objects.filter(contact__in=list(ranked)).values_list("contact__remote_id", "raw")
    return [
        ("contact", remote_id, str(raw[ownership.CREATED_AT]))
        for remote_id, raw in documents
        if raw.get(ownership.CREATED_AT)
    ]
