"""The tripwire: a grant that shows another organization's records is refused before anything of it is stored.

Somebody who works for two customers can consent for the wrong one; a client id can be pasted on the wrong page. The
oldest records that a connection sees do not change, and each owner is one organization's: so the ids and creation times
of the first, and the ids and names of the second, are kept as landmarks of the installation. A colleague's book holds
other records, of which nobody knows anything: that does not trip.

Landmarks belong to the connection that showed them and go with its grant. So when the wrong one came first, revoking it
lets the right one in; a quarantined connection says which other one it conflicts with.
"""

from collections.abc import Iterable

from django.db import transaction

from integrations import total_expert
from integrations.connections import lifecycle
from integrations.connections.models import Connection, Installation, RecordFingerprint
from integrations.total_expert import Rejected
from portal.encryption.cipher import fingerprint

#: A record's resource, id, and its time of creation or name as Total Expert writes it.
Record = tuple[str, int | str, str]
CREATED_AT = "internal_created_at"
UNRELATED_SENTENCE = (
    "Total Expert shows these credentials an organization that has nothing in common with the one connected here so far: "
    "none of its owners, none of its oldest contacts. If this one is right, revoke the other connections first."
)
FOREIGN_SENTENCE = (
    "Total Expert shows this connection records of another organization that is connected here. They are not kept. Sign "
    "in at Total Expert as a user of this organization, then connect again."
)


def digest_records(records: Iterable[Record]) -> list[str]:
    """What is stored of records: no id can be read from it."""
    return [fingerprint("\0".join(map(str, record)), label="connections.landmark") for record in records]


def contact_records(contacts: Iterable[total_expert.Contact]) -> list[Record]:
    """What tells an organization in contacts: those that say when they were created, and their owners."""
    found: list[Record] = []
    for contact in contacts:
        if contact.raw.get(CREATED_AT):
            found.append(("contact", contact.id, str(contact.raw[CREATED_AT])))
        if contact.owner is not None and contact.owner.id and contact.owner.username:
            found.append(_owner_record(contact.owner.id, contact.owner.username))
    return list(dict.fromkeys(found))


def user_records(users: Iterable[total_expert.User]) -> list[Record]:
    """The same of users: each may be the owner whom somebody's own book names."""
    return [_owner_record(user.id, user.username) for user in users if user.username]


def _owner_record(id: int, username: str) -> Record:
    return ("owner", id, username.casefold())


def find_foreign(installation: Installation, records: Iterable[Record]) -> RecordFingerprint | None:
    """A landmark of another organization's among these records, if there is one."""
    return (
        RecordFingerprint.objects.filter(
            environment=installation.environment_id, digest__in=digest_records(records)
        )
        .exclude(installation__organization=installation.organization_id)
        .select_related("connection")
        .first()
    )


def is_unrelated(connection: Connection, records: Iterable[Record]) -> bool:
    """Whether a grant as admin shows nothing of what is known of its installation: neither an owner nor an old contact.

    Of a person's own book nothing may be known yet; as admin all owners are seen.
    """
    known = RecordFingerprint.objects.filter(installation=connection.installation_id)
    if not connection.sees_everything or not known.exists():
        return False
    return not known.filter(digest__in=digest_records(records)).exists()


def refuse_foreign_records(connection: Connection, records: Iterable[Record]) -> None:
    """Quarantine ``connection`` and raise Rejected when a record is a landmark of another organization."""
    quarantine_if_foreign(connection, find_foreign(connection.installation, records))


def claim_records(connection: Connection, records: Iterable[Record]) -> None:
    """Keep records as landmarks of the connection's installation, for as long as its grant lasts.

    Quarantines the connection and raises Rejected when one of them is another organization's.
    """
    quarantine_if_foreign(connection, store_fingerprints(connection, records))


def store_fingerprints(connection: Connection, records: Iterable[Record]) -> RecordFingerprint | None:
    """Keep records as landmarks. Answers another organization's landmark among them, if there is one.

    They are kept before they are looked up, so that of two that claim the same at once, one at least is told.
    """
    known = list(records)
    installation = connection.installation
    with transaction.atomic():
        RecordFingerprint.objects.bulk_create(
            [
                RecordFingerprint(
                    installation=installation,
                    environment=installation.environment,
                    connection=connection,
                    digest=digest,
                )
                for digest in digest_records(known)
            ],
            ignore_conflicts=True,
        )
    return find_foreign(installation, known)


def quarantine_if_foreign(connection: Connection, landmark: RecordFingerprint | None) -> None:
    """Quarantine ``connection`` over another organization's landmark. Raises Rejected, unless there is none."""
    if landmark is None:
        return
    lifecycle.quarantine(connection, reason=FOREIGN_SENTENCE, conflicts_with=landmark.connection)
    raise Rejected([FOREIGN_SENTENCE], code="another_organization")
