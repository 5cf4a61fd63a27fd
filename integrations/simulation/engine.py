"""The simulation engine: time passes, work becomes due, people come, and grants end. A policy decides who requests a token.

The rules here are the same for every policy. While a connection has a token, all its due work runs and no other token is
requested for it.
"""

import datetime as dt
import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from integrations.connections.limits.scheduler import HOUR
from integrations.connections.models import ConnectionState, Purpose
from integrations.connections.tokens.access import EXPIRY_MARGIN, REFRESH_TOKEN_LIFETIME
from integrations.simulation.metrics import PEOPLE, Metrics
from integrations.simulation.scenario import (
    PRIVACY_NOTICE,
    STALE_AFTER,
    START,
    ConnectionProfile,
    Event,
    EventKind,
    Scenario,
    next_office_time,
)
from integrations.simulation.token_server import Outcome, TokenServer

#: How long a token request takes, in seconds, and how long the client waits for a response that never arrives.
QUICK, SLOW, TIMEOUT = 0.2, 2.0, 35.0


@dataclass
class TokenNeed:
    """A reason why a connection needs a token. ``since`` is when a wait began, ``requested_at`` the place in the queue."""

    purpose: Purpose
    since: dt.datetime
    requested_at: dt.datetime
    due_at: dt.datetime
    stale_since: dt.datetime
    left: bool = False  #: the person has left, but what they started continues


@dataclass
class SimulatedConnection:
    """The current state of a connection."""

    profile: ConnectionProfile
    random: random.Random
    state: ConnectionState = ConnectionState.PENDING
    read_at: dt.datetime = START
    granted_at: dt.datetime = START
    token_until: dt.datetime = START
    #: Total Expert will refuse its next request, because it revoked the grant or a response with a new pair was lost.
    revoked: bool = False
    lost: bool = False
    has_expired: bool = False
    #: When its requests failed since its last granted token.
    failed: list[dt.datetime] = field(default_factory=list)
    needs: dict[Purpose, TokenNeed] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of its profile."""
        return self.profile.id

    @property
    def expires_at(self) -> dt.datetime | None:
        """When its refresh token expires. None if it has none."""
        has_refresh_token = self.profile.is_authorized and self.state == ConnectionState.ACTIVE
        return self.granted_at + REFRESH_TOKEN_LIFETIME if has_refresh_token else None

    def is_due(self, at: dt.datetime, age: dt.timedelta = STALE_AFTER) -> bool:
        """Return whether its data has reached this age."""
        return self.profile.has_work and at - self.read_at >= age


class Policy(Protocol):
    """Decides who requests a token when. It calls `Simulation.send` and is told what happens."""

    def on_needed(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        """A connection without a token needs one."""

    def on_left(self, connection: SimulatedConnection, purpose: Purpose, at: dt.datetime) -> None:
        """A person no longer waits."""

    def on_granted(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        """A connection has a new grant."""

    def on_ended(self, connection: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None:
        """A token request has ended, and its connection was updated."""


class Simulation:
    """One run of a scenario under one policy."""

    def __init__(
        self, scenario: Scenario, policy: Callable[["Simulation"], Policy], *, forgiving: bool = False
    ) -> None:
        self.scenario = scenario
        self.server = TokenServer(scenario.addresses, scenario.outages, forgiving=forgiving)
        self.metrics = Metrics()
        self.connections = {
            profile.id: SimulatedConnection(profile, random.Random(f"{scenario.seed}/{profile.id}/fate"))
            for profile in scenario.profiles
        }
        self._agenda: list[tuple[dt.datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        self.policy = policy(self)

    def schedule(self, at: dt.datetime, action: Callable[..., None], *arguments: Any) -> None:
        """Call ``action`` with ``arguments`` and the time at ``at``. Actions at the same time keep their order."""
        self._number += 1
        heapq.heappush(self._agenda, (at, self._number, action, arguments))

    def run(self) -> dict[str, Any]:
        """Run until the end of the last day. Return the figures."""
        for connection in self.connections.values():
            self._start(connection)
        for event in self.scenario.events:
            self.schedule(event.at, self._handle_event, event)
        self.schedule(START + HOUR, self._record_ages)
        while self._agenda and self._agenda[0][0] < self.scenario.ends:
            at, _, action, arguments = heapq.heappop(self._agenda)
            action(*arguments, at)
        self._finish()
        return self.metrics.summarize(self.scenario, self.server)

    def _start(self, connection: SimulatedConnection) -> None:
        if connection.profile.read_at is None:
            return
        connection.state = ConnectionState.ACTIVE
        connection.read_at = connection.granted_at = connection.profile.read_at
        self._watch_expiry(connection)
        self.policy.on_granted(connection, connection.granted_at)
        if connection.profile.has_work:
            self.schedule(max(START, connection.read_at + STALE_AFTER), self._work_is_due, connection)

    def _finish(self) -> None:
        bound, ends = self.scenario.bound_hours * HOUR, self.scenario.ends
        for connection in self.connections.values():
            age = ends - connection.read_at
            if connection.state == ConnectionState.ACTIVE and connection.is_due(ends) and age > bound:
                self.metrics.add_age(age)
            for need in connection.needs.values():
                if not need.left:
                    self.metrics.add_wait(need.purpose, ends - need.since)

    def _record_ages(self, at: dt.datetime) -> None:
        for connection in self.connections.values():
            is_counted = connection.state == ConnectionState.ACTIVE or connection.has_expired
            if connection.profile.has_work and is_counted:
                self.metrics.hourly_ages.append((at - connection.read_at) / HOUR)
        self.schedule(at + HOUR, self._record_ages)

    # What makes a connection need a token

    def _handle_event(self, event: Event, at: dt.datetime) -> None:
        connection = self.connections[event.connection_id]
        if event.kind == EventKind.JOINS:
            self.need(connection, Purpose.CONSENT, at)
        elif connection.state != ConnectionState.ACTIVE:
            return
        elif event.kind == EventKind.REVOKED:
            connection.revoked = True
        elif event.kind == EventKind.LEADS:
            self.need(connection, Purpose.INTAKE, at)
        elif event.kind == EventKind.PRIVACY:
            self.need(connection, Purpose.PRIVACY, at, due_at=at + PRIVACY_NOTICE)
        else:
            self.need(connection, Purpose.PERSON, at)
            if event.leaves_at is not None:
                need = connection.needs.get(Purpose.PERSON)
                self.schedule(event.leaves_at, self._leave, connection, need)

    def _leave(self, connection: SimulatedConnection, need: TokenNeed | None, at: dt.datetime) -> None:
        if need is not None and connection.needs.get(need.purpose) is need:
            self.metrics.left += 1
            self.metrics.add_wait(need.purpose, at - need.since)
            self.policy.on_left(connection, need.purpose, at)

    def _work_is_due(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        if connection.state == ConnectionState.ACTIVE and connection.is_due(at):
            self.need(connection, Purpose.WORK, at, stale_since=connection.read_at)

    def need(
        self,
        connection: SimulatedConnection,
        purpose: Purpose,
        at: dt.datetime,
        *,
        due_at: dt.datetime | None = None,
        stale_since: dt.datetime | None = None,
    ) -> None:
        """Note that a connection needs a token. If it has one, use that."""
        connection.needs.setdefault(purpose, TokenNeed(purpose, at, at, due_at or at, stale_since or at))
        if connection.state == ConnectionState.ACTIVE and at < connection.token_until - EXPIRY_MARGIN:
            self._do_due_work(connection, at)
        else:
            self.policy.on_needed(connection, at)

    # Token requests

    def send(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        """Send a connection's token request. `Policy.on_ended` gets its outcome."""
        half = dt.timedelta(seconds=connection.random.uniform(QUICK, SLOW) / 2)
        self.schedule(at + half, self._arrive, connection, half)

    def _arrive(self, connection: SimulatedConnection, rest: dt.timedelta, at: dt.datetime) -> None:
        is_consent = Purpose.CONSENT in connection.needs
        otherwise = Outcome.GRANTED
        if (connection.revoked or connection.lost) and not is_consent:
            otherwise = Outcome.REFUSED
        elif not is_consent and connection.random.random() < self.scenario.lost_responses:
            otherwise = Outcome.LOST
        outcome = self.server.answer(connection.profile.address, at, otherwise)
        if outcome == Outcome.LOST:
            # Half of them are lost before they reach Total Expert.
            connection.lost = connection.profile.is_authorized and connection.random.random() < 0.5
            rest = dt.timedelta(seconds=TIMEOUT)
        self.schedule(at + rest, self._end_request, connection, outcome)

    def _end_request(self, connection: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None:
        if outcome == Outcome.GRANTED:
            self._grant(connection, at)
        elif outcome == Outcome.REFUSED:
            self.metrics.revoked += connection.revoked
            self.metrics.lost_responses += connection.lost and not connection.revoked
            self._break(connection, at)
        self.policy.on_ended(connection, outcome, at)

    def _grant(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        is_awaited = any(not need.left for need in connection.needs.values())
        self.metrics.wasted += not is_awaited and not connection.is_due(at)
        if connection.state != ConnectionState.ACTIVE:
            # Its age so far was up to a person, not to the policy.
            connection.state, connection.read_at = ConnectionState.ACTIVE, at
            connection.revoked = connection.lost = connection.has_expired = False
            self._schedule_next_sync(connection)
        connection.granted_at, connection.token_until = at, at + HOUR
        self._watch_expiry(connection)
        self.policy.on_granted(connection, at)
        self._do_due_work(connection, at)

    def _do_due_work(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        for need in connection.needs.values():
            if not need.left:
                self.metrics.add_wait(need.purpose, at - need.since)
        connection.needs.clear()
        if connection.is_due(at, STALE_AFTER / 2):
            self.metrics.renewed += 1
            self.metrics.add_age(at - connection.read_at)
            connection.read_at = at
            self._schedule_next_sync(connection)

    def _schedule_next_sync(self, connection: SimulatedConnection) -> None:
        if connection.profile.has_work:
            self.schedule(connection.read_at + STALE_AFTER, self._work_is_due, connection)

    # What breaks, and who fixes it

    def _watch_expiry(self, connection: SimulatedConnection) -> None:
        if connection.expires_at is not None:
            self.schedule(connection.expires_at, self._expire, connection)

    def _expire(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        if connection.expires_at != at:
            return
        if not connection.revoked and not connection.lost:
            self.metrics.expired += 1
            connection.has_expired = True
            if connection.profile.has_work:
                self.metrics.add_age(at - connection.read_at)
        self._break(connection, at)

    def _break(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        """Stop all requests until a person gives access again or enters other credentials."""
        connection.state, connection.token_until = ConnectionState.NEEDS_RECONNECT, at
        for purpose in [purpose for purpose in connection.needs if purpose in PEOPLE]:
            self._leave(connection, connection.needs[purpose], at)
        connection.needs.clear()
        self.schedule(next_office_time(at, connection.random), self._reconnect, connection)

    def _reconnect(self, connection: SimulatedConnection, at: dt.datetime) -> None:
        self.need(connection, Purpose.CONSENT, at)
