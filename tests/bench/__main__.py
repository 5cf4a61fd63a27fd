"""Run the benchmarks: `python -m tests.bench [NAME]`. A table on screen, and bench.json.

A benchmark is a module in this folder with a function ``measure() -> dict[str, Figure]``. NAME is a module's name or
one of its figures'; a run of one keeps what bench.json says of the others.
"""

import json
import pkgutil
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypedDict

from tests import bench

RESULTS = Path(__file__).resolve().parent.parent.parent / "bench.json"


class Figure(TypedDict):
    """What was measured, what it should be, in which unit, whether it is met, and under which conditions."""

    measured: float
    target: float
    unit: str
    met: bool
    detail: str


def main(argv: list[str]) -> int:
    """Measure, print, write. Exit code 1 when a benchmark broke, 2 for a name that is not there."""
    known = modules()
    earlier: dict[str, Figure] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    chosen = select(known, argv[0]) if argv else list(known)
    if not chosen:
        print(f"There is no benchmark “{argv[0]}”. Known: {', '.join(known) or 'none'}.", file=sys.stderr)
        return 2
    results: dict[str, Figure] = earlier if argv else {}
    broken = False
    for name in chosen:
        print(f"{name} …", end=" ", flush=True)
        started = time.monotonic()
        try:
            measured = known[name].measure()
        except Exception:
            print("broke:")
            traceback.print_exc()
            broken = True
            continue
        print(f"{time.monotonic() - started:.1f} s")
        results.update(measured)
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
    print(table(results))
    return int(broken)


def modules() -> dict[str, ModuleType]:
    """Every benchmark, by its module's name with hyphens."""
    found = {}
    for info in pkgutil.iter_modules(bench.__path__):
        if info.name != "__main__":
            module = import_module(f"{bench.__name__}.{info.name}")
            if hasattr(module, "measure"):
                found[info.name.replace("_", "-")] = module
    return found


def select(known: dict[str, ModuleType], name: str) -> list[str]:
    """The benchmark called ``name``, or those that measure a figure of that name: their sources mention it."""
    wanted = name.replace("_", "-")
    if wanted in known:
        return [wanted]
    return [
        module_name
        for module_name, module in known.items()
        if module.__file__ and f'"{wanted}"' in Path(module.__file__).read_text()
    ]


def table(results: dict[str, Figure]) -> str:
    """The figures under each other, with a word for whether each target is met."""
    rows = [("figure", "measured", "target", "unit", "", "detail")]
    for name, figure in sorted(results.items()):
        verdict = "met" if figure["met"] else "MISSED"
        numbers = f"{figure['measured']:.4g}", f"{figure['target']:.4g}"
        rows.append((name, *numbers, figure["unit"], verdict, figure["detail"]))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                row[1].rjust(widths[1]),
                row[2].rjust(widths[2]),
                row[3].ljust(widths[3]),
                row[4].ljust(widths[4]),
                row[5],
            ]
        ).rstrip()
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
