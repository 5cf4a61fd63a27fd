"""Egress: the source addresses by which calls go out. Each has budgets of its own.

Beside this machine's own address there may be proxies, whose hosts must be listed in ``PROXY_HOSTS`` by whoever
installed the portal: an address that is typed in a browser is never called otherwise. The address is kept sealed, since
it may hold a user name and a password.
"""

import uuid
from collections import Counter
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.connections.limits import budgets
from integrations.connections.models import Connection, ConnectionState, Egress, Environment
from integrations.total_expert import Rejected
from integrations.total_expert.environment import is_loopback, split_url
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock


def proxies_for(way: Egress | None) -> dict[str, str] | None:
    """What requests is told to send calls through. None: directly. Raises Rejected when it is not allowed any more."""
    if way is None or way.proxy_url is None:
        return None
    url = str(way.proxy_url)
    try:
        validate_proxy_url(url)
    except ValidationError as problem:
        raise Rejected([f"The source address “{way.label}” can't be used. {problem.message}"]) from None
    return {"http": url, "https": url}


def validate_proxy_url(url: str) -> None:
    """Raise ValidationError unless ``url`` is that of a proxy on an allowed host."""
    host, port = _host_and_port(url)
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValidationError("The address of a proxy ends with its port.")
    if host not in settings.PROXY_HOSTS and f"{host}:{port}" not in settings.PROXY_HOSTS:
        raise ValidationError(
            "This host is not allowed as a proxy. Whoever installed the portal lists those in PROXY_HOSTS."
        )
    if parts.scheme == "http" and parts.password and not is_loopback(host):
        raise ValidationError("A password would travel in clear: use https:// to this proxy.")


def _host_and_port(url: str) -> tuple[str, int]:
    """A proxy's host and port. Raises ValidationError."""
    try:
        parts = split_url(url)
    except ValueError:
        raise ValidationError(
            "This is not an address. One holds no spaces, backslashes, control or non-ASCII characters."
        ) from None
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in ("http", "https") or not host or not port:
        raise ValidationError("Write it as https://user:password@proxy.example:3128, with the port.")
    return host, port


def add_proxy(*, name: str, label: str, proxy_url: str, actor: User | None) -> Egress:
    """Add a proxy. Raises ValidationError."""
    validate_proxy_url(proxy_url)
    way = Egress(name=name, label=label, created_at=clock.now())
    way.proxy_url = proxy_url
    with transaction.atomic():
        # one after the other: two rows of one address would be two budgets for it
        list(Egress.objects.select_for_update().filter(name=Egress.DIRECT))
        same = [
            row
            for row in Egress.objects.exclude(proxy_url=None)
            if display_address(row) == display_address(way)
        ]
        if same:
            raise ValidationError(f"This proxy is there already, as “{same[0].label}”.")
        way.save(force_insert=True)
        log.record("egress.added", actor=actor, target=way, name=name)
    return way


def change_proxy(way: Egress, *, label: str, proxy_url: str, actor: User | None) -> None:
    """Rename a proxy, or give another user and password for it (empty: it keeps what it has). Raises ValidationError."""
    if proxy_url:
        validate_proxy_url(proxy_url)
        if _host_and_port(proxy_url) != _host_and_port(str(way.proxy_url)):
            raise ValidationError(
                "Another host or port is another source address, with an hour of its own: add it, and let the "
                "connections go out by it."
            )
        way.proxy_url = proxy_url
    way.label = label
    with transaction.atomic():
        way.save()
        log.record("egress.changed", actor=actor, target=way, name=way.name, address=bool(proxy_url))


def choose_egress(environment: Environment) -> Egress | None:
    """The source address for a new connection there: the least busy. None: this machine's own."""
    return choose_egresses(environment, 1)[0]


def choose_egresses(environment: Environment, number: int) -> list[Egress | None]:
    """The source addresses for so many new connections there, one after the other: each has the more of them, the more
    token requests it is allowed.
    """
    ways = list(Egress.objects.all())
    if len(ways) < 2:
        return [None] * number
    behind = Connection.objects.filter(installation__environment__host=environment.host)
    counts: Counter[uuid.UUID | None] = Counter(
        behind.exclude(state=ConnectionState.REVOKED).values_list("egress", flat=True)
    )
    loads = {way: counts[way.pk] + (counts[None] if way.is_direct else 0) for way in ways}
    limits = {
        way: budgets.read_limits(budgets.for_environment(environment, way)).tokens_per_hour for way in ways
    }
    # the limit is the environment's: there is one for all of them or for none; nothing is left where others use it up
    shares = {way: 1 if limit is None else limit for way, limit in limits.items()}
    useful = [way for way in ways if shares[way]] or ways
    chosen = []
    for _ in range(number):
        way = min(useful, key=lambda way: (loads[way] + 1) / max(1, shares[way]))
        loads[way] += 1
        chosen.append(None if way.is_direct else way)
    return chosen


def assign_egress(connection: Connection, way: Egress | None, *, actor: User | None) -> None:
    """Send what a connection sends by another address from now on. Total Expert must know that address."""
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(egress=way)
        log.record(
            "connection.rerouted",
            actor=actor,
            organization=connection.installation.organization,
            target=connection,
            egress=way.name if way else Egress.DIRECT,
        )
    connection.egress = way


def display_address(way: Egress) -> str:
    """A proxy's host and port, for screens: no user name, no password."""
    if way.proxy_url is None:
        return ""
    parts = urlsplit(str(way.proxy_url))
    return f"{parts.hostname}:{parts.port}"
