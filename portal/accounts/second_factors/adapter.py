"""What allauth asks the portal about second factors."""

import base64
import uuid
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from portal.accounts import user_agents
from portal.accounts.models import User
from portal.branding import brand
from portal.encryption import cipher
from portal.encryption.cipher import DecryptionError

#: Authenticated with every encrypted secret: never change it.
LABEL = "second factor"


class MFAAdapter(DefaultMFAAdapter):
    """Encrypt the secrets of second factors, and name things for people."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is wrong, expired or already used. Try the next one.",
        "unverified_email": "Verify your email address first: sign in again and open the link we email you.",
    }

    def encrypt(self, text: str, row: uuid.UUID | None = None) -> str:
        """Encrypt a secret, with the id that it is bound to in front of the ciphertext.

        allauth doesn't say for which row. `binding` encrypts again when the row is saved.
        """
        row = row or uuid.uuid4()
        return base64.b64encode(row.bytes + bytes(cipher.encrypt(text, label=LABEL, row=row))).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt what `encrypt` returned. Raise DecryptionError."""
        try:
            data = base64.b64decode(encrypted_text, validate=True)
            row = uuid.UUID(bytes=data[:16])
        except ValueError:
            raise DecryptionError(
                "The secret of a second factor was altered, or it belongs to another row."
            ) from None
        return cipher.decrypt(data[16:], label=LABEL, row=row)

    def get_totp_issuer(self) -> str:
        return _issuer()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bind passkeys to the host of ``PORTAL_URL``, whatever host the request names."""
        return {"id": urlsplit(settings.PORTAL_URL).hostname or "localhost", "name": _issuer()}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "display_name": user.display_name}

    def generate_authenticator_name(self, user: User, type: str) -> str:
        """Name a passkey after the browser it was created in. People can rename it."""
        agent = get_account_adapter().request.headers.get("User-Agent", "")
        return user_agents.browser_name(agent)


def _issuer() -> str:
    """Return what authenticator apps and passkeys call the portal."""
    current = brand.current()
    return current.partner_name or current.product_name
