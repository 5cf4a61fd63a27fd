"""Kinds that count, die, wait, are refused and fail."""

import os
import signal
import time

from django.db import transaction

from integrations.jobs import kinds
from integrations.jobs.run import Run
from integrations.total_expert import Rejected, TryLater


def register() -> None:
    """Make them known to this process: each once for installations, once for connections."""
    for advance in (count, deadly, busy, later, soon, refused, faulty, stumbling):
        name = advance.__name__
        kinds.register(f"tests.{name}", label=name.title(), advance=advance)
        kinds.register(f"tests.own_{name}", label=f"Own {name}", advance=advance, per_connection=True)


def step(run: Run, item: int) -> None:
    """Note an item in the transaction that commits the cursor, as real work does."""
    with transaction.atomic():
        run.log(f"item {item}")
        run.checkpoint(cursor={"next": item + 1}, done=item + 1, total=run.job.arguments["items"])


def count(run: Run) -> bool:
    """Note each item once. ``seconds`` an item; after item number ``pause_after`` the slice is over."""
    arguments = run.job.arguments
    for item in range(run.cursor.get("next", 0), arguments["items"]):
        if not run.time_left():
            return False
        time.sleep(arguments.get("seconds", 0))
        step(run, item)
        if item == arguments.get("pause_after"):
            return False
    return True


def deadly(run: Run) -> bool:
    """Kill the process that works on it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return True


def busy(run: Run) -> bool:
    """Work for long without a checkpoint, as a call that nobody answers."""
    time.sleep(run.job.arguments["seconds"])
    return True


def later(run: Run) -> bool:
    raise TryLater("No token slot is free before 14:32 UTC.", after=120)


def soon(run: Run) -> bool:
    """Wait without knowing how long, until ``ready``; then get one item further."""
    if not run.job.arguments.get("ready"):
        raise TryLater("Total Expert does not answer.")
    step(run, 0)
    raise TryLater("Total Expert does not answer.")


def refused(run: Run) -> bool:
    raise Rejected(["Total Expert refused this."])


def faulty(run: Run) -> bool:
    raise ValueError("canary: a person's name")


def stumbling(run: Run) -> bool:
    """Get one item further in each slice, and fail after each."""
    item = run.cursor.get("next", 0)
    if item == run.job.arguments["items"]:
        return True
    step(run, item)
    raise ValueError("after each item")
