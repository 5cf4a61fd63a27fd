"""The invented world: who is connected, and what happens in the days. Drawn from a seed, the same for every policy.

The figures are assumptions, said here and nowhere else. Together people, leads, keep-alive and failures take about a
fifth of what a busy address is granted, which is what `capacity` leaves to them.
"""

import datetime as dt
import random
from dataclasses import dataclass
from enum import Enum

from integrations.connections.limits.scheduler import RENEW_AFTER

#: A Monday, 0:00.
START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
#: What the vendor allows at each source address.
GRANTS_AN_HOUR = 2
DAY = dt.timedelta(days=1)
#: As `directory.freshness`, which lies on a floor above: a mirror is due at this age, or at half of it with a token.
STALE_AFTER = dt.timedelta(hours=6)

#: Of all connections: by client credentials, which have no refresh token; consented without any work, only kept alive;
#: those that join on each Monday between 9 and 10. The rest are consented and have work.
BY_CREDENTIALS, IDLE, JOINING = 0.25, 0.15, 0.04
#: A connection's chance, each day, that a person waits for it (on workdays), that leads come, that a deadline is set,
#: and that its owner or the vendor revokes it.
PERSON, LEADS, PRIVACY, REVOKED = 0.02, 0.03, 0.0007, 0.0014
#: How long before a privacy deadline its work is asked for.
PRIVACY_NOTICE = 10 * DAY
OUTAGE = dt.timedelta(hours=3)
#: An address is lost for a day in worlds that last at least so long.
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
    """Something that happens to a connection, whatever the policy. ``leaves_at``: a person waits no longer."""

    at: dt.datetime
    who: str
    kind: EventKind
    leaves_at: dt.datetime | None = None


@dataclass(frozen=True)
class ConnectionProfile:
    """One organization's connection. ``read_at`` is when its mirror and its grant were last renewed; None: it joins."""

    who: str
    address: int
    consented: bool
    has_work: bool
    read_at: dt.datetime | None


@dataclass(frozen=True)
class Outage:
    """A time in which nothing can be sent by ``address``; None: in which the vendor answers 503."""

    begins: dt.datetime
    ends: dt.datetime
    address: int | None = None

    def covers(self, at: dt.datetime) -> bool:
        """Whether it is on."""
        return self.begins <= at < self.ends


@dataclass(frozen=True)
class Scenario:
    """Who is connected, and what happens. ``bound_hours``: connections with work ÷ grants an hour of all addresses."""

    seed: int
    addresses: int
    days: int
    sites: tuple[ConnectionProfile, ...]
    happenings: tuple[Event, ...] = ()
    outages: tuple[Outage, ...] = ()
    #: The part of the answers to token requests that never arrive.
    lost_answers: float = 0.003

    @property
    def ends(self) -> dt.datetime:
        """When the last day is over."""
        return START + self.days * DAY

    @property
    def grants_an_hour(self) -> int:
        """What the vendor allows at all addresses together."""
        return GRANTS_AN_HOUR * self.addresses

    @property
    def with_work(self) -> float:
        """How many connections have work, on average over the days: those that join count from then on."""
        joined = {each.who: each.at for each in self.happenings if each.kind == EventKind.JOINS}
        parts = (
            (self.ends - joined.get(site.who, START)) / (self.ends - START)
            for site in self.sites
            if site.has_work
        )
        return sum(parts)

    @property
    def bound_hours(self) -> float:
        """How old mirrors become when every grant goes to the stalest one with work and nothing else happens."""
        return self.with_work / self.grants_an_hour


def generate(organizations: int, addresses: int, days: int, seed: int) -> Scenario:
    """A world of that size: the same for the same seed, in every process."""
    chance = random.Random(f"{seed}/world")
    joining = _joining(organizations, days, chance)
    sites = _profiles(organizations, addresses, len(joining), chance)
    happenings = [
        Event(at, site.who, EventKind.JOINS)
        for site, at in zip((site for site in sites if site.read_at is None), joining, strict=True)
    ]
    for site in sites:
        happenings += _events_of(site, days, random.Random(f"{seed}/{site.who}/happenings"))
    return Scenario(
        seed=seed,
        addresses=addresses,
        days=days,
        sites=tuple(sites),
        happenings=tuple(sorted(happenings, key=lambda each: (each.at, each.who))),
        outages=_outages(addresses, days, chance),
    )


def _joining(organizations: int, days: int, chance: random.Random) -> list[dt.datetime]:
    nine = [START + day * DAY + dt.timedelta(hours=9) for day in range(0, days, 7)]
    found = [
        monday + chance.random() * dt.timedelta(hours=1)
        for monday in nine
        for _ in range(round(JOINING * organizations))
    ]
    return found[: organizations // 2]


def _profiles(
    organizations: int, addresses: int, joining: int, chance: random.Random
) -> list[ConnectionProfile]:
    """All connections: an operator has spread each kind evenly over the addresses.

    Those at one address were served in turn until now, so their ages are spread evenly.
    """
    kinds = ["joining"] * joining
    kinds += ["credentials"] * min(round(BY_CREDENTIALS * organizations), organizations - len(kinds))
    kinds += ["idle"] * min(round(IDLE * organizations), organizations - len(kinds))
    kinds += ["work"] * (organizations - len(kinds))
    ages: dict[int, list[dt.timedelta]] = {}
    for address in range(addresses):
        served = sum(kind in ("credentials", "work") for kind in kinds[address::addresses])
        longest = min(max(served / GRANTS_AN_HOUR * dt.timedelta(hours=1), STALE_AFTER), RENEW_AFTER)
        ages[address] = [longest * (place + 0.5) / served for place in range(served)]
        chance.shuffle(ages[address])
    sites = []
    for number, kind in enumerate(kinds):
        address = number % addresses
        if kind == "joining":
            read_at = None
        elif kind == "idle":
            read_at = START - chance.random() * RENEW_AFTER
        else:
            read_at = START - ages[address].pop()
        sites.append(
            ConnectionProfile(f"{number:05}", address, kind != "credentials", kind != "idle", read_at)
        )
    return sites


def _events_of(site: ConnectionProfile, days: int, chance: random.Random) -> list[Event]:
    found = []
    for number in range(days):
        day = START + number * DAY
        at = office_time(day, chance)
        if chance.random() < PERSON and day.weekday() < 5:
            patience = dt.timedelta(minutes=chance.uniform(30, 240))
            found.append(Event(at, site.who, EventKind.PERSON, leaves_at=at + patience))
        if chance.random() < LEADS:
            found.append(Event(day + dt.timedelta(hours=chance.uniform(7, 22)), site.who, EventKind.LEADS))
        if chance.random() < PRIVACY:
            found.append(Event(office_time(day, chance), site.who, EventKind.PRIVACY))
        if chance.random() < REVOKED:
            found.append(Event(day + chance.random() * DAY, site.who, EventKind.REVOKED))
    return found


def _outages(addresses: int, days: int, chance: random.Random) -> tuple[Outage, ...]:
    down = START + chance.randrange(days) * DAY + dt.timedelta(hours=chance.uniform(9, 15))
    found = [Outage(down, down + OUTAGE)]
    if days >= ADDRESS_OUTAGE_MIN_DAYS:
        lost = START + chance.uniform(1, days - 2) * DAY
        found.append(Outage(lost, lost + DAY, chance.randrange(addresses)))
    return tuple(found)


def office_time(day: dt.datetime, chance: random.Random) -> dt.datetime:
    """A moment between 9 and 17 of the day that begins at ``day``."""
    return day + dt.timedelta(hours=chance.uniform(9, 17))


def next_office_time(at: dt.datetime, chance: random.Random) -> dt.datetime:
    """A moment in the office on the next workday, or on the one after that: when somebody mends what is broken."""
    day = dt.datetime.combine(at.date(), dt.time(), at.tzinfo)
    for _ in range(chance.randint(1, 2)):
        day += DAY
        while day.weekday() > 4:
            day += DAY
    return office_time(day, chance)
