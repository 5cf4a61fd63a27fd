"""`manage.py make_keys`: fresh keys for `.env`. Runs without settings, since it is what makes them possible."""

import base64
import datetime as dt
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Print fresh keys as lines for .env. Keep them somewhere safe: without them stored secrets stay closed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--name",
            default=f"k{dt.datetime.now(dt.UTC):%Y%m%d}{secrets.token_hex(2)}",
            help="the encryption key's id, stored with every ciphertext (default: the day and something random, as in "
            "k20261123a7f3); no two keys may have the same",
        )

    def handle(self, *, name: str, **options: Any) -> None:
        if not name.isalnum() or len(name) > 32:
            self.stderr.write("--name takes up to 32 letters and digits.")
            raise SystemExit(2)
        for variable, value in make(name).items():
            self.stdout.write(f"{variable}={value}")


def make(name: str) -> dict[str, str]:
    """One random value for each variable that needs one, the encryption key under the id ``name``."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "FINGERPRINT_KEY": secrets.token_urlsafe(32),
    }
