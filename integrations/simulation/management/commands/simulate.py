"""`manage.py simulate`: the scheduler of tokens on a virtual clock, beside a policy that has none."""

import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.simulation.comparison import RUNS, compare

#: What each argument counts, and the most that is simulated in a bearable time.
COUNTS = {
    "organizations": ("organizations", 20_000),
    "egress": ("source addresses", 1_000),
    "days": ("days", 366),
}
TITLES = ("ours", "naive", "naive, 429 free")
WORDS = """\
bound        connections with work ÷ token requests an hour that the vendor allows: how old mirrors become when
             each grant goes to the stalest and nothing else happens. No mirror is due before it is 6 hours old.
tokens lost  refresh tokens that died because nobody renewed them for 14 days: each costs a person's consent.
staleness    how old mirrors are, looked at each full hour; left out is what waits for a person who must consent again
             or paste other credentials. “When renewed” is the age that a renewal ended.
wasted       granted while nothing was due for that connection any more.
lost answer  a renewal whose answer was lost on its way took the old grant with it: nobody's policy.
naive        asks on a 401, first come, first served, again after each 429, and renews nothing ahead. The vendor does
             not say whether a request that got a 429 counts itself; that it does is the safe assumption."""


class Command(BaseCommand):
    help = (
        "Simulate who gets the next token, in an invented world with bursts and failures, by this portal's own scheduler "
        "and beside it by a naive policy. Needs no database, sends nothing, and says the same for the same seed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organizations", type=int, default=1000, help="with a connection each (1000)")
        parser.add_argument("--egress", type=int, default=8, help="source addresses they share (8)")
        parser.add_argument("--days", type=int, default=14, help="of virtual time (14)")
        parser.add_argument("--seed", type=int, default=1, help="of the invented world (1)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        for name, (words, most) in COUNTS.items():
            if not 1 <= options[name] <= most:
                raise CommandError(f"--{name} is the number of {words}: write a number from 1 to {most:,}.")
        found = compare(
            organizations=options["organizations"],
            addresses=options["egress"],
            days=options["days"],
            seed=options["seed"],
        )
        self.stdout.write(json.dumps(found, indent=2) if options["json"] else table(found))


def table(found: dict[str, Any]) -> str:
    """The figures for people, and what they mean."""
    bound = found["bound_hours"]
    lines = [
        f"{found['organizations']:,} organizations behind {found['egress']:,} source addresses for {found['days']:,} days, "
        f"seed {found['seed']}.",
        f"Bound: {hours(bound)} ({found['connections_with_work']:,.0f} connections with work).",
        "",
    ]
    rows: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("refresh tokens lost", lambda run: f"{run['refresh_tokens_lost']:,}"),
        ("tokens wasted", lambda run: f"{run['tokens_wasted']:,}"),
        ("staleness, half at most", lambda run: hours(run["staleness_hours"]["p50"])),
        ("staleness, 95 % at most", lambda run: hours(run["staleness_hours"]["p95"])),
        ("  of the bound", lambda run: times(run["staleness_hours"]["p95"], bound)),
        ("staleness at most", lambda run: hours(run["staleness_hours"]["max"])),
        ("age when renewed, 95 % at most", lambda run: hours(run["staleness_at_renewal_hours"]["p95"])),
        ("a person waited, 95 % at most", lambda run: minutes(run["people_waited_minutes"]["p95"])),
        ("tokens granted", lambda run: f"{run['tokens_granted']:,}"),
        ("  of those allowed", lambda run: f"{run['tokens_granted'] / run['grants_allowed']:.1%}"),
        ("requests that got a 429", lambda run: f"{run['refused_429']:,}"),
        ("grants gone with a lost answer", lambda run: f"{run['lost_answers']:,}"),
    ]
    lines.append(" " * 32 + "".join(f"{title:>18}" for title in TITLES))
    for title, said in rows:
        lines.append(f"{title:32}" + "".join(f"{said(found[run]):>18}" for run in RUNS))
    return "\n".join([*lines, "", WORDS])


def hours(number: float | None) -> str:
    """Hours, or that there are none."""
    return "none" if number is None else f"{number:,.1f} h"


def minutes(number: float | None) -> str:
    """Minutes, as hours where they are many."""
    return "nobody did" if number is None else f"{number:,.0f} min" if number < 120 else hours(number / 60)


def times(number: float | None, bound: float) -> str:
    """A part of the bound."""
    return "" if number is None else f"{number / bound:.2f} ×"
