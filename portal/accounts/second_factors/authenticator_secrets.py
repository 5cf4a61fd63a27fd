"""The encrypted secrets in the JSON of allauth's authenticators, for key rotation."""

import base64
from collections import Counter
from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from portal.accounts.second_factors.adapter import MFAAdapter
from portal.accounts.second_factors.binding import ID_BYTES, MOVED, NAMES, id_of
from portal.encryption import cipher, stores
from portal.encryption.cipher import Ciphertext
from portal.encryption.stores import UNREADABLE, EncryptedValue, key_id_or_unreadable


class AuthenticatorSecrets:
    """The secrets of authenticator apps and recovery codes: at most one for each authenticator."""

    name = "mfa.Authenticator.data"

    def counts(self) -> Counter[str]:
        return Counter(key_id_or_unreadable(ciphertext) for _, ciphertext in self._all(_rows()))

    def values(
        self, key_id: str, *, others: bool = False, after: Any | None, limit: int
    ) -> list[EncryptedValue]:
        rows = _rows() if after is None else _rows().filter(pk__gt=after)
        found: list[EncryptedValue] = []
        for pk, ciphertext in self._all(rows):
            if (not ciphertext.startswith(cipher.header(key_id))) == others:
                found.append(EncryptedValue(pk, ciphertext))
            if len(found) == limit:
                break
        return found

    def verify(self, value: EncryptedValue) -> None:
        row = _rows().filter(pk=value.row).first()
        if row is not None and _ciphertext_in(row.type, row.data) == value.ciphertext:
            MFAAdapter().decrypt(row.data[NAMES[row.type]])

    def reencrypt(self, value: EncryptedValue) -> bool:
        """Replace the secret under the row's lock, because allauth marks used recovery codes in the same JSON."""
        with transaction.atomic():
            row = _rows().select_for_update().filter(pk=value.row).first()
            if row is None or _ciphertext_in(row.type, row.data) != value.ciphertext:
                return False
            adapter = MFAAdapter()
            row.data[NAMES[row.type]] = adapter.encrypt(
                adapter.decrypt(row.data[NAMES[row.type]]), id_of(row)
            )
            row.save(update_fields=["data"])
        return True

    def _all(self, rows: "QuerySet[Any]") -> Iterator[tuple[int, Ciphertext]]:
        for pk, kind, data in rows.values_list("pk", "type", "data").iterator():
            ciphertext = _ciphertext_in(kind, data)
            if ciphertext is not None:
                yield pk, ciphertext


def _rows() -> "QuerySet[Any]":
    return Authenticator.objects.filter(type__in=NAMES).order_by("pk")  # type: ignore[no-any-return]


def _ciphertext_in(kind: str, data: dict[str, Any]) -> Ciphertext | None:
    """Return the ciphertext in an authenticator's data, or an unreadable one if it is not base64."""
    text = data.get(NAMES[Authenticator.Type(kind)])
    if text is None:
        return None
    try:
        return Ciphertext(base64.b64decode(text.removeprefix(MOVED))[ID_BYTES:])
    except ValueError:
        return Ciphertext(UNREADABLE.encode())


stores.register(AuthenticatorSecrets())
