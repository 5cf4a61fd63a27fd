"""The tripwire: another organization's records are noticed before anything is stored."""

import pytest

from integrations.connections import tripwire, verify
from integrations.connections.models import Connection, Landmark, State, Token
from integrations.total_expert import Rejected
from tests.world import BLUEWATER, CEDAR, World

pytestmark = pytest.mark.django_db
RECORDS: list[tripwire.Record] = [("contact", number, "2024-01-01 10:00:00") for number in range(5)]


def test_another_organizations_landmark_quarantines_and_forgets_the_tokens(world: World) -> None:
    tripwire.remember(world.connected(CEDAR).installation, RECORDS)
    intruder = world.connected(BLUEWATER)
    with pytest.raises(Rejected, match="another organization"):
        tripwire.refuse_foreign(intruder, RECORDS[2:3])
    row = Connection.objects.get(pk=intruder.pk)
    assert row.state == State.QUARANTINED
    assert "Cedar" not in row.reason
    assert not Token.objects.filter(connection=row).exists()


def test_a_colleagues_records_and_ones_own_do_not_trip(world: World) -> None:
    cedar = world.connected(CEDAR)
    tripwire.remember(cedar.installation, RECORDS)
    tripwire.refuse_foreign(cedar, RECORDS)
    tripwire.refuse_foreign(cedar, [("contact", 99, "2024-01-01 10:00:00")])
    assert Connection.objects.get(pk=cedar.pk).state == State.ACTIVE


def test_remembering_twice_keeps_one_landmark_and_no_readable_id(world: World) -> None:
    installation = world.connected(CEDAR).installation
    tripwire.remember(installation, RECORDS)
    tripwire.remember(installation, RECORDS)
    assert Landmark.objects.count() == len(RECORDS)
    assert all(len(row.digest) == 64 for row in Landmark.objects.all())


def test_verification_names_each_step_and_what_is_seen(world: World) -> None:
    steps = list(verify.steps(world.connected()))
    assert [step.name for step in steps] == list(verify.NAMES)
    assert {step.outcome for step in steps} == {"done"}


def test_verifying_a_grant_of_another_organization_is_refused(world: World) -> None:
    cedar = world.connected(CEDAR)
    with_cedar = verify.client_for(cedar)
    tripwire.remember(
        cedar.installation,
        verify.landmarks(with_cedar.contacts.list(size=100, sort=("internal_created_at",))),
    )
    wrong = world.connected(BLUEWATER)
    token = Token.objects.get(connection=wrong)  # somebody consented for Cedar on Bluewater's page
    token.access_token = Token.objects.get(connection=cedar).access_token
    token.save()
    with pytest.raises(Rejected, match="another organization"):
        list(verify.steps(wrong))
    assert Connection.objects.get(pk=wrong.pk).state == State.QUARANTINED
