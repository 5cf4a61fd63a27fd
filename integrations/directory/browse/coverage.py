"""Coverage: how much of an installation its connections can see, in numbers and in a sentence."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.connections.models import Connection, ConnectionState, Installation
from integrations.directory.models import Contact, ContactGroup, Owner, SyncState, Visibility
from portal.accounts.models import User
from portal.organizations.roles import Capability

#: As many owners are named; more are counted.
NAMED = 3


@dataclass(frozen=True)
class Coverage:
    """What is mirrored of an installation, and through whose eyes."""

    contacts: int
    groups: int
    owners: int  #: with contacts in the mirror
    owners_known: int  #: that exist, as far as anybody told; inactive ones left out
    owners_connected: tuple[str, ...]  #: whose own sync_state a working connection reads
    owners_resting: tuple[str, ...]  #: whose own sync_state was read by one that does not work now
    resting: int  #: contacts that only such ones have seen
    sees_all: bool  #: a working connection as admin reads everything
    connections_working: int
    synced_at: dt.datetime | None  #: end of the latest pass of the connection that was read longest ago
    complete: bool  #: every working connection has read everything once

    def sentence(self) -> str:
        """The coverage in words: every count says whose contacts it counts."""
        if self.synced_at is None:
            return (
                f"{_count(self.contacts)} so far; the first sync has not ended."
                if self.contacts
                else "Nothing was synced yet."
            )
        if not self.connections_working:
            return f"{_count(self.contacts)} as last synced; no connection works now."
        if self.sees_all:
            said = (
                f"{_count(self.contacts)} of {_plural(self.owners, 'owner')}, all there are in Total Expert"
            )
        else:
            said = f"{_count(self.contacts)}{self._whose()}{self._others()}"
        return f"{said}." if self.complete else f"{said}; a first sync has not ended."

    @property
    def owners_missing(self) -> int:
        """Known owners whose contacts no working connection sees."""
        seen = len(self.owners_connected) + len(self.owners_resting)
        return 0 if self.sees_all else max(0, self.owners_known - seen)

    def _whose(self) -> str:
        working = _named(self.owners_connected) or _plural(self.owners, "owner")
        if not self.resting:
            return f" of {working}"
        resting = _named(self.owners_resting) or "others"
        return (
            f": {self.contacts - self.resting:,} of {working}, and {self.resting:,} of {resting} as last synced, not "
            "connected now"
        )

    def _others(self) -> str:
        missing = self.owners_missing
        return (
            f"; {_plural(missing, 'other owner')} not connected"
            if missing
            else "; owners who did not consent stay unseen"
        )


def of(installation: Installation, *, through: Iterable[Connection] | None = None) -> Coverage:
    """The coverage of an installation; with ``through``, what these connections of it see."""
    chosen = None if through is None else [connection.pk for connection in through]
    sync_states = SyncState.objects.filter(connection__installation=installation).select_related(
        "connection", "owner"
    )
    contacts = Contact.objects.filter(installation=installation).present()
    owners = Owner.objects.filter(installation=installation)
    groups = ContactGroup.objects.filter(installation=installation, gone_at=None)
    if chosen is not None:
        sync_states = sync_states.filter(connection__in=chosen)
        contacts = contacts.filter(pk__in=Visibility.objects.filter(connection__in=chosen).values("contact"))
        if not any(sync_state.connection.sees_everything for sync_state in sync_states):
            owners = owners.filter(sync_states__in=sync_states)
            groups = groups.filter(owner__in=owners)
    working = [
        sync_state for sync_state in sync_states if sync_state.connection.state == ConnectionState.ACTIVE
    ]
    resting = [
        sync_state
        for sync_state in sync_states
        if sync_state.finished_at and sync_state.connection.state != ConnectionState.ACTIVE
    ]
    sees_all = any(state.connection.sees_everything and state.full_finished_at for state in working)
    connected = {state.owner.display_name for state in working if state.owner}
    own = Contact.objects.filter(installation=installation, owner=OuterRef("pk"), gone_at=None)
    finished = [sync_state.finished_at for sync_state in (working or sync_states) if sync_state.finished_at]
    return Coverage(
        contacts=contacts.count(),
        groups=groups.count(),
        owners=owners.filter(Exists(own)).count(),
        owners_known=owners.filter(Q(is_active=True) | Q(is_active=None)).count(),
        owners_connected=tuple(sorted(connected)),
        owners_resting=tuple(
            sorted({state.owner.display_name for state in resting if state.owner} - connected)
        ),
        resting=_seen_only_by(resting, working, contacts) if resting and working and not sees_all else 0,
        sees_all=sees_all,
        connections_working=len(working),
        synced_at=min(finished, default=None) if working else max(finished, default=None),
        complete=all(state.full_finished_at for state in working),
    )


def _named(names: tuple[str, ...]) -> str:
    if len(names) > NAMED:
        return f"{len(names)} owners"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _count(contacts: int) -> str:
    return _plural(contacts, "contact")


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seen_only_by(resting: list[SyncState], working: list[SyncState], contacts: QuerySet[Contact]) -> int:
    seen = [
        Visibility.objects.filter(
            connection__in=[sync_state.connection_id for sync_state in sync_states], contact=OuterRef("pk")
        )
        for sync_states in (resting, working)
    ]
    return contacts.filter(Exists(seen[0]), ~Exists(seen[1])).count()


def eyes_of(user: User, installation: Installation) -> list[Connection] | None:
    """Through whose eyes a person looks, for `of`. None: all connections'; an officer: their own."""
    if installation.organization.allows(user, Capability.OVERVIEW):
        return None
    return list(Connection.objects.filter(installation=installation, user=user))
