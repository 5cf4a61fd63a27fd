"""Outbound IP addresses: this server's own and those of proxies. Each has its own limits at Total Expert.

A proxy is only used if ``PROXY_HOSTS`` lists its host. That setting can't be changed in the browser. Proxy URLs are
stored encrypted, since they may contain a password.
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


def proxies_for(egress: Egress | None) -> dict[str, str] | None:
    """Return the ``proxies`` argument of requests for an egress. Return None for a direct connection.

    Raise Rejected if the proxy is no longer allowed.
    """
    if egress is None or egress.proxy_url is None:
        return None
    url = str(egress.proxy_url)
    try:
        validate_proxy_url(url)
    except ValidationError as problem:
        raise Rejected(
            [f"The outbound IP address “{egress.label}” can't be used. {problem.message}"]
        ) from None
    return {"http": url, "https": url}


def validate_proxy_url(url: str) -> None:
    """Raise ValidationError unless ``url`` is the URL of a proxy on an allowed host."""
    host, port = _host_and_port(url)
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValidationError("The URL of a proxy ends with its port.")
    if host not in settings.PROXY_HOSTS and f"{host}:{port}" not in settings.PROXY_HOSTS:
        raise ValidationError(
            "The portal may not use this host as a proxy. To allow it, add it to the PROXY_HOSTS setting where the portal "
            "is installed."
        )
    if parts.scheme == "http" and parts.password and not is_loopback(host):
        raise ValidationError("The password would be sent unencrypted. Use https:// for this proxy.")


def _host_and_port(url: str) -> tuple[str, int]:
    """Return a proxy's host and port. Raise ValidationError."""
    try:
        parts = split_url(url)
    except ValueError:
        raise ValidationError(
            "Enter a valid URL, without spaces, backslashes, control characters, or non-ASCII characters."
        ) from None
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in ("http", "https") or not host or not port:
        raise ValidationError("Enter it as https://user:password@proxy.example:3128, with the port.")
    return host, port


def add_proxy(*, name: str, label: str, proxy_url: str, actor: User | None) -> Egress:
    """Add a proxy. Raise ValidationError."""
    validate_proxy_url(proxy_url)
    egress = Egress(name=name, label=label, created_at=clock.now())
    egress.proxy_url = proxy_url
    with transaction.atomic():
        # One at a time: two rows for one IP address would count its requests in two budgets.
        list(Egress.objects.select_for_update().filter(name=Egress.DIRECT))
        for other in Egress.objects.exclude(proxy_url=None):
            if display_address(other) == display_address(egress):
                raise ValidationError(f"This proxy was already added as “{other.label}”.")
        egress.save(force_insert=True)
        log.record("egress.added", actor=actor, target=egress, name=name)
    return egress


def change_proxy(egress: Egress, *, label: str, proxy_url: str, actor: User | None) -> None:
    """Rename a proxy or change its user and password. An empty ``proxy_url`` keeps the current one.

    Raise ValidationError.
    """
    if proxy_url:
        validate_proxy_url(proxy_url)
        if _host_and_port(proxy_url) != _host_and_port(str(egress.proxy_url)):
            raise ValidationError(
                "Another host or port is another outbound IP address with its own limits. Add it as a new one, then "
                "move connections to it."
            )
        egress.proxy_url = proxy_url
    egress.label = label
    with transaction.atomic():
        egress.save()
        log.record("egress.changed", actor=actor, target=egress, name=egress.name, address=bool(proxy_url))


def choose_egress(environment: Environment) -> Egress | None:
    """Return the least busy egress for a new connection. None means this server's own IP address."""
    return choose_egresses(environment, 1)[0]


def choose_egresses(environment: Environment, count: int) -> list[Egress | None]:
    """Return the egresses for ``count`` new connections, in proportion to the token requests that each is allowed."""
    egresses = list(Egress.objects.all())
    if len(egresses) < 2:
        return [None] * count
    connected = Connection.objects.filter(installation__environment__host=environment.host)
    counts: Counter[uuid.UUID | None] = Counter(
        connected.exclude(state=ConnectionState.REVOKED).values_list("egress", flat=True)
    )
    loads = {egress: counts[egress.pk] + (counts[None] if egress.is_direct else 0) for egress in egresses}
    limits = {
        egress: budgets.read_limits(budgets.for_environment(environment, egress)).tokens_per_hour
        for egress in egresses
    }
    # The limit comes from the environment, so either all egresses have one or none does. An egress whose token requests
    # are all used by other programs gets no connections.
    shares = {egress: 1 if limit is None else limit for egress, limit in limits.items()}
    useful = [egress for egress in egresses if shares[egress]] or egresses
    chosen = []
    for _ in range(count):
        egress = min(useful, key=lambda egress: (loads[egress] + 1) / max(1, shares[egress]))
        loads[egress] += 1
        chosen.append(None if egress.is_direct else egress)
    return chosen


def assign_egress(connection: Connection, egress: Egress | None, *, actor: User | None) -> None:
    """Send everything for a connection through another egress from now on. Total Expert must know its IP address."""
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(egress=egress)
        log.record(
            "connection.rerouted",
            actor=actor,
            organization=connection.installation.organization,
            target=connection,
            egress=egress.name if egress else Egress.DIRECT,
        )
    connection.egress = egress


def display_address(egress: Egress) -> str:
    """Return a proxy's host and port for display, without user name and password."""
    if egress.proxy_url is None:
        return ""
    parts = urlsplit(str(egress.proxy_url))
    return f"{parts.hostname}:{parts.port}"
