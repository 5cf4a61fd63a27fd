"""Create many organizations from a file: check it, store its rows encrypted, confirm, and apply.

The request that confirms creates the first rows; the schedule of any worker creates the rest. Each row is one
transaction that also marks it as done, so it is created exactly once even if a process is killed. The same transaction
moves its secrets to the connection. This is no job, because jobs belong to an installation, which doesn't exist yet.
"""

import datetime as dt
import logging
import time
import uuid

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from integrations.connections import installations
from integrations.connections.grants import client_credentials
from integrations.connections.models import Environment, Purpose
from integrations.jobs import queue
from integrations.onboarding import verification
from integrations.onboarding.bulk import check, invitations, models, progress
from integrations.onboarding.bulk.files import Record
from integrations.onboarding.bulk.models import BulkImport, BulkRow
from integrations.total_expert import Rejected
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.core.errors import Refused
from portal.encryption.cipher import DecryptionError
from portal.organizations import organizations

logger = logging.getLogger(__name__)

APPLYING, EVERY = "onboarding.bulk", dt.timedelta(seconds=5)
DELETING, DELETING_EVERY = "onboarding.bulk_retention", dt.timedelta(minutes=15)
#: How long files are stored: unconfirmed ones with their secrets, and confirmed ones.
UNCONFIRMED, CONFIRMED = dt.timedelta(hours=24), dt.timedelta(days=90)
#: Seconds that one run creates organizations. It blocks a request, or the supervisor of a worker.
SLICE = 2.0
#: Rows inserted by one statement.
BATCH = 200


def upload(
    records: list[Record],
    *,
    default: Environment | None,
    actor: User,
    name: str = "",
    instead_of: uuid.UUID | None = None,
) -> BulkImport:
    """Check the rows of a file offline and store them. Secrets are stored encrypted, and only of rows without problems.

    ``default`` is the environment of rows without one; ``name`` is the name of the file; ``instead_of`` is the id of an
    unconfirmed import that this one replaces.
    """
    checked = check.check(records, default=default)
    with transaction.atomic():
        if instead_of is not None:
            _delete(_drafts().filter(pk=instead_of))
        created = BulkImport.objects.create(
            by=actor,
            at=clock.now(),
            name=name[: models.LONGEST_NAME],
            total=len(checked),
            accepted=sum(not row.problems for row in checked),
        )
        BulkRow.objects.bulk_create([_row(created, row) for row in checked], batch_size=BATCH)
        log.record(
            "bulk_import.uploaded", actor=actor, target=created, rows=created.total, accepted=created.accepted
        )
    return created


def _row(source: BulkImport, checked: check.Checked) -> BulkRow:
    row = BulkRow(
        source=source,
        number=checked.number,
        name=checked.name,
        environment=checked.environment,
        problem=" ".join(checked.problems)[:500],
        state=BulkRow.State.BAD if checked.problems else BulkRow.State.READY,
    )
    if not checked.problems:
        row.client_id, row.client_secret = checked.client_id, checked.client_secret
        row.admin_email = checked.admin_email
    return row


def confirm(source: BulkImport, *, actor: User, overcommit: bool = False) -> None:
    """Confirm that the rows without problems are to be created. The others are left out.

    Do nothing if the same person confirmed it before. Raise Refused if there is nothing to confirm, or if so many
    connections would make everyone's data older than the maximum data age and ``overcommit`` is False.
    """
    if BulkImport.objects.filter(pk=source.pk, confirmed_by=actor).exists():
        return
    warnings = [] if overcommit else progress.warnings(source)
    if warnings:
        raise Refused(
            f"{' '.join(warnings)} Confirm that you want this anyway, or add outbound IP addresses first."
        )
    with transaction.atomic():
        row = BulkImport.objects.select_for_update(of=("self",)).filter(pk=source.pk).first()
        if row is None or row.at < clock.now() - UNCONFIRMED:
            raise Refused("This file expired. Upload it again.")
        if row.confirmed_by_id == actor.pk:
            return
        if row.state != BulkImport.State.DRAFT:
            raise Refused("This file was already confirmed.")
        if not row.accepted:
            raise Refused("Every row has a problem. Correct the file and upload it again.")
        row.state, row.confirmed_by, row.confirmed_at = BulkImport.State.CONFIRMED, actor, clock.now()
        row.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        row.rows.filter(state=BulkRow.State.READY).update(state=BulkRow.State.CONFIRMED)
        row.rows.filter(state=BulkRow.State.BAD).update(state=BulkRow.State.LEFT_OUT)
        log.record("bulk_import.confirmed", actor=actor, target=row, rows=row.accepted, overcommit=overcommit)


def discard(source: BulkImport, *, actor: User) -> bool:
    """Delete an unconfirmed import with its secrets. Return False if it was already confirmed or deleted."""
    with transaction.atomic():
        is_deleted = _delete(_drafts().filter(pk=source.pk))
        if is_deleted:
            log.record("bulk_import.discarded", actor=actor, target=source)
    return is_deleted


def _drafts() -> QuerySet[BulkImport]:
    return BulkImport.objects.filter(state=BulkImport.State.DRAFT)


def _delete(rows: QuerySet[BulkImport]) -> bool:
    """Delete imports with their rows. Locks them first, so that one that is being confirmed no longer matches ``rows``."""
    with transaction.atomic():
        locked = list(rows.order_by().select_for_update().values_list("pk", flat=True))
        BulkImport.objects.filter(pk__in=locked).delete()
    return bool(locked)


def apply_some(*, seconds: float = SLICE) -> int:
    """Create organizations from confirmed rows for at most ``seconds``. Return how many rows were done."""
    until = time.monotonic() + seconds
    waiting = BulkRow.objects.filter(state=BulkRow.State.CONFIRMED).order_by("source__confirmed_at", "number")
    done = 0
    while time.monotonic() < until and (row := waiting.first()) is not None:
        try:
            done += _apply(row.pk)
        except DecryptionError as error:  # this file waits for its key; others go on
            BulkRow.objects.filter(pk=row.pk, state=BulkRow.State.CONFIRMED).update(problem=str(error)[:500])
            waiting = waiting.exclude(source=row.source_id)
    ended = BulkImport.objects.filter(state=BulkImport.State.CONFIRMED)
    ended.exclude(rows__state=BulkRow.State.CONFIRMED).update(state=BulkImport.State.APPLIED)
    return done


def _apply(pk: uuid.UUID) -> bool:
    """Create the organization of one row, or record why not. Return False if another process did.

    Raise DecryptionError and leaves the row unchanged if the key of its secrets is missing on this machine.
    """
    try:
        return _create(pk)
    except (Refused, Rejected) as refused:
        problem = str(refused)
    except DecryptionError as error:
        if error.missing_key:
            raise
        problem = f"{error} Upload the row again."
    except (OperationalError, InterfaceError):  # no database: the row waits
        raise
    except Exception as error:
        logger.error("Row %s of a bulk import failed (%s)", pk, type(error).__name__, exc_info=error)
        problem = f"Internal error ({type(error).__name__}). See the portal's log, then upload the row again."
    with transaction.atomic():
        row = _locked(pk)
        if row is not None:
            row.delete_secrets()
            row.state, row.problem, row.admin_email = BulkRow.State.REFUSED, problem[:500], ""
            row.save()
    return row is not None


def _create(pk: uuid.UUID) -> bool:
    """Create the organization and the connection of one row. On Refused, Rejected or DecryptionError nothing is created."""
    with transaction.atomic():
        row = _locked(pk)
        if row is None:
            return False
        assert row.environment is not None  # rows without one have problems
        client_id, client_secret, actor = row.client_id, row.client_secret, row.source.confirmed_by
        organization = organizations.create(name=row.name, actor=actor, account_owner=actor)
        connection = client_credentials.propose(
            installation=installations.get_or_create(organization, row.environment),
            client_id=client_id,
            client_secret=client_secret,
            actor=actor,
        )
        row.delete_secrets()
        row.problem = ""
        row.state, row.organization, row.connection = BulkRow.State.APPLIED, organization, connection
        row.save()
        verification.start(connection, actor=actor, purpose=Purpose.WORK)
        if row.admin_email:
            queue.start(invitations.KIND, installation=connection.installation, requested_by=actor)
    return True


def _locked(pk: uuid.UUID) -> BulkRow | None:
    """Lock and return a row that still waits to be created, or None."""
    rows = BulkRow.objects.select_for_update(of=("self",)).filter(pk=pk, state=BulkRow.State.CONFIRMED)
    return rows.select_related("environment", "source__confirmed_by").first()


def apply_confirmed() -> None:
    """Scheduled: create confirmed rows."""
    if BulkImport.objects.filter(state=BulkImport.State.CONFIRMED).exists():
        apply_some()


def delete_old() -> None:
    """Scheduled: delete unconfirmed imports with their secrets, and imports that were applied long ago."""
    at = clock.now()
    _delete(_drafts().filter(at__lt=at - UNCONFIRMED))
    _delete(BulkImport.objects.filter(state=BulkImport.State.APPLIED, at__lt=at - CONFIRMED))
