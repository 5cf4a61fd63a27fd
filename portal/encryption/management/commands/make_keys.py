"""`manage.py make_keys`: print new secret keys for `.env`. It needs no settings, because it creates them."""

import base64
import datetime as dt
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Print new keys as lines for .env. Store them safely: without them, stored secrets can't be decrypted."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--name",
            default=f"k{dt.datetime.now(dt.UTC):%Y%m%d}{secrets.token_hex(2)}",
            help="the id of the encryption key, which is stored with every ciphertext and must be unique (default: "
            "today's date and random digits, such as k20261123a7f3)",
        )

    def handle(self, *, name: str, **options: Any) -> None:
        if not name.isalnum() or len(name) > 32:
            self.stderr.write("--name must be 1 to 32 letters and digits.")
            raise SystemExit(2)
        for variable, value in make(name).items():
            self.stdout.write(f"{variable}={value}")


def make(name: str) -> dict[str, str]:
    """Return random values for all secret settings, by variable. ``name`` is the encryption key's id."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "FINGERPRINT_KEY": secrets.token_urlsafe(32),
    }
