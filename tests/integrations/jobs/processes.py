"""Processes below one another, as /proc tells."""

import time
from collections.abc import Callable
from pathlib import Path


def eventually(what: str, true: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is true, and fail when that takes too long."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """The processes directly below one, those that have ended left out."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return sorted(found)


def descendants(pid: int) -> list[int]:
    """All the processes below one."""
    return [each for child in children(pid) for each in (child, *descendants(child))]
