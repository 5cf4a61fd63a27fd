"""Check which organization a grant belongs to: one that shows another organization's records is refused.

A person who works for two customers can authorize the wrong one, and a client id can be entered on the wrong page. An
organization's oldest contacts don't change, and each owner belongs to one organization. So the ids and creation times of
the former and the ids and user names of the latter are stored as fingerprints of the installation. A colleague's contacts
are other records without stored fingerprints, so they cause no conflict.

Fingerprints belong to the connection that showed the records, and are deleted with its grant. If the wrong connection came
first, revoking it lets the right one in. A quarantined connection names the connection that it conflicts with.
"""

from collections.abc import Iterable

from django.db import transaction

from integrations import total_expert
from integrations.connections import lifecycle
from integrations.connections.models import Connection, Installation, RecordFingerprint
from integrations.total_expert import Rejected
from portal.encryption.cipher import fingerprint

#: A record's resource, its id, and its creation time or user name as Total Expert writes it.
Record = tuple[str, int | str, str]
CREATED_AT = "internal_created_at"
UNRELATED_SENTENCE = (
    "These credentials show an organization that has nothing in common with the one connected here: no shared owners and "
    "none of the oldest contacts. If these are the right ones, revoke the other connections first."
)
FOREIGN_SENTENCE = (
    "This connection shows records of another organization that uses this portal. The portal didn't save them. Sign in to "
    "Total Expert as a user of this organization, then connect again."
)


def digest_records(records: Iterable[Record]) -> list[str]:
    """Return the stored form of records. It doesn't reveal any id."""
    return [fingerprint("\0".join(map(str, record)), label="connections.landmark") for record in records]


def contact_records(contacts: Iterable[total_expert.Contact]) -> list[Record]:
    """Return what identifies an organization in contacts: those with a creation time, and their owners."""
    found: list[Record] = []
    for contact in contacts:
        if contact.raw.get(CREATED_AT):
            found.append(("contact", contact.id, str(contact.raw[CREATED_AT])))
        if contact.owner is not None and contact.owner.id and contact.owner.username:
            found.append(_owner_record(contact.owner.id, contact.owner.username))
    return list(dict.fromkeys(found))


def user_records(users: Iterable[total_expert.User]) -> list[Record]:
    """Return what identifies an organization in its users. Each may be the owner of contacts."""
    return [_owner_record(user.id, user.username) for user in users if user.username]


def _owner_record(id: int, username: str) -> Record:
    return ("owner", id, username.casefold())


def find_foreign(installation: Installation, records: Iterable[Record]) -> RecordFingerprint | None:
    """Return a stored fingerprint of another organization that matches one of ``records``, if any."""
    return (
        RecordFingerprint.objects.filter(
            environment=installation.environment_id, digest__in=digest_records(records)
        )
        .exclude(installation__organization=installation.organization_id)
        .select_related("connection")
        .first()
    )


def is_unrelated(connection: Connection, records: Iterable[Record]) -> bool:
    """Return whether an admin grant shows none of the installation's fingerprints.

    Only an admin grant sees all owners. One person's contacts may be unknown so far.
    """
    known = RecordFingerprint.objects.filter(installation=connection.installation_id)
    if not connection.sees_everything or not known.exists():
        return False
    return not known.filter(digest__in=digest_records(records)).exists()


def is_confirmed(connection: Connection, records: Iterable[Record]) -> bool:
    """Return whether another connection of the installation showed one of these records before."""
    others = RecordFingerprint.objects.filter(installation=connection.installation_id).exclude(
        connection=connection
    )
    return others.filter(digest__in=digest_records(records)).exists()


def refuse_foreign_records(connection: Connection, records: Iterable[Record]) -> None:
    """Quarantine ``connection`` and raise Rejected if a record belongs to another organization."""
    quarantine_if_foreign(connection, find_foreign(connection.installation, records))


def claim_records(connection: Connection, records: Iterable[Record]) -> None:
    """Store fingerprints of records for the connection's installation, until its grant is deleted.

    Quarantine the connection and raise Rejected if one of them belongs to another organization.
    """
    quarantine_if_foreign(connection, store_fingerprints(connection, records))


def store_fingerprints(connection: Connection, records: Iterable[Record]) -> RecordFingerprint | None:
    """Store fingerprints of records. Return another organization's fingerprint among them, if any.

    They are stored before the check, so that of two connections that claim the same records at once, one is refused.
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


def quarantine_if_foreign(connection: Connection, foreign: RecordFingerprint | None) -> None:
    """Quarantine ``connection`` and raise Rejected over another organization's fingerprint. Do nothing without one."""
    if foreign is None:
        return
    lifecycle.quarantine(connection, reason=FOREIGN_SENTENCE, conflicts_with=foreign.connection)
    raise Rejected([FOREIGN_SENTENCE], code="another_organization")
