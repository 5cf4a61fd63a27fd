"""Client credentials: a customer's own client id and secret, checked, kept sealed, and tried with one request."""

import datetime as dt

from django.db import transaction
from django.db.models import Q

from integrations.connections import lifecycle
from integrations.connections.client import client_for_candidate
from integrations.connections.grants import admission, ownership
from integrations.connections.limits import egress, ledger, queue, scheduler
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
from integrations.total_expert import ReconnectRequired, Rejected
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock, times
from portal.encryption.cipher import fingerprint

MAX_LENGTH = 255


def validate(client_id: str, client_secret: str) -> tuple[str, str]:
    """Take off white space that came along with the pasting. Raises Rejected with what is wrong, offline."""
    client_id, client_secret = client_id.strip(), client_secret.strip()
    problems = []
    for value, name in ((client_id, "client id"), (client_secret, "client secret")):
        if not value:
            problems.append(f"The {name} is empty.")
        elif any(c.isspace() or not c.isprintable() for c in value):
            problems.append(f"The {name} has white space inside. Paste it again, without line breaks.")
        elif len(value) > MAX_LENGTH:
            problems.append(f"The {name} is longer than {MAX_LENGTH} characters: something else was pasted.")
    if not problems and ":" in client_id:
        problems.append("The client id contains a colon, which HTTP Basic authentication does not allow.")
    if not problems and client_id == client_secret:
        problems.append("The client id and the secret are the same: one of them was pasted twice.")
    if problems:
        raise Rejected(problems, code="credentials")
    return client_id, client_secret


def propose(
    *, installation: Installation, client_id: str, client_secret: str, actor: User | None
) -> Connection:
    """Store entered credentials, encrypted, until `activate_candidate` tries them. The current ones stay in use until then.

    Raises Rejected when they can't be right or belong to another organization; nothing is stored then.
    """
    client_id, client_secret = validate(client_id, client_secret)
    mark = client_id_fingerprint(installation.environment, client_id)
    _refuse_used_elsewhere(installation, mark)
    if actor is not None and not actor.is_operator:
        _refuse_unchanged(installation, mark, client_secret)
        _refuse_repeated_attempt(installation)
    at = clock.now()
    with transaction.atomic():
        connection, _ = Connection.objects.get_or_create(
            installation=installation,
            grant=GrantType.CLIENT_CREDENTIALS,
            defaults={
                "state": ConnectionState.PENDING,
                "since": at,
                "created_at": at,
                "egress": egress.choose_egress(installation.environment),
            },
        )
        CredentialCandidate.objects.filter(connection=connection).delete()
        candidate = CredentialCandidate(connection=connection, fingerprint=mark, proposed_by=actor)
        candidate.client_id, candidate.client_secret = client_id, client_secret
        candidate.save()
    return connection


def client_id_fingerprint(environment: Environment, client_id: str) -> str:
    """The fingerprint by which a client id is found again in an environment."""
    return fingerprint(f"{environment.pk}\0{client_id}", label="connections.client_id")


def client_id_fingerprints_in_use() -> set[str]:
    """The fingerprints of all client ids that connections have or that wait to be tried."""
    used = Connection.objects.exclude(client_fingerprint="").values_list("client_fingerprint", flat=True)
    return {*used, *CredentialCandidate.objects.values_list("fingerprint", flat=True)}


def _refuse_used_elsewhere(installation: Installation, mark: str) -> None:
    used = Connection.objects.filter(client_fingerprint=mark).exclude(installation=installation).exists()
    proposed = CredentialCandidate.objects.filter(fingerprint=mark).exclude(
        connection__installation=installation
    )
    if used or proposed.exists():
        raise Rejected(
            [
                "This client id is in use for another organization. Each organization has its own: ask for this one's."
            ],
            code="another_organization",
        )


def _refuse_unchanged(installation: Installation, mark: str, client_secret: str) -> None:
    """Token requests are everybody's: what a working connection has already is not tried again."""
    same = Connection.objects.filter(
        installation=installation, client_fingerprint=mark, state=ConnectionState.ACTIVE
    ).first()
    if same is not None and str(same.client_secret) == client_secret:
        raise Rejected(
            ["These are the credentials that this connection works with. Nothing was changed."], code="same"
        )


def _refuse_repeated_attempt(installation: Installation) -> None:
    """Token requests are everybody's: of what is pasted here, one an hour is tried unless an operator pastes it."""
    tried = TokenRequest.objects.filter(
        Q(fence=0) | Q(state=RequestState.REFUSED),
        connection__installation=installation,
        connection__grant=GrantType.CLIENT_CREDENTIALS,
        at__gt=clock.now() - scheduler.HOUR,
    ).exclude(state=RequestState.RELEASED)
    latest = tried.order_by("-at").first()
    if latest is not None:
        raise Rejected(
            [
                "Credentials were tried for this organization less than an hour ago, and all customers share few tries. "
                f"Try again after {times.exact(latest.at + scheduler.HOUR)}, or ask your operator."
            ],
            code="too_many_tries",
        )


def activate_candidate(connection: Connection, *, purpose: Purpose = Purpose.PERSON) -> None:
    """Try the proposed credentials with one token request; let them take over when they are this organization's.

    Until then the connection works as before; refused ones are forgotten. Does nothing when none are proposed. Raises
    Rejected (forgotten), or TryLater (kept, to be tried again).
    """
    candidate = CredentialCandidate.objects.filter(connection=connection).first()
    if candidate is None:
        return
    try:
        if not candidate.is_fresh(clock.now()):
            _request_token(candidate, purpose)
        with client_for_candidate(candidate, purpose=purpose) as client:
            found = admission.collect_records(client, as_admin=True)
    except ReconnectRequired:
        candidate.delete()
        label = connection.installation.environment.label
        raise Rejected(
            [
                f"Total Expert does not know this client id and secret in {label}. Check both; credentials for CT do "
                "not work in production, nor the other way round. They were not kept."
            ],
            code="invalid_client",
        ) from None
    except Rejected:
        candidate.delete()
        raise
    if ownership.is_unrelated(connection, found):
        _refuse_unrelated(connection, candidate)
    _take_over_connection(candidate, found)
    connection.refresh_from_db()


def _refuse_unrelated(connection: Connection, candidate: CredentialCandidate) -> None:
    candidate.delete()
    if connection.state == ConnectionState.PENDING:
        lifecycle.quarantine(connection, reason=ownership.UNRELATED_SENTENCE)
    raise Rejected([f"{ownership.UNRELATED_SENTENCE} They were not kept."], code="another_organization")


def _request_token(candidate: CredentialCandidate, purpose: Purpose) -> None:
    """One token request. What it grants is committed with the candidate before anything else."""
    environment = candidate.connection.installation.environment
    send = requests.client_credentials(
        environment, str(candidate.client_id), str(candidate.client_secret), way=candidate.connection.egress
    )
    request = ledger.open_request(candidate.connection, purpose=purpose, fence=0)
    grant = access.send_request(request, send)
    with transaction.atomic(durable=True):
        at = clock.now()
        candidate.access_token = grant.access_token
        candidate.access_expires_at = at + dt.timedelta(seconds=grant.expires_in)
        candidate.scopes = access.format_scopes(grant)
        candidate.save(update_fields=["access_token", "access_expires_at", "scopes"])
        ledger.close_request(request, RequestState.GRANTED)


def _take_over_connection(candidate: CredentialCandidate, found: list[ownership.Record]) -> None:
    """The candidate's credentials and token become the connection's, unless it shows another organization's records."""
    connection = candidate.connection
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        other = ownership.store_fingerprints(row, found)
        if other is None:
            _replace_credentials(row, candidate)
        elif row.state != ConnectionState.PENDING:
            RecordFingerprint.objects.filter(
                connection=row, digest__in=ownership.digest_records(found)
            ).delete()
        candidate.delete()
    if other is None:
        return
    if row.state == ConnectionState.PENDING:
        ownership.quarantine_if_foreign(row, other)
    raise Rejected(
        [f"{ownership.FOREIGN_SENTENCE} These credentials were not kept."], code="another_organization"
    )


def _replace_credentials(row: Connection, candidate: CredentialCandidate) -> None:
    row.client_id, row.client_secret = candidate.client_id, candidate.client_secret
    row.client_fingerprint, row.scopes = candidate.fingerprint, candidate.scopes
    row.admitted_at, row.conflicts_with = clock.now(), None
    row.save()
    token, _ = Token.objects.select_for_update().get_or_create(connection=row)
    token.access_token, token.access_expires_at = candidate.access_token, candidate.access_expires_at
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
    """Enter or replace the partner's own application credentials in an environment. Raises Rejected."""
    client_id, client_secret = validate(client_id, client_secret)
    application = ApplicationCredential.objects.filter(
        environment=environment
    ).first() or ApplicationCredential(environment=environment, created_at=clock.now())
    application.client_id, application.client_secret = client_id, client_secret
    application.scopes = " ".join(scopes.split())
    application.refused_at = None
    with transaction.atomic():
        application.save()
        log.record("application.set", actor=actor, target=application, environment=environment.name)
    return application
