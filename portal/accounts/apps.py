"""The accounts app."""

from typing import ClassVar

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"
    verbose_name = "People"
    audit_actions: ClassVar[dict[str, str]] = {
        "account.sessions_ended": "Sessions ended",
        "second_factor.added": "Second factor added",
        "second_factor.removed": "Second factor removed",
        "second_factor.replaced": "Recovery codes replaced",
        "second_factor.reset": "Second factors reset",
        "single_sign_on.linked": "Single sign-on linked",
    }

    def ready(self) -> None:
        from portal.accounts import admin, checks, session_store  # noqa: F401
        from portal.accounts.second_factors import authenticator_secrets, binding, receivers  # noqa: F401

        session_store.hash_stored_keys()
