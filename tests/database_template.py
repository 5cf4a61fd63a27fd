"""Test databases that are copies of one that was migrated before, because the migrations take many seconds.

The first process migrates its database and keeps a copy under a name that changes with every migration and model; the
others, and later runs, start from that copy. On SQLite it is a file in pytest's cache, on PostgreSQL a database.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.db import connection

PREFIX = "portal_template_"


class Template:
    """The migrated database from which test databases are copied. ``folder`` holds the lock, and on SQLite the copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = PREFIX + _digest()
        self.file = folder / f"{self.name}.sqlite3"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process at a time copy or create the template."""
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def copy(self) -> bool:
        """Create this process's test database as a copy of the template. Return whether there is a template."""
        target = connection.creation._get_test_db_name()
        if connection.vendor == "sqlite":
            if not self.file.exists():
                return False
            shutil.copyfile(self.file, target)
            return True
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name])
            if cursor.fetchone() is None:
                return False
            cursor.execute(f'DROP DATABASE IF EXISTS "{target}"')
            cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{self.name}"')
        return True

    def keep(self) -> None:
        """Keep a copy of this process's new test database as the template, and drop the templates before it."""
        source = str(connection.settings_dict["NAME"])
        if connection.vendor == "sqlite":
            for old in self.folder.glob(f"{PREFIX}*"):
                old.unlink()
            unfinished = self.folder / f"{PREFIX}unfinished"
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(unfinished)])
            unfinished.rename(self.file)
            return
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
            for (old,) in cursor.fetchall():
                cursor.execute(f'DROP DATABASE "{old}"')
            cursor.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{source}"')


def _digest() -> str:
    """Return a digest of all that decides how a migrated database looks: migrations, models and Django's version."""
    digest = hashlib.sha256(django.__version__.encode())
    for app in apps.get_app_configs():
        folder = Path(app.path)
        files = [*folder.glob("migrations/*.py"), *folder.glob("models.py"), *folder.glob("models/*.py")]
        for file in sorted(files):
            digest.update(f"{app.label}/{file.relative_to(folder)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
