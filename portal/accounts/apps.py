"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from portal.accounts import checks  # noqa: F401
        from portal.accounts.second_factors import authenticator_secrets, receivers  # noqa: F401
