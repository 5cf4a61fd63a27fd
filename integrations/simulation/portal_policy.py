"""Our policy: `turns.plan` on the demands as `demands` makes them and on a ledger that counts as `ledger` does.

Each address has its own queue and hour. Grants are kept alive from day nine, a slot is held for whoever is sent to
consent, and who does not come when it is their turn lets others pass after a while.
"""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from integrations.connections.limits import backoff, scheduler
from integrations.connections.limits import queue as demands
from integrations.connections.limits.ledger import HOLD_DURATION, IN_FLIGHT
from integrations.connections.limits.scheduler import HOUR, MARGIN, Rank
from integrations.connections.models import Purpose
from integrations.connections.tokens import keep_alive
from integrations.simulation.engine import SimulatedConnection, Simulation
from integrations.simulation.scenario import GRANTS_AN_HOUR, START, next_office_time
from integrations.simulation.token_server import Outcome

#: How long after a slot has come free whoever's turn it is comes: workers look every few seconds.
MAX_POLL_DELAY = dt.timedelta(seconds=3)
#: A job that failed is tried again after this; one whose address can't be reached, after this.
RETRY_AFTER, UNREACHABLE_RETRY_AFTER = dt.timedelta(minutes=1), dt.timedelta(minutes=5)
#: How long a person takes to consent. Some give up on the way; some have left their desk when it is their turn.
CONSENT_SECONDS = (20.0, 180.0)
GIVES_UP, ABSENT = 0.03, 0.1
#: Who waits no longer than this is still there.
PRESENT_FOR = dt.timedelta(minutes=15)


@dataclass
class LedgerEntry:
    """A line of the ledger: a request that was sent, or a slot that is held."""

    link: SimulatedConnection
    stops_counting: dt.datetime


@dataclass
class Address:
    """A source address: who waits for it, and what counts in its hour."""

    number: int
    chance: random.Random
    queue: dict[str, SimulatedConnection] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    recent: tuple[Rank, ...] = ()
    looks_at: dt.datetime | None = None
    #: Those who stay away although it is their turn, and those who try again later.
    away: set[str] = field(default_factory=set)

    def hour(self, at: dt.datetime) -> scheduler.Usage:
        """The hour as it is."""
        self.entries = [entry for entry in self.entries if entry.stops_counting > at]
        return scheduler.Usage(
            at, GRANTS_AN_HOUR, tuple(sorted(entry.stops_counting for entry in self.entries)), self.recent
        )


class PortalPolicy:
    """The scheduler."""

    def __init__(self, run: Simulation) -> None:
        self._run = run
        self._addresses = [
            Address(number, random.Random(f"{run.world.seed}/address {number}"))
            for number in range(run.world.addresses)
        ]
        self._entry: dict[str, tuple[LedgerEntry, Rank]] = {}

    # who waits

    def wanted(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """Stand in the queue; who stands there already keeps the place."""
        address = self._addresses[link.site.address]
        if link.who in self._entry or link.who in address.away:
            return
        address.queue[link.who] = link
        if address.looks_at is None or len(address.hour(at).frees) < GRANTS_AN_HOUR:
            self._look_at(address, at)

    def left(self, link: SimulatedConnection, purpose: Purpose, at: dt.datetime) -> None:
        """Leave the queue."""
        del link.wants[purpose]

    def granted(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """Renew the new grant before it dies, whether or not there is work."""
        if link.dies_at is not None:
            ripe = keep_alive.renewal_due_at_for_id(link.who, link.dies_at)
            self._run.at(max(START, ripe), self._is_ripe, link, link.granted_at)

    def _is_ripe(self, link: SimulatedConnection, granted_at: dt.datetime, at: dt.datetime) -> None:
        if link.granted_at == granted_at and link.dies_at is not None:
            self._run.want(link, Purpose.KEEP_ALIVE, at, stale_since=granted_at)

    # whose turn it is

    def _look_at(self, address: Address, at: dt.datetime) -> None:
        if address.looks_at is None or at < address.looks_at:
            address.looks_at = at
            self._run.at(at, self._look, address)

    def _look(self, address: Address, at: dt.datetime) -> None:
        """Serve those whose turn it is, each decided anew, and look again when the next one's comes."""
        if address.looks_at != at:
            return
        address.looks_at = None
        if not self._run.vendor.is_reachable(address.number, at):
            self._look_at(address, at + UNREACHABLE_RETRY_AFTER)
            return
        address.queue = {who: link for who, link in address.queue.items() if link.wants}
        for turn in scheduler.plan(address.hour(at), demands.merge_by_connection(self._rows(address), at)):
            if turn.at > at:
                self._look_at(address, turn.at + address.chance.random() * MAX_POLL_DELAY)
                return
            if turn.who not in address.away:
                self._serve(address, address.queue[turn.who], at)
                self._look_at(address, at)
                return

    def _rows(self, address: Address) -> Iterator[dict[str, Any]]:
        """The queue as `demands.waiting` reads it from the database."""
        for link in address.queue.values():
            for want in link.wants.values():
                yield {
                    "connection_id": link.who,
                    "purpose": want.purpose,
                    "due_at": want.due_at,
                    "stale_since": want.stale_since,
                    "requested_at": want.requested_at,
                    "prioritized_at": None,
                    "connection__token__refresh_expires_at": link.dies_at,
                    "connection__state": link.state,
                    "setbacks": backoff.from_failures(link.failed),
                }

    # a turn is used

    def _serve(self, address: Address, link: SimulatedConnection, at: dt.datetime) -> None:
        rank = min(demands.RANK_BY_PURPOSE[purpose] for purpose in link.wants)
        if Purpose.CONSENT in link.wants and link.site.consented:
            self._send_to_consent(address, link, at)
            return
        del address.queue[link.who]
        entry = LedgerEntry(link, at + IN_FLIGHT + HOUR + MARGIN)
        address.entries.append(entry)
        self._send(address, entry, rank, at)

    def _send(self, address: Address, entry: LedgerEntry, rank: Rank, at: dt.datetime) -> None:
        entry.stops_counting = at + IN_FLIGHT + HOUR + MARGIN
        self._entry[entry.link.who] = entry, rank
        address.recent = (*address.recent, rank)[-(scheduler.FAIRNESS_INTERVAL - 1) :]
        self._run.send(entry.link, at)

    def ended(self, link: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None:
        """Count a request from now on for an hour. What failed for a time comes back to the queue."""
        address = self._addresses[link.site.address]
        entry, _ = self._entry.pop(link.who)
        entry.stops_counting = at if outcome == Outcome.NOT_SENT else at + HOUR + MARGIN
        link.failed = [] if outcome == Outcome.GRANTED else link.failed
        if outcome in (Outcome.LOST, Outcome.DOWN, Outcome.TOO_MANY):
            link.failed.append(at)
        if outcome not in (Outcome.GRANTED, Outcome.REFUSED):
            address.away.add(link.who)
            self._run.at(at + RETRY_AFTER, self._comes_back, address, link)
        self._look_at(address, at)

    def _comes_back(self, address: Address, link: SimulatedConnection, at: dt.datetime) -> None:
        address.away.discard(link.who)
        if link.wants:
            self.wanted(link, at)

    # a person consents

    def _send_to_consent(self, address: Address, link: SimulatedConnection, at: dt.datetime) -> None:
        waited = at - link.wants[Purpose.CONSENT].since
        if waited > PRESENT_FOR and link.chance.random() < ABSENT:
            # the place is kept for them for a moment; others can only use what else is free
            address.away.add(link.who)
            self._run.at(at + demands.ABANDONED_AFTER, self._forget, address, link)
            return
        del address.queue[link.who]
        entry = LedgerEntry(link, at + HOLD_DURATION)
        address.entries.append(entry)
        if link.chance.random() < GIVES_UP:
            self._run.at(at + HOLD_DURATION, self._forget, address, link)
        else:
            seconds = link.chance.uniform(*CONSENT_SECONDS)
            self._run.at(at + dt.timedelta(seconds=seconds), self._returns, address, entry)

    def _returns(self, address: Address, entry: LedgerEntry, at: dt.datetime) -> None:
        self._send(address, entry, Rank.PERSON, at)

    def _forget(self, address: Address, link: SimulatedConnection, at: dt.datetime) -> None:
        """They come again on another day."""
        address.away.discard(link.who)
        address.queue.pop(link.who, None)
        link.wants.clear()
        self._run.at(next_office_time(at, link.chance), self._asks_again, link)
        self._look_at(address, at)

    def _asks_again(self, link: SimulatedConnection, at: dt.datetime) -> None:
        self._run.want(link, Purpose.CONSENT, at)
