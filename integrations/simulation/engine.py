"""One run: time passes in an invented world, work falls due, people come, grants die; a policy says who asks when.

What is here holds for every policy. While a connection holds a token all its due work runs, and nothing is asked for.
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

#: How long a token request takes, in seconds, and how long the client waits for an answer that never comes.
QUICK, SLOW, TIMEOUT = 0.2, 2.0, 35.0


@dataclass
class TokenNeed:
    """Why a connection needs a token. ``since``: who waits began then; ``requested_at``: the place in the queue."""

    purpose: Purpose
    since: dt.datetime
    requested_at: dt.datetime
    due_at: dt.datetime
    stale_since: dt.datetime
    left: bool = False  #: the person who waited is gone, and whatever they started goes on


@dataclass
class SimulatedConnection:
    """A connection as it is at the moment."""

    site: ConnectionProfile
    chance: random.Random
    state: ConnectionState = ConnectionState.PENDING
    read_at: dt.datetime = START
    granted_at: dt.datetime = START
    token_until: dt.datetime = START
    #: The vendor will refuse its next request: the grant was revoked, or the answer with the new one was lost.
    revoked: bool = False
    dead: bool = False
    died_of_age: bool = False
    #: When its requests failed since it was last granted a token.
    failed: list[dt.datetime] = field(default_factory=list)
    wants: dict[Purpose, TokenNeed] = field(default_factory=dict)

    @property
    def who(self) -> str:
        """Its id."""
        return self.site.who

    @property
    def dies_at(self) -> dt.datetime | None:
        """When its refresh token dies. None: it has none."""
        return (
            self.granted_at + REFRESH_TOKEN_LIFETIME
            if self.site.consented and self.state == ConnectionState.ACTIVE
            else None
        )

    def is_due(self, at: dt.datetime, age: dt.timedelta = STALE_AFTER) -> bool:
        """Whether its mirror is as old as that."""
        return self.site.has_work and at - self.read_at >= age


class Policy(Protocol):
    """Who asks for a token when. It calls `Run.send`, and is told what happens."""

    def wanted(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """A connection without a token needs one."""

    def left(self, link: SimulatedConnection, purpose: Purpose, at: dt.datetime) -> None:
        """A person waits no longer."""

    def granted(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """A connection got a new grant."""

    def ended(self, link: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None:
        """A token request ended. Its connection has been changed accordingly."""


class Simulation:
    """The world in motion under one policy."""

    def __init__(
        self, world: Scenario, policy: Callable[["Simulation"], Policy], *, forgiving: bool = False
    ) -> None:
        self.world = world
        self.vendor = TokenServer(world.addresses, world.outages, forgiving=forgiving)
        self.tally = Metrics()
        self.links = {
            site.who: SimulatedConnection(site, random.Random(f"{world.seed}/{site.who}/fate"))
            for site in world.sites
        }
        self._events: list[tuple[dt.datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        self.policy = policy(self)

    def at(self, at: dt.datetime, what: Callable[..., None], *given: Any) -> None:
        """Call ``what`` with ``given`` and the time when it is ``at``. What is for the same time keeps its order."""
        self._number += 1
        heapq.heappush(self._events, (at, self._number, what, given))

    def go(self) -> dict[str, Any]:
        """Let all days pass. Answers the figures."""
        for link in self.links.values():
            self._begin(link)
        for happening in self.world.happenings:
            self.at(happening.at, self._happen, happening)
        self.at(START + HOUR, self._look_around)
        while self._events and self._events[0][0] < self.world.ends:
            at, _, what, given = heapq.heappop(self._events)
            what(*given, at)
        self._end()
        return self.tally.told(self.world, self.vendor)

    def _begin(self, link: SimulatedConnection) -> None:
        if link.site.read_at is None:
            return
        link.state = ConnectionState.ACTIVE
        link.read_at = link.granted_at = link.site.read_at
        self._watch_age(link)
        self.policy.granted(link, link.granted_at)
        if link.site.has_work:
            self.at(max(START, link.read_at + STALE_AFTER), self._work_is_due, link)

    def _end(self) -> None:
        bound = self.world.bound_hours * HOUR
        for link in self.links.values():
            age = self.world.ends - link.read_at
            if link.state == ConnectionState.ACTIVE and link.is_due(self.world.ends) and age > bound:
                self.tally.aged(age)
            for want in link.wants.values():
                if not want.left:
                    self.tally.waited(want.purpose, self.world.ends - want.since)

    def _look_around(self, at: dt.datetime) -> None:
        for link in self.links.values():
            if link.site.has_work and (link.state == ConnectionState.ACTIVE or link.died_of_age):
                self.tally.seen.append((at - link.read_at) / HOUR)
        self.at(at + HOUR, self._look_around)

    # what makes a connection need a token

    def _happen(self, happening: Event, at: dt.datetime) -> None:
        link = self.links[happening.who]
        if happening.kind == EventKind.JOINS:
            self.want(link, Purpose.CONSENT, at)
        elif link.state != ConnectionState.ACTIVE:
            return
        elif happening.kind == EventKind.REVOKED:
            link.revoked = True
        elif happening.kind == EventKind.LEADS:
            self.want(link, Purpose.INTAKE, at)
        elif happening.kind == EventKind.PRIVACY:
            self.want(link, Purpose.PRIVACY, at, due_at=at + PRIVACY_NOTICE)
        else:
            self.want(link, Purpose.PERSON, at)
            if happening.leaves_at is not None:
                self.at(happening.leaves_at, self._leave, link, link.wants.get(Purpose.PERSON))

    def _leave(self, link: SimulatedConnection, want: TokenNeed | None, at: dt.datetime) -> None:
        if want is not None and link.wants.get(want.purpose) is want:
            self.tally.left += 1
            self.tally.waited(want.purpose, at - want.since)
            self.policy.left(link, want.purpose, at)

    def _work_is_due(self, link: SimulatedConnection, at: dt.datetime) -> None:
        if link.state == ConnectionState.ACTIVE and link.is_due(at):
            self.want(link, Purpose.WORK, at, stale_since=link.read_at)

    def want(
        self,
        link: SimulatedConnection,
        purpose: Purpose,
        at: dt.datetime,
        *,
        due_at: dt.datetime | None = None,
        stale_since: dt.datetime | None = None,
    ) -> None:
        """A connection needs a token from now on; one that holds one uses it."""
        link.wants.setdefault(purpose, TokenNeed(purpose, at, at, due_at or at, stale_since or at))
        if link.state == ConnectionState.ACTIVE and at < link.token_until - EXPIRY_MARGIN:
            self._serve(link, at)
        else:
            self.policy.wanted(link, at)

    # a token request and what comes of it

    def send(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """Send a connection's token request; `Policy.ended` tells what came of it."""
        seconds = link.chance.uniform(QUICK, SLOW)
        self.at(at + dt.timedelta(seconds=seconds / 2), self._arrive, link, dt.timedelta(seconds=seconds / 2))

    def _arrive(self, link: SimulatedConnection, rest: dt.timedelta, at: dt.datetime) -> None:
        consenting = Purpose.CONSENT in link.wants
        otherwise = Outcome.GRANTED
        if (link.revoked or link.dead) and not consenting:
            otherwise = Outcome.REFUSED
        elif not consenting and link.chance.random() < self.world.lost_answers:
            otherwise = Outcome.LOST
        outcome = self.vendor.answer(link.site.address, at, otherwise)
        if outcome == Outcome.LOST:
            # half of them were lost on the way there
            link.dead = link.site.consented and link.chance.random() < 0.5
            rest = dt.timedelta(seconds=TIMEOUT)
        self.at(at + rest, self._ended, link, outcome)

    def _ended(self, link: SimulatedConnection, outcome: Outcome, at: dt.datetime) -> None:
        if outcome == Outcome.GRANTED:
            self._granted(link, at)
        elif outcome == Outcome.REFUSED:
            self.tally.refused += link.revoked
            self.tally.lost_answers += link.dead and not link.revoked
            self._breaks(link, at)
        self.policy.ended(link, outcome, at)

    def _granted(self, link: SimulatedConnection, at: dt.datetime) -> None:
        awaited = any(not want.left for want in link.wants.values())
        self.tally.wasted += not awaited and not link.is_due(at)
        if link.state != ConnectionState.ACTIVE:
            # what happened before was a person's time, not the policy's
            link.state, link.read_at = ConnectionState.ACTIVE, at
            link.revoked = link.dead = link.died_of_age = False
            self._next_pass(link)
        link.granted_at, link.token_until = at, at + HOUR
        self._watch_age(link)
        self.policy.granted(link, at)
        self._serve(link, at)

    def _serve(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """All that is due runs."""
        for want in link.wants.values():
            if not want.left:
                self.tally.waited(want.purpose, at - want.since)
        link.wants.clear()
        if link.is_due(at, STALE_AFTER / 2):
            self.tally.renewed += 1
            self.tally.aged(at - link.read_at)
            link.read_at = at
            self._next_pass(link)

    def _next_pass(self, link: SimulatedConnection) -> None:
        if link.site.has_work:
            self.at(link.read_at + STALE_AFTER, self._work_is_due, link)

    # what breaks, and who mends it

    def _watch_age(self, link: SimulatedConnection) -> None:
        if link.dies_at is not None:
            self.at(link.dies_at, self._dies, link)

    def _dies(self, link: SimulatedConnection, at: dt.datetime) -> None:
        if link.dies_at != at:
            return
        if not link.revoked and not link.dead:
            self.tally.lost += 1
            link.died_of_age = True
            if link.site.has_work:
                self.tally.aged(at - link.read_at)
        self._breaks(link, at)

    def _breaks(self, link: SimulatedConnection, at: dt.datetime) -> None:
        """Nothing is asked for any more, until somebody consents again or pastes other credentials."""
        link.state, link.token_until = ConnectionState.NEEDS_RECONNECT, at
        for purpose in [purpose for purpose in link.wants if purpose in PEOPLE]:
            self._leave(link, link.wants[purpose], at)
        link.wants.clear()
        self.at(next_office_time(at, link.chance), self._mend, link)

    def _mend(self, link: SimulatedConnection, at: dt.datetime) -> None:
        self.want(link, Purpose.CONSENT, at)
