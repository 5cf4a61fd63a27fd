"""`manage.py simulate`: the token scheduler on a virtual clock, compared with a policy that has none."""

import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.simulation.comparison import RUNS, compare

#: What each argument counts, and its maximum.
COUNTS = {
    "organizations": ("organizations", 20_000),
    "egress": ("outbound IP addresses", 1_000),
    "days": ("days", 366),
}
TITLES = ("ours", "naive", "naive, 429 free")
LEGEND = """\
bound          connections with work ÷ token requests per hour that Total Expert allows: how old data becomes if each
               token goes to the oldest data and nothing else happens. Data is due for a sync when it is 6 hours old.
expired        refresh tokens that expired because nobody renewed them for 14 days. Each costs a person another
               authorization.
data age       measured each full hour, without connections that wait for a person to reconnect. “When synced” is the
               age that a sync ended.
wasted         tokens granted while nothing was due for that connection any more.
lost response  a renewal whose response was lost, and the new refresh token with it. No policy can prevent that.
naive          requests a token on a 401, first come, first served, retries after each 429, and renews nothing early.
               Total Expert doesn't document whether a request that gets a 429 counts itself. “Naive” assumes that it
               does."""


class Command(BaseCommand):
    help = (
        "Simulate who gets the next token with this portal's scheduler and with a naive policy, in a generated scenario "
        "with bursts and failures. Needs no settings and no database, sends nothing, and is reproducible for the same seed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--organizations",
            type=int,
            default=1000,
            help="number of organizations with one connection each (1000)",
        )
        parser.add_argument(
            "--egress", type=int, default=8, help="number of outbound IP addresses that they share (8)"
        )
        parser.add_argument("--days", type=int, default=14, help="days of simulated time (14)")
        parser.add_argument("--seed", type=int, default=1, help="seed of the scenario (1)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        for name, (words, most) in COUNTS.items():
            if not 1 <= options[name] <= most:
                raise CommandError(f"--{name} is the number of {words}. Enter a number from 1 to {most:,}.")
        found = compare(
            organizations=options["organizations"],
            addresses=options["egress"],
            days=options["days"],
            seed=options["seed"],
        )
        self.stdout.write(json.dumps(found, indent=2) if options["json"] else table(found))


def table(found: dict[str, Any]) -> str:
    """Return the figures as a table with a legend."""
    bound = found["bound_hours"]
    lines = [
        f"{found['organizations']:,} organizations on {found['egress']:,} outbound IP addresses for {found['days']:,} days, "
        f"seed {found['seed']}.",
        f"Bound: {hours(bound)} ({found['connections_with_work']:,.0f} connections with work).",
        "",
    ]
    rows: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("refresh tokens expired", lambda run: f"{run['refresh_tokens_lost']:,}"),
        ("tokens wasted", lambda run: f"{run['tokens_wasted']:,}"),
        ("data age, median", lambda run: hours(run["staleness_hours"]["p50"])),
        ("data age, 95th percentile", lambda run: hours(run["staleness_hours"]["p95"])),
        ("  × the bound", lambda run: times(run["staleness_hours"]["p95"], bound)),
        ("data age, maximum", lambda run: hours(run["staleness_hours"]["max"])),
        ("age when synced, 95th percentile", lambda run: hours(run["staleness_at_renewal_hours"]["p95"])),
        ("people waited, 95th percentile", lambda run: minutes(run["people_waited_minutes"]["p95"])),
        ("tokens granted", lambda run: f"{run['tokens_granted']:,}"),
        ("  of the allowed requests", lambda run: f"{run['tokens_granted'] / run['grants_allowed']:.1%}"),
        ("429 responses", lambda run: f"{run['refused_429']:,}"),
        ("grants ended by a lost response", lambda run: f"{run['lost_answers']:,}"),
    ]
    lines.append(" " * 34 + "".join(f"{title:>18}" for title in TITLES))
    for title, describe in rows:
        lines.append(f"{title:34}" + "".join(f"{describe(found[run]):>18}" for run in RUNS))
    return "\n".join([*lines, "", LEGEND])


def hours(number: float | None) -> str:
    """Return a number of hours in words."""
    return "none" if number is None else f"{number:,.1f} h"


def minutes(number: float | None) -> str:
    """Return a number of minutes in words, in hours if it is large."""
    return "no one" if number is None else f"{number:,.0f} min" if number < 120 else hours(number / 60)


def times(number: float | None, bound: float) -> str:
    """Return a multiple of the bound."""
    return "" if number is None else f"{number / bound:.2f} ×"
