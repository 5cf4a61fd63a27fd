"""The portal's policy: `scheduler.plan` over the queue as `queue` builds it, and a ledger that counts like `ledger`.

Each outbound IP address has its own queue and limit. Access is renewed from the ninth day on, a slot is reserved for each
person who is sent to Total Expert, and a caller that doesn't come when it is its turn lets others pass after a while.
"""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from integrations.connections.limits import backoff, queue, scheduler
from integrations.connections.limits.forecast import IN_FLIGHT
from integrations.connections.limits.ledger import RESERVATION_DURATION
from integrations.connections.limits.scheduler import HOUR, MARGIN, Rank
from integrations.connections.models import Purpose
from integrations.connections.tokens import keep_alive
from integrations.simulation.engine import SimulatedConnection, Simulation
from integrations.simulation.scenario import START, TOKENS_PER_HOUR, next_office_time
from integrations.simulation.token_server import Outcome

#: The longest time until a caller uses a slot that has become available: workers poll every few seconds.
MAX_POLL_DELAY = dt.timedelta(seconds=3)
#: When a failed job is retried, and when one is whose address can't be reached.
RETRY_AFTER, UNREACHABLE_RETRY_AFTER = dt.timedelta(minutes=1), dt.timedelta(minutes=5)
#: How long a person takes to give access, in seconds.
CONSENT_SECONDS = (20.0, 180.0)
#: The share of people who give up on the way, and of those who have left their desk when it is their turn.
GIVE_UP, ABSENT = 0.03, 0.1
#: People who wait no longer than this are still there.
PRESENT_FOR = dt.timedelta(minutes=15)


@dataclass
class LedgerEntry:
    """A request that was sent, or a reserved slot."""

    connection: SimulatedConnection
    counts_until: dt.datetime


@dataclass
class Address:
    """An outbound IP address with its queue and the requests that count."""

    number: int
    random: random.Random
    queue: dict[str, SimulatedConnection] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    recent: tuple[Rank, ...] = ()
    next_check: dt.datetime | None = None
    #: The connections whose callers don't come although it is their turn, or retry later.
    away: set[str] = field(default_factory=set)

    def usage(self, at: dt.datetime) -> scheduler.Usage:
        """Return the requests that count now."""
        self.entries = [entry for entry in self.entries if entry.counts_until > at]
        expirations = tuple(sorted(entry.counts_until for entry in self.entries))
        return scheduler.Usage(at, TOKENS_PER_HOUR, expirations, self.recent)


class PortalPolicy:
    """The portal's scheduler."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        seed = simulation.scenario.seed
        self._addresses = [
            Address(number, random.Random(f"{seed}/address {number}"))
            for number in range(simulation.scenario.addresses)
        ]
        self._entries: dict[str, tuple[LedgerEntry, Rank]] = {}

    # The queue

    def on_needed(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        """Join the queue. A connection that is in it keeps its place."""
        address = self._addresses[connection.profile.address]
        if connection.id in self._entries or connection.id in address.away:
            return
        address.queue[connection.id] = connection
        if address.next_check is None or len(address.usage(at).expirations) < TOKENS_PER_HOUR:
            self._check_at(address, at)

    def on_left(self, connection: SimulatedConnection, purpose: Purpose, at: dt.datetime) -> None:
        """Leave the queue."""
        del connection.needs[purpose]

    def on_granted(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        """Renew the new grant before it expires, whether or not there is work."""
        if connection.expires_at is not None:
            due = keep_alive.renewal_due_at(connection.id, connection.expires_at)
            self._simulation.schedule(
                max(START, due), self._renewal_is_due, connection, connection.granted_at
            )

    def _renewal_is_due(
        self, connection: SimulatedConnection, granted_at: dt.datetime, at: dt.datetime
    ) -> None:
        if connection.granted_at == granted_at and connection.expires_at is not None:
            self._simulation.need(connection, Purpose.KEEP_ALIVE, at, stale_since=granted_at)

    # The scheduler

    def _check_at(self, address: Address, at: dt.datetime) -> None:
        if address.next_check is None or at < address.next_check:
            address.next_check = at
            self._simulation.schedule(at, self._check, address)

    def _check(self, address: Address, at: dt.datetime) -> None:
        """Serve the connections whose turn it is, one by one, and check again when the next one's turn comes."""
        if address.next_check != at:
            return
        address.next_check = None
        if not self._simulation.server.is_reachable(address.number, at):
            self._check_at(address, at + UNREACHABLE_RETRY_AFTER)
            return
        address.queue = {pk: connection for pk, connection in address.queue.items() if connection.needs}
        waiting = queue.merge_by_connection(self._rows(address), at)
        for planned in scheduler.plan(address.usage(at), waiting):
            if planned.at > at:
                self._check_at(address, planned.at + address.random.random() * MAX_POLL_DELAY)
                return
            if planned.connection_id not in address.away:
                self._serve(address, address.queue[planned.connection_id], at)
                self._check_at(address, at)
                return

    def _rows(self, address: Address) -> Iterator[dict[str, Any]]:
        """Yield the queue as `queue.load_waiting` reads it from the database."""
        for connection in address.queue.values():
            for need in connection.needs.values():
                yield {
                    "connection_id": connection.id,
                    "purpose": need.purpose,
                    "due_at": need.due_at,
                    "stale_since": need.stale_since,
                    "requested_at": need.requested_at,
                    "prioritized_at": None,
                    "connection__token__refresh_expires_at": connection.expires_at,
                    "connection__state": connection.state,
                    "backoff": backoff.from_failures(connection.failed),
                }

    # Token requests

    def _serve(self, address: Address, connection: SimulatedConnection, at: dt.datetime) -> None:
        rank = min(queue.RANK_BY_PURPOSE[purpose] for purpose in connection.needs)
        if Purpose.CONSENT in connection.needs and connection.profile.is_authorized:
            self._send_person(address, connection, at)
            return
        del address.queue[connection.id]
        entry = LedgerEntry(connection, at + IN_FLIGHT + HOUR + MARGIN)
        address.entries.append(entry)
        self._send(address, entry, rank, at)

    def _send(self, address: Address, entry: LedgerEntry, rank: Rank, at: dt.datetime) -> None:
        entry.counts_until = at + IN_FLIGHT + HOUR + MARGIN
        self._entries[entry.connection.id] = entry, rank
        address.recent = (*address.recent, rank)[-(scheduler.FAIRNESS_INTERVAL - 1) :]
        self._simulation.send(entry.connection, at)

    def on_ended(self, connection: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None:
        """Count the request for an hour from now. Put temporary failures back into the queue later."""
        address = self._addresses[connection.profile.address]
        entry, _ = self._entries.pop(connection.id)
        entry.counts_until = at if outcome == Outcome.NOT_SENT else at + HOUR + MARGIN
        connection.failed = [] if outcome == Outcome.GRANTED else connection.failed
        if outcome in (Outcome.LOST, Outcome.DOWN, Outcome.TOO_MANY):
            connection.failed.append(at)
        if outcome not in (Outcome.GRANTED, Outcome.REFUSED):
            address.away.add(connection.id)
            self._simulation.schedule(at + RETRY_AFTER, self._return_to_queue, address, connection)
        self._check_at(address, at)

    def _return_to_queue(self, address: Address, connection: SimulatedConnection, at: dt.datetime) -> None:
        address.away.discard(connection.id)
        if connection.needs:
            self.on_needed(connection, at)

    # User authorizations

    def _send_person(self, address: Address, connection: SimulatedConnection, at: dt.datetime) -> None:
        waited = at - connection.needs[Purpose.CONSENT].since
        if waited > PRESENT_FOR and connection.random.random() < ABSENT:
            # Their place is kept for a moment, so others can only use the slots besides it.
            address.away.add(connection.id)
            self._simulation.schedule(at + queue.ABANDONED_AFTER, self._abandon, address, connection)
            return
        del address.queue[connection.id]
        entry = LedgerEntry(connection, at + RESERVATION_DURATION)
        address.entries.append(entry)
        if connection.random.random() < GIVE_UP:
            self._simulation.schedule(at + RESERVATION_DURATION, self._abandon, address, connection)
        else:
            seconds = connection.random.uniform(*CONSENT_SECONDS)
            self._simulation.schedule(
                at + dt.timedelta(seconds=seconds), self._person_returns, address, entry
            )

    def _person_returns(self, address: Address, entry: LedgerEntry, at: dt.datetime) -> None:
        self._send(address, entry, Rank.PERSON, at)

    def _abandon(self, address: Address, connection: SimulatedConnection, at: dt.datetime) -> None:
        """Let the person come back on another day."""
        address.away.discard(connection.id)
        address.queue.pop(connection.id, None)
        connection.needs.clear()
        self._simulation.schedule(
            next_office_time(at, connection.random), self._person_asks_again, connection
        )
        self._check_at(address, at)

    def _person_asks_again(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        self._simulation.need(connection, Purpose.CONSENT, at)
