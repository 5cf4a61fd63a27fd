"""The tripwire: another organization's records are noticed before anything is stored."""

import pytest

from integrations.connections import lifecycle
from integrations.connections.grants import ownership, verification
from integrations.connections.models import Connection, ConnectionState, RecordFingerprint, Token
from integrations.total_expert import Rejected
from tests.world import BLUEWATER, CEDAR, World

pytestmark = pytest.mark.django_db
RECORDS: list[ownership.Record] = [("contact", number, "2024-01-01 10:00:00") for number in range(5)]


def test_another_organizations_landmark_quarantines_and_forgets_the_tokens(world: World) -> None:
    rightful = world.connected(CEDAR)
    ownership.claim_records(rightful, RECORDS)
    intruder = world.connected(BLUEWATER)
    with pytest.raises(Rejected, match="another organization"):
        ownership.refuse_foreign_records(intruder, RECORDS[2:3])
    row = Connection.objects.get(pk=intruder.pk)
    assert row.state == ConnectionState.QUARANTINED
    assert row.conflicts_with == rightful
    assert row.admitted_at is None
    assert "Cedar" not in row.reason
    assert not Token.objects.filter(connection=row).exists()
    assert not RecordFingerprint.objects.filter(connection=row).exists()


def test_a_colleagues_records_and_ones_own_do_not_trip(world: World) -> None:
    cedar = world.connected(CEDAR)
    ownership.claim_records(cedar, RECORDS)
    ownership.refuse_foreign_records(cedar, RECORDS)
    ownership.refuse_foreign_records(cedar, [("contact", 99, "2024-01-01 10:00:00")])
    assert Connection.objects.get(pk=cedar.pk).state == ConnectionState.ACTIVE


def test_claiming_twice_keeps_one_landmark_and_no_readable_id(world: World) -> None:
    cedar = world.connected(CEDAR)
    before = RecordFingerprint.objects.count()
    ownership.claim_records(cedar, RECORDS)
    ownership.claim_records(cedar, RECORDS)
    assert RecordFingerprint.objects.count() == before + len(RECORDS)
    assert all(len(row.digest) == 64 for row in RecordFingerprint.objects.all())


def test_revoking_the_wrong_one_that_came_first_lets_the_right_one_in(world: World) -> None:
    wrong, rightful = world.connected(CEDAR), world.connected(BLUEWATER)
    ownership.claim_records(wrong, RECORDS)
    with pytest.raises(Rejected):
        ownership.claim_records(rightful, RECORDS)
    lifecycle.revoke(wrong, actor=world.operator)
    again = world.connected(BLUEWATER)
    ownership.claim_records(again, RECORDS)
    row = Connection.objects.get(pk=rightful.pk)
    assert (row.state, row.conflicts_with) == (ConnectionState.ACTIVE, None)


def test_verification_names_each_step_and_what_is_seen(world: World) -> None:
    steps = list(verification.run(world.connected()))
    assert [step.name for step in steps] == list(verification.STEP_LABELS)
    assert {step.outcome for step in steps} == {"done"}


def test_verifying_a_grant_of_another_organization_is_refused(world: World) -> None:
    cedar, officer = world.connected(CEDAR), world.member("officer", BLUEWATER)
    wrong = world.consented(officer, BLUEWATER)
    token = Token.objects.get(connection=wrong)  # somebody consented for Cedar on Bluewater's page
    token.access_token = Token.objects.get(connection=cedar).access_token
    token.save()
    Connection.objects.filter(pk=wrong.pk).update(admitted_at=None)
    wrong.refresh_from_db()
    with pytest.raises(Rejected, match="another organization"):
        list(verification.run(wrong))
    assert Connection.objects.get(pk=wrong.pk).state == ConnectionState.QUARANTINED
