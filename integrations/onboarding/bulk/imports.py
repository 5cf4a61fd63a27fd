"""Onboarding many organizations at once: a checked file is kept sealed, confirmed, and made into organizations.

What is confirmed is created by whoever gets to it: the request that confirms begins, and regular work of any worker
goes on. A row is one transaction that also says that it is done, so wherever a process is killed, each row is created
once, and its secrets leave the row in the transaction that seals them with the connection. A job would not do: jobs
belong to an installation, and that is what is being made.
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
FORGETTING, OFTEN = "onboarding.bulk_retention", dt.timedelta(minutes=15)
#: What nobody confirmed is deleted after this, with its secrets; what was confirmed, after that.
UNCONFIRMED, CONFIRMED = dt.timedelta(hours=24), dt.timedelta(days=90)
#: Seconds that one go creates organizations: it holds up a request, or the supervisor of a worker.
SLICE = 2.0
#: Rows written by one statement.
BATCH = 200


def keep(
    records: list[Record],
    *,
    default: Environment | None,
    actor: User,
    name: str = "",
    instead_of: uuid.UUID | None = None,
) -> BulkImport:
    """Check a file's rows offline and keep them, those that passed with their secrets sealed.

    ``default`` is the environment of rows that name none; ``name`` what the file is called; ``instead_of`` an unconfirmed
    import that this one replaces.
    """
    checked = check.check(records, default=default)
    with transaction.atomic():
        if instead_of is not None:
            _forget(_drafts().filter(pk=instead_of))
        made = BulkImport.objects.create(
            by=actor,
            at=clock.now(),
            name=name[: models.LONGEST_NAME],
            total=len(checked),
            accepted=sum(not row.problems for row in checked),
        )
        BulkRow.objects.bulk_create([_row(made, row) for row in checked], batch_size=BATCH)
        log.record("bulk_import.uploaded", actor=actor, target=made, rows=made.total, accepted=made.accepted)
    return made


def _row(made: BulkImport, checked: check.Checked) -> BulkRow:
    row = BulkRow(
        source=made,
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
    """Have all rows created that passed; the others are left out.

    Raises Refused when there is nothing to confirm, and when so many connections would let everybody's mirrors grow
    older than they should, unless that is meant (``overcommit``).
    """
    warnings = [] if overcommit else progress.warnings(source)
    if warnings:
        raise Refused(
            f"{' '.join(warnings)} Confirm that you want it all the same, or add outbound IP addresses first."
        )
    with transaction.atomic():
        row = BulkImport.objects.select_for_update(of=("self",)).filter(pk=source.pk).first()
        if row is None or row.at < clock.now() - UNCONFIRMED:
            raise Refused("This file was uploaded too long ago, and is forgotten. Upload it again.")
        if row.state != BulkImport.State.DRAFT:
            raise Refused("This file has been confirmed already.")
        if not row.accepted:
            raise Refused("Something is wrong with every row. Correct the file and upload it again.")
        row.state, row.confirmed_by, row.confirmed_at = BulkImport.State.CONFIRMED, actor, clock.now()
        row.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        row.rows.filter(state=BulkRow.State.READY).update(state=BulkRow.State.CONFIRMED)
        row.rows.filter(state=BulkRow.State.BAD).update(state=BulkRow.State.LEFT_OUT)
        log.record("bulk_import.confirmed", actor=actor, target=row, rows=row.accepted, overcommit=overcommit)


def discard(source: BulkImport, *, actor: User) -> bool:
    """Delete an unconfirmed import with its secrets. False when it was confirmed or deleted before."""
    with transaction.atomic():
        gone = _forget(_drafts().filter(pk=source.pk))
        if gone:
            log.record("bulk_import.discarded", actor=actor, target=source)
    return gone


def _drafts() -> QuerySet[BulkImport]:
    return BulkImport.objects.filter(state=BulkImport.State.DRAFT)


def _forget(rows: QuerySet[BulkImport]) -> bool:
    """Delete imports with their rows. Held first: what is being confirmed meanwhile is none of ``rows`` any more."""
    with transaction.atomic():
        held = list(rows.order_by().select_for_update().values_list("pk", flat=True))
        BulkImport.objects.filter(pk__in=held).delete()
    return bool(held)


def apply_some(*, seconds: float = SLICE) -> int:
    """Create organizations of confirmed rows for so many seconds at most. Answers how many rows were done."""
    until = time.monotonic() + seconds
    waiting = BulkRow.objects.filter(state=BulkRow.State.CONFIRMED).order_by("source__confirmed_at", "number")
    done = 0
    while time.monotonic() < until and (row := waiting.first()) is not None:
        try:
            done += _apply(row.pk)
        except DecryptionError as error:  # the file waits for its key, and no other waits for it
            BulkRow.objects.filter(pk=row.pk, state=BulkRow.State.CONFIRMED).update(problem=str(error)[:500])
            waiting = waiting.exclude(source=row.source_id)
    ended = BulkImport.objects.filter(state=BulkImport.State.CONFIRMED)
    ended.exclude(rows__state=BulkRow.State.CONFIRMED).update(state=BulkImport.State.APPLIED)
    return done


def _apply(pk: uuid.UUID) -> bool:
    """Create what one row says, or write down why not. False when somebody else did.

    Raises DecryptionError, leaving the row as it is, when the key of its secrets is missing here.
    """
    try:
        return _create(pk)
    except (Refused, Rejected) as refused:
        problem = str(refused)
    except DecryptionError as error:
        if error.missing_key:
            raise
        problem = f"{error} Upload the row again."
    except (OperationalError, InterfaceError):  # the database is away: the row waits
        raise
    except Exception as ours:
        logger.error("Row %s of a bulk import failed (%s)", pk, type(ours).__name__, exc_info=ours)
        problem = (
            f"An error of ours ({type(ours).__name__}). The portal's log says more. Upload the row again."
        )
    with transaction.atomic():
        row = _locked(pk)
        if row is not None:
            row.forget_secrets()
            row.state, row.problem, row.admin_email = BulkRow.State.REFUSED, problem[:500], ""
            row.save()
    return row is not None


def _create(pk: uuid.UUID) -> bool:
    """Raises Refused, Rejected or DecryptionError, leaving nothing behind."""
    with transaction.atomic():
        row = _locked(pk)
        if row is None:
            return False
        assert row.environment is not None  # a row without one did not pass
        client_id, client_secret, actor = row.client_id, row.client_secret, row.source.confirmed_by
        organization = organizations.create(name=row.name, actor=actor, account_owner=actor)
        connection = client_credentials.propose(
            installation=installations.get_or_create(organization, row.environment),
            client_id=client_id,
            client_secret=client_secret,
            actor=actor,
        )
        row.forget_secrets()
        row.problem = ""
        row.state, row.organization, row.connection = BulkRow.State.APPLIED, organization, connection
        row.save()
        verification.start(connection, actor=actor, purpose=Purpose.WORK)
        if row.admin_email:
            queue.start(invitations.KIND, installation=connection.installation, requested_by=actor)
    return True


def _locked(pk: uuid.UUID) -> BulkRow | None:
    """A row that still waits to be created, held until the transaction ends."""
    rows = BulkRow.objects.select_for_update(of=("self",)).filter(pk=pk, state=BulkRow.State.CONFIRMED)
    return rows.select_related("environment", "source__confirmed_by").first()


def apply_confirmed() -> None:
    """Regular work: go on creating what was confirmed."""
    if BulkImport.objects.filter(state=BulkImport.State.CONFIRMED).exists():
        apply_some()


def forget_the_old() -> None:
    """Regular work: delete what nobody confirmed, with its secrets, and the lists of what was imported long ago."""
    at = clock.now()
    _forget(_drafts().filter(at__lt=at - UNCONFIRMED))
    _forget(BulkImport.objects.filter(state=BulkImport.State.APPLIED, at__lt=at - CONFIRMED))
