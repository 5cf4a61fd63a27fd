"""A portal of its own for a benchmark: a fresh database, keys and settings, and processes that work on them."""

import base64
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
WITH_POSTGRES = ROOT / ".ci" / "with-postgres"


def variables(folder: Path, *, sandbox: str = "", database: str = "") -> dict[str, str]:
    """The environment variables of a fresh portal in ``folder`` that may call ``sandbox`` (host:port)."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database or f"sqlite:///{folder / 'portal.sqlite3'}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": "bench:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "FINGERPRINT_KEY": secrets.token_urlsafe(32),
        "PORTAL_URL": "http://localhost:8000",
        "ALLOWED_HOSTS": "localhost",
        "ENVIRONMENT_HOSTS": sandbox or "public.totalexpert.net",
        "DEMO": "1",
        "DEBUG": "0",
        "EMAIL_URL": "dummymail://",
        "PYTHONPATH": str(ROOT),
    }


def manage(environment: dict[str, str], *arguments: str, text: str | None = None) -> str:
    """Run a command of manage.py to its end and answer what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 75):
        raise RuntimeError(f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def run_inside(environment: dict[str, str], module: str, *arguments: str, postgres: bool = False) -> Any:
    """Run ``python -m module`` on that portal; answers the JSON that it prints last."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        [str(WITH_POSTGRES), *command] if postgres else command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{module}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def on_each_database(module: str) -> Iterator[tuple[str, str, Any]]:
    """Run ``python -m module`` on a fresh portal on each database that this machine has.

    Yields the database, what the names of its figures end with, and the JSON that the module printed.
    """
    for vendor in ("sqlite", "postgresql"):
        if vendor == "postgresql" and not has_postgres():
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = run_inside(variables(Path(folder)), module, postgres=vendor == "postgresql")
        yield vendor, "" if vendor == "sqlite" else f"-{vendor}", found


def has_postgres() -> bool:
    """Whether this machine can run a PostgreSQL server of its own."""
    return subprocess.run([str(WITH_POSTGRES), "true"], capture_output=True).returncode == 0
