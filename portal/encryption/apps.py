"""The encryption app."""

from typing import ClassVar

from django.apps import AppConfig


class EncryptionConfig(AppConfig):
    name = "portal.encryption"
    label = "encryption"
    verbose_name = "Encryption"
    audit_actions: ClassVar[dict[str, str]] = {
        "keys.rotated": "Encryption keys rotated",
    }

    def ready(self) -> None:
        from portal.encryption import checks, panels  # noqa: F401
