"""Client credentials: a customer's own client id and secret, validated, stored encrypted, and tried with one request."""

import datetime as dt

from django.db import transaction

from integrations.connections import lifecycle
from integrations.connections.client import client_for_candidate
from integrations.connections.grants import admission, ownership, scopes
from integrations.connections.limits import ledger, queue, scheduler, tries
from integrations.connections.limits.egress import choose_egress
from integrations.connections.models import (
    ApplicationCredential,
    Connection,
    ConnectionState,
    CredentialCandidate,
    Environment,
    GrantType,
    Installation,
    Purpose,
    RecordFingerprint,
    RequestState,
    Token,
    TokenRequest,
)
from integrations.connections.tokens import access, requests
from integrations.total_expert import ReconnectRequired, Rejected, TryLater
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock, text, times
from portal.encryption.cipher import fingerprint

MAX_LENGTH = 255
_NOT_SAVED = "We didn't save them."


def validate(client_id: str, client_secret: str) -> tuple[str, str]:
    """Return credentials without what a paste adds around them. Raise Rejected if they can't be right. Send nothing."""
    client_id, client_secret = text.visible(client_id), text.visible(client_secret)
    problems = []
    for value, name in ((client_id, "client ID"), (client_secret, "client secret")):
        if not value:
            problems.append(f"The {name} is empty.")
        elif any(c.isspace() or not c.isprintable() for c in value):
            problems.append(f"The {name} contains white space. Paste it again, without line breaks.")
        elif len(value) > MAX_LENGTH:
            problems.append(f"The {name} is longer than {MAX_LENGTH} characters. Check what you pasted.")
    if not problems and ":" in client_id:
        problems.append("The client ID contains a colon, which HTTP Basic authentication does not allow.")
    if not problems and client_id == client_secret:
        problems.append("The client ID and the client secret are the same. Check what you pasted.")
    if problems:
        raise Rejected(problems, code="credentials")
    return client_id, client_secret


def propose(
    *, installation: Installation, client_id: str, client_secret: str, actor: User | None
) -> Connection:
    """Store entered credentials, encrypted, until `activate_candidate` tries them. The current ones stay in use until then.

    Raise Rejected and store nothing if they can't be right, if this person must wait before another try, or, for operators,
    if another organization uses the client ID. Customers learn nothing about other organizations' client IDs: theirs are
    tried, and refused with the same sentence as any others that don't work.
    """
    client_id, client_secret = validate(client_id, client_secret)
    mark = client_id_fingerprint(installation.environment, client_id)
    if actor is None or actor.is_operator:
        _refuse_used_elsewhere(installation, mark)
    else:
        _refuse_unchanged(installation, mark, client_secret)
        _refuse_repeated_attempt(installation, actor)
    at = clock.now()
    with transaction.atomic():
        connection, _ = Connection.objects.get_or_create(
            installation=installation,
            grant=GrantType.CLIENT_CREDENTIALS,
            defaults={
                "state": ConnectionState.PENDING,
                "since": at,
                "created_at": at,
                "egress": choose_egress(installation.environment),
            },
        )
        CredentialCandidate.objects.filter(connection=connection).delete()
        candidate = CredentialCandidate(
            connection=connection, fingerprint=mark, proposed_by=actor, proposed_at=at
        )
        candidate.client_id, candidate.client_secret = client_id, client_secret
        candidate.save()
    return connection


def client_id_fingerprint(environment: Environment, client_id: str) -> str:
    """Return the fingerprint that identifies a client id in an environment."""
    return fingerprint(f"{environment.pk}\0{client_id}", label="connections.client_id")


def client_id_fingerprints_in_use() -> set[str]:
    """Return the fingerprints of all client ids that connections use. Credentials that wait to be tried block nobody."""
    used = Connection.objects.exclude(client_fingerprint="")
    return set(used.values_list("client_fingerprint", flat=True))


def discard(connection: Connection) -> None:
    """Delete a connection's proposed credentials, because nobody will try them any more."""
    CredentialCandidate.objects.filter(connection=connection).delete()


def discard_forgotten(*, before: dt.datetime) -> None:
    """Delete proposed credentials that have waited since before a time."""
    CredentialCandidate.objects.filter(proposed_at__lt=before).delete()


def _used_elsewhere(installation: Installation, mark: str) -> Connection | None:
    """Return a connection of another installation that works with this client id, if any."""
    return Connection.objects.filter(client_fingerprint=mark).exclude(installation=installation).first()


def _refuse_used_elsewhere(installation: Installation, mark: str) -> None:
    if _used_elsewhere(installation, mark) is not None:
        raise Rejected(
            ["Another organization uses this client ID. Each organization has its own: ask for this one's."],
            code="another_organization",
        )


def _refuse_unchanged(installation: Installation, mark: str, client_secret: str) -> None:
    """Raise Rejected if an active connection has these credentials: token requests are scarce and shared."""
    same = Connection.objects.filter(
        installation=installation, client_fingerprint=mark, state=ConnectionState.ACTIVE
    ).first()
    if same is not None and str(same.client_secret) == client_secret:
        raise Rejected(["This connection already uses these credentials. Nothing was changed."], code="same")


def _refuse_repeated_attempt(installation: Installation, actor: User) -> None:
    """Raise Rejected within an hour after a try for this installation, and while tries are paused (`tries`)."""
    at = clock.now()
    tried = TokenRequest.objects.filter(
        fence=0,
        connection__installation=installation,
        connection__grant=GrantType.CLIENT_CREDENTIALS,
        at__gt=at - scheduler.HOUR,
    ).exclude(state=RequestState.RELEASED)
    latest = tried.order_by("-at").first()
    ends = [
        latest.at + scheduler.HOUR if latest is not None else None,
        tries.paused_until(
            installation.environment, organization_id=installation.organization_id, person=actor, at=at
        ),
    ]
    until = max((end for end in ends if end is not None), default=None)
    if until is not None:
        raise Rejected(
            [
                "Credentials were tried recently, and all customers share a limited number of attempts. Try again after "
                f"{times.exact(until)}, or ask your operator."
            ],
            code="too_many_tries",
        )


def activate_candidate(connection: Connection, *, purpose: Purpose = Purpose.PERSON) -> None:
    """Try a connection's proposed credentials with one token request, and use them if they are this organization's.

    The connection works as before until then. Do nothing if none are proposed. Raise Rejected after deleting credentials
    that don't work, or TryLater, which keeps them for the next attempt.
    """
    candidate = CredentialCandidate.objects.filter(connection=connection).first()
    if candidate is None:
        return
    try:
        if not candidate.is_fresh(clock.now()):
            _request_token(candidate, purpose)
        with client_for_candidate(candidate, purpose=purpose) as client:
            records = admission.collect_records(client, as_admin=True)
    except ReconnectRequired:
        candidate.delete()
        label = connection.installation.environment.label
        raise Rejected(
            [
                f"Total Expert doesn't know this client ID and client secret in {label}. Check both. Credentials for CT "
                f"don't work in production, and vice versa. {_NOT_SAVED}"
            ],
            code="invalid_client",
        ) from None
    except Rejected:
        candidate.delete()
        raise
    if ownership.is_unrelated(connection, records):
        _refuse_unrelated(connection, candidate)
    _take_over_connection(candidate, records)
    connection.refresh_from_db()


def _refuse_unrelated(connection: Connection, candidate: CredentialCandidate) -> None:
    candidate.delete()
    if connection.state == ConnectionState.PENDING:
        lifecycle.quarantine(connection, reason=ownership.UNRELATED_SENTENCE)
    raise Rejected([f"{ownership.UNRELATED_SENTENCE} {_NOT_SAVED}"], code="another_organization")


def _request_token(candidate: CredentialCandidate, purpose: Purpose) -> None:
    """Send one token request, and commit what it grants with the candidate before anything else."""
    environment = candidate.connection.installation.environment
    prepared = requests.client_credentials(
        environment,
        str(candidate.client_id),
        str(candidate.client_secret),
        egress=candidate.connection.egress,
    )
    request = ledger.open_try(candidate.connection, purpose=purpose, person=candidate.proposed_by)
    response = access.send_request(request, prepared)
    with transaction.atomic(durable=True):
        at = clock.now()
        candidate.access_token = response.access_token
        candidate.access_expires_at = at + dt.timedelta(seconds=response.expires_in)
        candidate.access_lifetime = response.expires_in
        # Nothing is requested, so a response that states no scopes grants what these credentials are for.
        candidate.scopes = access.format_scopes(response) or " ".join(sorted(scopes.USES))
        is_wanted = CredentialCandidate.objects.select_for_update().filter(pk=candidate.pk).exists()
        if is_wanted:
            candidate.save(update_fields=["access_token", "access_expires_at", "access_lifetime", "scopes"])
        ledger.close_request(request, RequestState.GRANTED)
    if not is_wanted:
        raise _Withdrawn


class _Withdrawn(TryLater):
    """The credentials were replaced or withdrawn while they were tried."""

    def __init__(self) -> None:
        super().__init__("These credentials were replaced while they were tried.", after=1)


def _take_over_connection(candidate: CredentialCandidate, records: list[ownership.Record]) -> None:
    """Give the connection the candidate's credentials and token, unless they belong to another organization."""
    connection = candidate.connection
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        if not CredentialCandidate.objects.filter(pk=candidate.pk).exists():
            raise _Withdrawn
        foreign = ownership.store_fingerprints(row, records)
        rival = foreign.connection if foreign else _used_elsewhere(row.installation, candidate.fingerprint)
        is_foreign = foreign is not None or rival is not None
        if not is_foreign:
            _replace_credentials(row, candidate)
        elif row.state != ConnectionState.PENDING:
            RecordFingerprint.objects.filter(
                connection=row, digest__in=ownership.digest_records(records)
            ).delete()
        candidate.delete()
    if not is_foreign:
        return
    if row.state == ConnectionState.PENDING:
        lifecycle.quarantine(row, reason=ownership.FOREIGN_SENTENCE, conflicts_with=rival)
    raise Rejected([f"{ownership.FOREIGN_SENTENCE} {_NOT_SAVED}"], code="another_organization")


def _replace_credentials(row: Connection, candidate: CredentialCandidate) -> None:
    row.client_id, row.client_secret = candidate.client_id, candidate.client_secret
    row.client_fingerprint, row.scopes = candidate.fingerprint, candidate.scopes
    row.admitted_at, row.conflicts_with = clock.now(), None
    row.save()
    token, _ = Token.objects.select_for_update().get_or_create(connection=row)
    token.access_token, token.access_expires_at = candidate.access_token, candidate.access_expires_at
    token.access_lifetime = candidate.access_lifetime
    token.lease_expires_at = None
    token.fence += 1
    token.save()
    queue.withdraw(row, queue.RENEWAL_PURPOSES)
    lifecycle.set_state(row, ConnectionState.ACTIVE, actor=candidate.proposed_by)
    log.record(
        "connection.granted",
        actor=candidate.proposed_by,
        organization=row.installation.organization,
        target=row,
        by="credentials",
    )


def set_application(
    *, environment: Environment, client_id: str, client_secret: str, scopes: str, actor: User | None
) -> ApplicationCredential:
    """Store or replace the partner's own application credentials in an environment. Raise Rejected."""
    client_id, client_secret = validate(client_id, client_secret)
    application = ApplicationCredential.objects.filter(
        environment=environment
    ).first() or ApplicationCredential(environment=environment, created_at=clock.now())
    application.client_id, application.client_secret = client_id, client_secret
    application.scopes = " ".join(scopes.replace(",", " ").split())
    application.refused_at = None
    with transaction.atomic():
        application.save()
        log.record("application.set", actor=actor, target=application, environment=environment.name)
    return application
