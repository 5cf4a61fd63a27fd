"""A connection that turns out to show another organization in the middle of a sync leaves nothing behind."""

from collections.abc import Callable

from integrations.connections import lifecycle
from integrations.connections.grants import ownership
from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Owner, Visibility
from integrations.jobs.models import Job
from tests.world import World

Run = Callable[..., Job]


def test_contacts_that_only_the_quarantined_connection_showed_are_deleted(
    world: World, run_sync: Run
) -> None:
    one = world.consented(world.member("officer"), officer=0)
    run_sync(one)
    kept = set(Contact.objects.values_list("pk", flat=True))
    owners, groups = Owner.objects.count(), ContactGroup.objects.count()
    other = world.consented(world.member("officer"), officer=1)
    run_sync(other)
    assert Contact.objects.count() > len(kept)
    lifecycle.quarantine(other, reason=ownership.FOREIGN_SENTENCE)
    assert set(Contact.objects.values_list("pk", flat=True)) == kept
    assert not Visibility.objects.filter(connection=other).exists()
    assert (Owner.objects.count(), ContactGroup.objects.count()) == (owners, groups)


def test_a_contact_that_a_colleague_also_sees_stays(world: World, admin: Connection, run_sync: Run) -> None:
    run_sync(admin)
    everything = Contact.objects.count()
    officer = world.consented(world.member("officer"))
    run_sync(officer)
    assert Visibility.objects.filter(connection=officer).exists()
    lifecycle.quarantine(officer, reason=ownership.FOREIGN_SENTENCE)
    assert Contact.objects.count() == everything


def test_contacts_from_an_earlier_grant_of_the_same_connection_stay(world: World, run_sync: Run) -> None:
    person = world.member("officer")
    connection = world.consented(person)
    run_sync(connection)
    before = Contact.objects.count()
    world.sandbox.pass_time(3600)
    again = world.consented(person)
    lifecycle.quarantine(again, reason=ownership.FOREIGN_SENTENCE)
    assert Contact.objects.count() == before
