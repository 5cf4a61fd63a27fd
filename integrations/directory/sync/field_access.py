"""Note which fields people's own connections show of contacts whose stored record is an admin connection's.

Columns that lists search, filter and show are filled from these fields alone, so that no loan officer finds a contact by a
value that only the admin sees.
"""

from collections.abc import Mapping, Sequence

from integrations import total_expert
from integrations.connections.models import Connection, GrantType
from integrations.directory.browse import shown_fields
from integrations.directory.models import Contact, Document, Visibility
from integrations.directory.sync import rows

_COLUMNS = [*rows.TEXTS, *rows.FLAGS, "search", "sort_name", "sort_city"]


def shown_to_people(known: Mapping[int, Contact], connection: Connection) -> dict[int, list[str]]:
    """Return what people's connections showed of contacts that an admin connection is about to store, by remote ID.

    Contacts that no such connection sees are left out. So is everything if ``connection`` is a person's.
    """
    if not connection.sees_everything or not known:
        return {}
    by_pk = {contact.pk: contact for contact in known.values()}
    people = Visibility.objects.filter(
        contact__in=list(by_pk), connection__grant=GrantType.AUTHORIZATION_CODE
    ).values_list("contact", flat=True)
    seen = set(people)
    noted = Document.objects.filter(contact__in=seen, contact__as_admin=True, shown__isnull=False)
    found = {by_pk[pk].remote_id: list(shown or ()) for pk, shown in noted.values_list("contact", "shown")}
    # a person's record, which the admin's is about to replace
    theirs = [pk for pk in seen if not by_pk[pk].as_admin]
    if theirs:
        documents = Document.objects.filter(contact__in=theirs).values_list("contact", "raw")
        found |= {by_pk[pk].remote_id: shown_fields.names(raw) for pk, raw in documents}
    return found


def note_shown(
    records: Sequence[total_expert.Contact], known: Mapping[int, Contact], connection: Connection
) -> None:
    """Store what a person's connection shows of contacts that keep the admin's record, and refill their columns."""
    if connection.sees_everything:
        return
    shown = {
        known[record.id].pk: shown_fields.names(record.raw)
        for record in records
        if record.id in known and known[record.id].as_admin
    }
    if not shown:
        return
    stored = Document.objects.filter(contact__in=list(shown)).values_list("contact", "shown")
    changed = [pk for pk, before in stored if before != shown[pk]]
    if not changed:
        return
    documents = list(Document.objects.filter(contact__in=changed).select_related("contact__installation"))
    for document in documents:
        document.shown = shown[document.pk]
        _refill(document)
    Document.objects.bulk_update(documents, ["shown"])
    Contact.objects.bulk_update([document.contact for document in documents], _COLUMNS)


def _refill(document: Document) -> None:
    contact, record = document.contact, total_expert.Contact.from_json(document.raw)
    if record is None:
        return
    row = rows.contact_row(
        record,
        shown=document.shown,
        installation=contact.installation,
        owner=None,
        as_admin=True,
        now=contact.synced_at,
    )
    for name in _COLUMNS:
        setattr(contact, name, getattr(row, name))
