"""The simulated scenario: the connections, and what happens to them. Generated from a seed, the same for every policy.

Its parameters are assumptions. Together, people, leads, renewals, and failures take about a fifth of the tokens of a busy
IP address, which is the share that `capacity` leaves to them.
"""

import datetime as dt
import random
from dataclasses import dataclass
from enum import Enum

from integrations.connections.limits.scheduler import RENEW_AFTER

#: A Monday, 0:00.
START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
#: What Total Expert allows per IP address.
TOKENS_PER_HOUR = 2
DAY = dt.timedelta(days=1)
#: Contacts are due for a sync at this age, or at half of it while there is a token. The same as in
#: `directory.sync.schedule`, which belongs to a higher layer.
STALE_AFTER = dt.timedelta(hours=6)

#: The share of connections with client credentials, which have no refresh token; of authorized ones without work, which are
#: only renewed; and of those that join each Monday between 9 and 10. The others are authorized and have work.
BY_CREDENTIALS, IDLE, JOINING = 0.25, 0.15, 0.04
#: A connection's chance per day that a person waits for it (on workdays), that leads arrive, that a privacy request arrives,
#: and that its owner or Total Expert revokes it.
PERSON, LEADS, PRIVACY, REVOKED = 0.02, 0.03, 0.0007, 0.0014
#: How long before its deadline a privacy request is worked on.
PRIVACY_NOTICE = 10 * DAY
OUTAGE = dt.timedelta(hours=3)
#: In scenarios of at least this many days, one IP address is down for a day.
ADDRESS_OUTAGE_MIN_DAYS = 4


class EventKind(Enum):
    """What happens to a connection."""

    JOINS = "joins"
    PERSON = "person"
    LEADS = "leads"
    PRIVACY = "privacy"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Event:
    """Something that happens to a connection under any policy. ``leaves_at``: until when a person waits."""

    at: dt.datetime
    connection_id: str
    kind: EventKind
    leaves_at: dt.datetime | None = None


@dataclass(frozen=True)
class ConnectionProfile:
    """One organization's connection. ``read_at``: when it was last synced and renewed. None: it joins later."""

    id: str
    address: int
    is_authorized: bool
    has_work: bool
    read_at: dt.datetime | None


@dataclass(frozen=True)
class Outage:
    """A time in which ``address`` can't send anything or, with None, Total Expert answers 503."""

    begins: dt.datetime
    ends: dt.datetime
    address: int | None = None

    def covers(self, at: dt.datetime) -> bool:
        """Return whether the outage is in progress."""
        return self.begins <= at < self.ends


@dataclass(frozen=True)
class Scenario:
    """The connections and events of a simulation."""

    seed: int
    addresses: int
    days: int
    profiles: tuple[ConnectionProfile, ...]
    events: tuple[Event, ...] = ()
    outages: tuple[Outage, ...] = ()
    #: The share of token responses that are lost.
    lost_responses: float = 0.003

    @property
    def ends(self) -> dt.datetime:
        """The end of the last day."""
        return START + self.days * DAY

    @property
    def tokens_per_hour(self) -> int:
        """What Total Expert allows all addresses together."""
        return TOKENS_PER_HOUR * self.addresses

    @property
    def with_work(self) -> float:
        """How many connections have work, averaged over the days. Those that join count from then on."""
        joined = {event.connection_id: event.at for event in self.events if event.kind == EventKind.JOINS}
        parts = (
            (self.ends - joined.get(profile.id, START)) / (self.ends - START)
            for profile in self.profiles
            if profile.has_work
        )
        return sum(parts)

    @property
    def bound_hours(self) -> float:
        """How old data becomes if each token goes to the oldest data and nothing else happens."""
        return self.with_work / self.tokens_per_hour


def generate(organizations: int, addresses: int, days: int, seed: int) -> Scenario:
    """Return a scenario of this size. It is reproducible for the same arguments."""
    rng = random.Random(f"{seed}/world")
    joining = _join_times(organizations, days, rng)
    profiles = _profiles(organizations, addresses, len(joining), rng)
    new = [profile for profile in profiles if profile.read_at is None]
    events = [Event(at, profile.id, EventKind.JOINS) for profile, at in zip(new, joining, strict=True)]
    for profile in profiles:
        events += _events_of(profile, days, random.Random(f"{seed}/{profile.id}/happenings"))
    return Scenario(
        seed=seed,
        addresses=addresses,
        days=days,
        profiles=tuple(profiles),
        events=tuple(sorted(events, key=lambda event: (event.at, event.connection_id))),
        outages=_outages(addresses, days, rng),
    )


def _join_times(organizations: int, days: int, rng: random.Random) -> list[dt.datetime]:
    mondays = [START + day * DAY + dt.timedelta(hours=9) for day in range(0, days, 7)]
    times = [
        monday + rng.random() * dt.timedelta(hours=1)
        for monday in mondays
        for _ in range(round(JOINING * organizations))
    ]
    return times[: organizations // 2]


def _profiles(
    organizations: int, addresses: int, joining: int, rng: random.Random
) -> list[ConnectionProfile]:
    """Return all connections. Each kind is spread evenly over the addresses.

    The connections of an address were served in turn before the start, so their ages are spread evenly.
    """
    kinds = ["joining"] * joining
    kinds += ["credentials"] * min(round(BY_CREDENTIALS * organizations), organizations - len(kinds))
    kinds += ["idle"] * min(round(IDLE * organizations), organizations - len(kinds))
    kinds += ["work"] * (organizations - len(kinds))
    ages: dict[int, list[dt.timedelta]] = {}
    for address in range(addresses):
        served = sum(kind in ("credentials", "work") for kind in kinds[address::addresses])
        oldest = min(max(served / TOKENS_PER_HOUR * dt.timedelta(hours=1), STALE_AFTER), RENEW_AFTER)
        ages[address] = [oldest * (place + 0.5) / served for place in range(served)]
        rng.shuffle(ages[address])
    profiles = []
    for number, kind in enumerate(kinds):
        address = number % addresses
        if kind == "joining":
            read_at = None
        elif kind == "idle":
            read_at = START - rng.random() * RENEW_AFTER
        else:
            read_at = START - ages[address].pop()
        profiles.append(
            ConnectionProfile(f"{number:05}", address, kind != "credentials", kind != "idle", read_at)
        )
    return profiles


def _events_of(profile: ConnectionProfile, days: int, rng: random.Random) -> list[Event]:
    events = []
    for number in range(days):
        day = START + number * DAY
        at = office_time(day, rng)
        if rng.random() < PERSON and day.weekday() < 5:
            patience = dt.timedelta(minutes=rng.uniform(30, 240))
            events.append(Event(at, profile.id, EventKind.PERSON, leaves_at=at + patience))
        if rng.random() < LEADS:
            events.append(Event(day + dt.timedelta(hours=rng.uniform(7, 22)), profile.id, EventKind.LEADS))
        if rng.random() < PRIVACY:
            events.append(Event(office_time(day, rng), profile.id, EventKind.PRIVACY))
        if rng.random() < REVOKED:
            events.append(Event(day + rng.random() * DAY, profile.id, EventKind.REVOKED))
    return events


def _outages(addresses: int, days: int, rng: random.Random) -> tuple[Outage, ...]:
    down = START + rng.randrange(days) * DAY + dt.timedelta(hours=rng.uniform(9, 15))
    outages = [Outage(down, down + OUTAGE)]
    if days >= ADDRESS_OUTAGE_MIN_DAYS:
        lost = START + rng.uniform(1, days - 2) * DAY
        outages.append(Outage(lost, lost + DAY, rng.randrange(addresses)))
    return tuple(outages)


def office_time(day: dt.datetime, rng: random.Random) -> dt.datetime:
    """Return a time between 9 and 17 on the day that starts at ``day``."""
    return day + dt.timedelta(hours=rng.uniform(9, 17))


def next_office_time(at: dt.datetime, rng: random.Random) -> dt.datetime:
    """Return a time in office hours on the next workday or the one after that, when a person fixes what is broken."""
    day = dt.datetime.combine(at.date(), dt.time(), at.tzinfo)
    for _ in range(rng.randint(1, 2)):
        day += DAY
        while day.weekday() > 4:
            day += DAY
    return office_time(day, rng)
