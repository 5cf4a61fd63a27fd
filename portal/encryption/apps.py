"""The encryption app."""

from django.apps import AppConfig


class EncryptionConfig(AppConfig):
    name = "portal.encryption"
    label = "encryption"
    verbose_name = "Encryption"

    def ready(self) -> None:
        from portal.encryption import checks, panels  # noqa: F401
