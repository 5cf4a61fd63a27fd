"""Coverage: how much of an installation its connections can see, in numbers and in a sentence."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from integrations.connections.models import Connection, ConnectionState, Installation
from integrations.directory.browse import owners
from integrations.directory.models import Contact, ContactGroup, SyncState, UnreadPage, Visibility

#: The sentence names up to this many owners, and counts them if there are more.
NAMED = 3


@dataclass(frozen=True)
class Coverage:
    """What has been synced from an installation, and through which connections."""

    contacts: int
    groups: int
    owners: int  #: as `owners.of` counts them
    owners_missing: int  #: owners without a connection; 0 if a working connection sees everything
    owners_connected: tuple[str, ...]  #: names of the owners with a working connection of their own
    owners_stopped: tuple[
        str, ...
    ]  #: names of the owners with a connection that has synced but no longer works
    contacts_stopped: int  #: contacts that only connections that no longer work have seen
    sees_all: bool  #: a working admin connection has read everything
    connections_working: int
    synced_at: dt.datetime | None  #: when the connection that was synced longest ago was last synced
    complete: bool  #: every working connection has read everything at least once
    verified: bool  #: ... and found as many contacts as Total Expert counts, with nothing left out
    is_missing_some: bool = False  #: Total Expert counts contacts that couldn't be read
    is_limited: bool = False  #: counts only what some connections see

    def sentence(self) -> str:
        """Return the coverage in words, so that every count says which contacts it counts."""
        if self.synced_at is None:
            return (
                f"{_plural(self.contacts, 'contact')} so far. The first sync hasn't finished."
                if self.contacts
                else "Nothing has been synced yet."
            )
        if not self.connections_working:
            return f"{_plural(self.contacts, 'contact')} as of the last sync. No connection is working."
        parts = [self._counted_contacts(), self._missing_owners()]
        if not self.complete:
            parts.append("The first sync hasn't finished.")
        elif self.is_missing_some:
            parts.append("Some contacts couldn't be read yet.")
        return " ".join(part for part in parts if part)

    def _counted_contacts(self) -> str:
        if self.sees_all:
            whose = _plural(self.owners, "owner")
            if self.verified:
                whose = f"all {self.owners:,} owners" if self.owners != 1 else "the only owner"
            return f"{_plural(self.contacts, 'contact')} of {whose}."
        working = _named(self.owners_connected) or _plural(self.owners, "owner")
        if not self.contacts_stopped:
            return f"{_plural(self.contacts, 'contact')} of {working}."
        stopped = _named(self.owners_stopped) or "others"
        return (
            f"{_plural(self.contacts, 'contact')}: {self.contacts - self.contacts_stopped:,} of {working}, and "
            f"{self.contacts_stopped:,} of {stopped} (not connected now, as of the last sync)."
        )

    def _missing_owners(self) -> str:
        if self.sees_all or self.is_limited:
            return ""
        if not self.owners_missing:
            return "Loan officers who haven't connected aren't included."
        verb = "hasn't" if self.owners_missing == 1 else "haven't"
        return f"{_plural(self.owners_missing, 'loan officer')} {verb} connected yet."


def of(installation: Installation, *, through: Iterable[Connection] | None = None) -> Coverage:
    """Return the coverage of an installation, or of what the connections ``through`` see of it."""
    chosen = None if through is None else list(through)
    states = SyncState.objects.filter(connection__installation=installation)
    contacts = Contact.objects.filter(installation=installation).present()
    groups = ContactGroup.objects.filter(installation=installation, gone_at=None)
    counted_owners = owners.of(installation, through=chosen)
    if chosen is not None:
        keys = [connection.pk for connection in chosen]
        states = states.filter(connection__in=keys)
        contacts = contacts.filter(pk__in=Visibility.objects.filter(connection__in=keys).values("contact"))
        if not any(connection.sees_everything for connection in chosen):
            groups = groups.filter(owner__in=states.values("owner"))
    listed = list(states.select_related("connection", "owner"))
    working = [state for state in listed if state.connection.state == ConnectionState.ACTIVE]
    stopped = [state for state in listed if state.finished_at and state not in working]
    sees_all = any(state.connection.sees_everything and state.full_finished_at for state in working)
    connected = _owner_names(working)
    disconnected = {key: name for key, name in _owner_names(stopped).items() if key not in connected}
    finished = [state.finished_at for state in (working or listed) if state.finished_at]
    return Coverage(
        contacts=contacts.count(),
        groups=groups.count(),
        owners=counted_owners.count(),
        owners_missing=0 if sees_all else owners.not_connected(counted_owners).count(),
        owners_connected=tuple(sorted(connected.values())),
        owners_stopped=tuple(sorted(disconnected.values())),
        contacts_stopped=(
            _count_seen_only_by(stopped, working, contacts) if stopped and working and not sees_all else 0
        ),
        sees_all=sees_all,
        connections_working=len(working),
        synced_at=min(finished, default=None) if working else max(finished, default=None),
        complete=all(state.full_finished_at for state in working),
        verified=all(state.is_complete for state in working),
        is_missing_some=any((state.difference or 0) > 0 for state in working)
        or UnreadPage.objects.filter(connection__in=[state.connection_id for state in working]).exists(),
        is_limited=chosen is not None,
    )


def _owner_names(states: list[SyncState]) -> dict[int, str]:
    return {state.owner.pk: state.owner.display_name for state in states if state.owner}


def _named(names: tuple[str, ...]) -> str:
    if len(names) > NAMED:
        return f"{len(names)} owners"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _count_seen_only_by(
    stopped: list[SyncState], working: list[SyncState], contacts: "QuerySet[Contact]"
) -> int:
    seen = [
        Visibility.objects.filter(
            connection__in=[state.connection_id for state in states], contact=OuterRef("pk")
        )
        for states in (stopped, working)
    ]
    return contacts.filter(Exists(seen[0]), ~Exists(seen[1])).count()
