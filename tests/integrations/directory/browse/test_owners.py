"""Owners: the one definition of the owners that pages count and list."""

from collections.abc import Callable

from integrations.connections.models import Connection
from integrations.directory.browse import owners
from integrations.directory.models import Contact, Owner
from integrations.jobs.models import Job

Run = Callable[..., Job]


def test_deactivated_owners_count_only_while_they_own_contacts(admin: Connection, run_sync: Run) -> None:
    run_sync(admin)
    owner = Owner.objects.filter(contacts__isnull=False)[0]
    Owner.objects.filter(pk=owner.pk).update(is_active=False)
    assert owner in owners.of(admin.installation)
    Contact.objects.filter(owner=owner).update(gone_at=admin.created_at)
    assert owner not in owners.of(admin.installation)


def test_a_persons_connection_shows_only_its_own_owner(
    admin: Connection, officer: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    run_sync(officer)
    officer.refresh_from_db()
    assert list(owners.of(admin.installation, through=[officer])) == [officer.sync_state.owner]
    assert not owners.of(admin.installation, through=[]).exists()
    assert owners.of(admin.installation, through=[admin]).count() == Owner.objects.count()


def test_owners_who_had_a_connection_are_not_missing(
    admin: Connection, officer: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    run_sync(officer)
    officer.refresh_from_db()
    missing = owners.not_connected(owners.of(admin.installation))
    assert set(missing) == set(Owner.objects.exclude(is_active=False).exclude(sync_states=officer.sync_state))
