"""Onboarding many at once: kept sealed, confirmed, created row by row, whatever happens to one of them."""

import base64
import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from integrations.connections.grants import client_credentials
from integrations.connections.models import (
    Connection,
    ConnectionState,
    CredentialCandidate,
    Installation,
    Purpose,
    TokenRequest,
)
from integrations.jobs import schedules
from integrations.jobs.models import Job
from integrations.onboarding import verification
from integrations.onboarding.bulk import files, imports
from integrations.onboarding.models import BulkImport, BulkRow, Verification
from portal.audit.models import Entry
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations import organizations
from portal.organizations.models import Organization
from tests.integrations.onboarding.bulk.files import apply, keep, theirs, work
from tests.portal.people import person
from tests.test_canaries import dump
from tests.world import BLUEWATER, CEDAR, World

pytestmark = pytest.mark.django_db
SECRET = "bulk-secret-canary-9b2f"


def a_row(number: int) -> tuple[str, ...]:
    return f"Quarry Loans {number}", f"id-{number}", f"secret-{number}", ""


def states(source: BulkImport) -> list[str]:
    return list(source.rows.values_list("state", flat=True))


def test_what_is_kept_is_sealed_and_rows_that_are_wrong_keep_no_secret(world: World) -> None:
    source = keep(world, ("Quarry", "quarry-id", SECRET, ""), ("", "other-id", f"{SECRET}-2", "x@y.example"))
    assert (source.total, source.accepted, source.left_out) == (2, 1, 1)
    good, bad = source.rows.all()
    assert (good.client_id, good.client_secret) == ("quarry-id", SECRET)
    assert (bad.client_id, bad.client_secret, bad.admin_email, bad.state) == (None, None, "", "bad")
    everything = dump()
    assert SECRET not in everything and "quarry-id" not in everything and "x@y.example" not in everything
    assert SECRET not in repr(good.__dict__)


def test_nothing_is_created_before_it_is_confirmed(world: World) -> None:
    keep(world, a_row(1))
    imports.apply_some()
    assert not Organization.objects.exists()


def test_each_row_becomes_an_organization_with_its_credentials_on_the_way_to_be_tried(world: World) -> None:
    source = apply(world, theirs(world, CEDAR), theirs(world, BLUEWATER))
    assert source.state == BulkImport.State.APPLIED
    row = source.rows.get(name=CEDAR)
    assert row.organization == Organization.objects.get(name=CEDAR)
    assert row.organization.account_owner == world.operator
    assert row.connection.state == ConnectionState.PENDING
    assert (row.client_id, row.client_secret) == (None, None)
    assert row.connection.candidate.client_secret == world.sandbox.organization(CEDAR)["client_secret"]
    assert Verification.objects.count() == Job.objects.filter(kind=verification.KIND).count() == 2
    assert not TokenRequest.objects.exists(), "creating costs no token"


def test_a_secret_that_is_refused_touches_nothing_else_and_is_tried_once(world: World) -> None:
    source = apply(world, theirs(world, CEDAR, client_secret="wrong"), theirs(world, BLUEWATER))
    work()
    bad, good = (source.rows.get(name=name).connection for name in (CEDAR, BLUEWATER))
    assert (bad.state, good.state) == (ConnectionState.PENDING, ConnectionState.ACTIVE)
    assert "doesn't know this client ID and client secret" in bad.verification.problem
    work()
    assert imports.apply_some() == 0
    assert len(world.sandbox.requests("/v1/token")) == 2


def test_what_is_verified_for_an_import_lets_people_go_first(world: World) -> None:
    apply(world, theirs(world, CEDAR))
    verification.start(world.propose(BLUEWATER), actor=world.operator)
    work()
    purposes = dict(
        TokenRequest.objects.values_list("connection__installation__organization__name", "purpose")
    )
    assert purposes == {CEDAR: Purpose.WORK, BLUEWATER: Purpose.PERSON}


def test_whoever_tests_a_connection_of_an_import_is_a_person(world: World) -> None:
    source = apply(world, theirs(world, CEDAR))
    verification.start(source.rows.get().connection, actor=world.operator)
    work()
    assert TokenRequest.objects.get().purpose == Purpose.PERSON


def test_a_row_that_became_impossible_is_refused_and_leaves_nothing_behind(world: World) -> None:
    source = keep(world, a_row(1), a_row(2), a_row(3))
    organizations.create(name="quarry loans 1", actor=None)
    other = organizations.create(name="Other", actor=None)
    proven = client_credentials.propose(
        installation=Installation.objects.create(
            organization=other, environment=world.environment, created_at=clock.now()
        ),
        client_id="id-2",
        client_secret="x",
        actor=None,
    )
    proven.client_fingerprint = client_credentials.client_id_fingerprint(world.environment, "id-2")
    proven.save(update_fields=["client_fingerprint"])
    imports.confirm(source, actor=world.operator)
    imports.apply_some()
    assert states(source) == ["refused", "refused", "applied"]
    first, second, _ = source.rows.all()
    assert "organization with this name already" in first.problem
    assert "Another organization uses this client ID" in second.problem
    assert not Organization.objects.filter(name="Quarry Loans 2").exists()
    assert not source.rows.exclude(client_secret=None).exists()


def test_a_row_whose_secret_was_altered_stops_no_other(world: World) -> None:
    source = keep(world, a_row(1), a_row(2))
    imports.confirm(source, actor=world.operator)
    first, second = source.rows.all()
    BulkRow.objects.filter(pk=first.pk).update(client_secret=second.__dict__["client_secret"])
    imports.apply_some()
    assert states(source) == ["refused", "applied"]
    first.refresh_from_db()
    assert "Upload the row again." in first.problem
    assert not Organization.objects.filter(name="Quarry Loans 1").exists()


def test_a_file_whose_key_is_missing_waits_for_it_and_others_go_on(world: World, settings: Any) -> None:
    known = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = f"newer:{base64.b64encode(bytes(range(32))).decode()},{known}"
    waits = keep(world, a_row(1), a_row(2))
    imports.confirm(waits, actor=world.operator)
    both, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, known
    goes = keep(world, a_row(3))
    imports.confirm(goes, actor=world.operator)
    assert imports.apply_some() == 1
    assert states(waits) == ["confirmed", "confirmed"] and states(goes) == ["applied"]
    assert "“newer”, which is not in ENCRYPTION_KEYS" in waits.rows.all()[0].problem
    settings.ENCRYPTION_KEYS = both
    assert imports.apply_some() == 2
    assert set(waits.rows.values_list("state", "problem")) == {("applied", "")}


def test_a_file_is_confirmed_once(world: World) -> None:
    source = keep(world, a_row(1))
    for _ in range(2):
        imports.confirm(source, actor=world.operator)
    with pytest.raises(Refused, match="already confirmed"):
        imports.confirm(source, actor=person("otto@partner.example", operator=True))
    assert not imports.discard(source, actor=world.operator)
    assert imports.apply_some() == 1


def test_a_file_in_which_nothing_is_right_is_not_confirmed(world: World) -> None:
    with pytest.raises(Refused, match="Every row"):
        imports.confirm(keep(world, ("", "id", "secret", "")), actor=world.operator)


def test_so_many_that_mirrors_would_grow_too_old_are_meant_or_not_connected(world: World) -> None:
    world.environment.tokens_per_hour = 2
    world.environment.save()
    source = keep(world, *(a_row(number) for number in range(40)))
    with pytest.raises(Refused, match="40 connections share 2 token requests per hour .* anyway"):
        imports.confirm(source, actor=world.operator)
    assert set(states(source)) == {"ready"}
    imports.confirm(source, actor=world.operator, overcommit=True)
    assert set(states(source)) == {"confirmed"}
    with pytest.raises(Refused, match="41 connections"):
        imports.confirm(keep(world, a_row(40)), actor=world.operator)


def test_a_split_file_counts_as_much_as_a_whole_one(world: World) -> None:
    world.environment.tokens_per_hour = 2
    world.environment.save()
    imports.confirm(keep(world, *(a_row(number) for number in range(20))), actor=world.operator)
    while imports.apply_some():
        pass
    assert set(Connection.objects.values_list("state", flat=True)) == {"pending"}
    imports.confirm(keep(world, *(a_row(number) for number in range(20, 38))), actor=world.operator)
    with pytest.raises(Refused, match="39 connections share 2 token requests per hour"):
        imports.confirm(keep(world, a_row(38)), actor=world.operator)


def test_a_corrected_file_takes_the_place_of_the_one_before(world: World) -> None:
    first = keep(world, a_row(1))
    shifted = files.Record(2, {}, is_shifted=True)
    second = imports.upload([shifted], default=None, actor=world.operator, instead_of=first.pk)
    assert list(BulkImport.objects.all()) == [second]
    assert not BulkRow.objects.exclude(client_secret=None).exists()


def test_a_corrected_file_does_not_take_back_what_was_confirmed(world: World) -> None:
    first = apply(world, a_row(1))
    imports.upload([], default=None, actor=world.operator, instead_of=first.pk)
    assert BulkImport.objects.filter(pk=first.pk).exists()


def test_what_nobody_confirms_is_forgotten_with_its_secrets_after_a_day(world: World) -> None:
    source = keep(world, a_row(1))
    confirmed = apply(world, a_row(2))
    clock.advance(dt.timedelta(hours=23).total_seconds())
    imports.delete_old()
    assert BulkImport.objects.count() == 2
    clock.advance(dt.timedelta(hours=1, seconds=1).total_seconds())
    with pytest.raises(Refused, match="expired"):
        imports.confirm(source, actor=world.operator)
    imports.delete_old()
    assert list(BulkImport.objects.all()) == [confirmed]
    clock.advance(dt.timedelta(days=90).total_seconds())
    imports.delete_old()
    assert not BulkRow.objects.exists() and Organization.objects.exists()


def test_regular_work_creates_what_is_confirmed_and_forgets_the_old(world: World) -> None:
    source = keep(world, a_row(1))
    imports.confirm(source, actor=world.operator)
    assert {imports.APPLYING, imports.DELETING} <= set(schedules.run_due())
    assert states(source) == ["applied"]


def test_the_database_refuses_secrets_in_a_row_that_is_done(world: World) -> None:
    row = keep(world, a_row(1)).rows.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        BulkRow.objects.filter(pk=row.pk).update(state=BulkRow.State.APPLIED)


def test_the_audit_record_has_counts_and_ids_only(world: World) -> None:
    source = apply(world, a_row(1), ("", "id", SECRET, ""))
    told = {entry.action: entry.detail for entry in Entry.objects.filter(action__startswith="bulk_import")}
    assert told == {
        "bulk_import.uploaded": {"rows": 2, "accepted": 1},
        "bulk_import.confirmed": {"rows": 1, "overcommit": True},
    }
    assert Entry.objects.filter(object_id=str(source.pk)).count() == 2


def test_secrets_are_only_with_the_connection_once_a_row_is_created(world: World) -> None:
    apply(world, ("Quarry", "id", SECRET, ""))
    assert CredentialCandidate.objects.get().client_secret == SECRET
    assert Connection.objects.get().client_secret is None
    assert BulkRow.objects.get().__dict__["client_secret"] is None
