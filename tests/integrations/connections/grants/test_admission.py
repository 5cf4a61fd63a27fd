"""Admission: a grant shows whose it is before anything of it is mirrored."""

import pytest

from integrations.connections import lifecycle
from integrations.connections.grants import client_credentials, consent
from integrations.connections.models import Connection, ConnectionState, CredentialCandidate, Token
from integrations.directory.models import Contact, ContactGroup, Owner
from integrations.directory.sync import jobs
from integrations.jobs import queue
from integrations.onboarding import verification
from integrations.total_expert import Rejected
from tests.world import BLUEWATER, CEDAR, SESSION, World

pytestmark = pytest.mark.django_db


def paste(world: World, page: str, *, of: str) -> Connection:
    """An operator pastes the credentials of one organization on the page of another."""
    theirs = world.sandbox.organization(of)
    return world.propose(page, client_id=theirs["client_id"], client_secret=theirs["client_secret"])


@pytest.mark.parametrize("officer", range(3))
def test_one_officers_consent_is_enough_to_notice_the_credentials_of_the_whole_organization(
    world: World, officer: int
) -> None:
    world.consented(world.member("officer", BLUEWATER), BLUEWATER, officer=officer)
    wrong = paste(world, CEDAR, of=BLUEWATER)
    with pytest.raises(Rejected, match="another organization"):
        client_credentials.activate_candidate(wrong)
    assert Connection.objects.get(pk=wrong.pk).state == ConnectionState.QUARANTINED
    queue.run_now(jobs.start(connection=wrong))
    for model in (Contact, Owner, ContactGroup):
        assert not model.objects.filter(installation=wrong.installation).exists()


def test_another_organizations_credentials_leave_a_working_connection_as_it_was(world: World) -> None:
    world.consented(world.member("officer", BLUEWATER), BLUEWATER)
    working = world.connected(CEDAR)
    before = Token.objects.get(connection=working)
    paste(world, CEDAR, of=BLUEWATER)
    with pytest.raises(Rejected, match="didn't save them"):
        client_credentials.activate_candidate(working)
    row = Connection.objects.get(pk=working.pk)
    assert row.state == ConnectionState.ACTIVE and row.admitted_at is not None
    assert row.client_secret == world.sandbox.organization(CEDAR)["client_secret"]
    assert Token.objects.get(connection=working).access_token == before.access_token
    assert not CredentialCandidate.objects.exists()


def test_an_officer_of_an_organization_whose_admin_connected_is_noticed_elsewhere(world: World) -> None:
    world.connected(BLUEWATER)
    stranger = world.member("officer", CEDAR)
    theirs = world.sandbox.officers(BLUEWATER)[0]
    answer = world.sandbox.consent(world.begin(stranger, CEDAR), theirs)
    returned = consent.AuthorizationResponse("sandbox", answer.get("state", ""), answer.get("code", ""))
    connection = consent.finish(returned, user=stranger, session=SESSION)
    verification.start(connection, actor=stranger)
    queue.run_now(connection.jobs.get(kind=verification.KIND))
    assert Connection.objects.get(pk=connection.pk).state == ConnectionState.QUARANTINED


def test_a_grant_that_nobody_has_looked_at_is_not_mirrored(world: World) -> None:
    officer = world.member("officer")
    connection = consent.finish(world.come_back(officer), user=officer, session=SESSION)
    queue.run_now(jobs.start(connection=connection))
    assert not Contact.objects.exists()


def test_granting_anew_is_looked_at_anew(world: World) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    assert connection.admitted_at is not None
    again = consent.finish(world.come_back(officer), user=officer, session=SESSION)
    assert Connection.objects.get(pk=again.pk).admitted_at is None


def test_a_token_granted_before_a_crash_is_not_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = world.propose()
    monkeypatch.setattr(
        client_credentials, "_take_over_connection", lambda *_: (_ for _ in ()).throw(SystemExit)
    )
    with pytest.raises(SystemExit):
        client_credentials.activate_candidate(connection)
    monkeypatch.undo()
    client_credentials.activate_candidate(connection)
    assert Connection.objects.get().state == ConnectionState.ACTIVE
    assert len(world.sandbox.requests("/v1/token")) == 1


def test_credentials_of_an_organization_that_nobody_has_connected_do_not_replace_anothers(
    world: World,
) -> None:
    working = world.connected(CEDAR)
    paste(world, CEDAR, of=BLUEWATER)
    with pytest.raises(Rejected, match="nothing in common"):
        client_credentials.activate_candidate(working)
    row = Connection.objects.get(pk=working.pk)
    assert row.state == ConnectionState.ACTIVE
    assert row.client_secret == world.sandbox.organization(CEDAR)["client_secret"]
    assert not CredentialCandidate.objects.exists()


def test_credentials_that_have_nothing_in_common_with_an_officers_book_are_refused(world: World) -> None:
    world.consented(world.member("officer"))
    first = paste(world, CEDAR, of=BLUEWATER)
    with pytest.raises(Rejected, match="nothing in common"):
        client_credentials.activate_candidate(first)
    assert Connection.objects.get(pk=first.pk).state == ConnectionState.QUARANTINED


def test_the_admins_credentials_are_taken_beside_the_officers_of_the_same_organization(
    world: World,
) -> None:
    world.consented(world.member("officer"))
    assert Connection.objects.get(pk=world.connected().pk).state == ConnectionState.ACTIVE


def test_when_all_other_connections_are_revoked_another_world_may_be_connected(world: World) -> None:
    working = world.connected(CEDAR)
    lifecycle.revoke(working, actor=world.operator)
    paste(world, CEDAR, of=BLUEWATER)
    client_credentials.activate_candidate(working)
    assert Connection.objects.get(pk=working.pk).state == ConnectionState.ACTIVE
