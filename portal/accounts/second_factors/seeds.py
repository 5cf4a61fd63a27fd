"""Where the seeds of second factors lie sealed, for key rotation: in the JSON of allauth's authenticators."""

import base64
from collections import Counter
from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from portal.accounts.second_factors.rules import MFAAdapter
from portal.encryption import places
from portal.encryption.fields import Ciphertext, DecryptionError
from portal.encryption.places import UNREADABLE, Value, key_or_unreadable

#: Under which name the sealed text lies in ``data``. Passkeys hold none: their public key is no secret.
NAMES = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
#: In front of the ciphertext stands the id that it is bound to (`MFAAdapter.encrypt`).
ID_BYTES = 16


class Seeds:
    """The seeds of authenticator apps and of recovery codes: one for each authenticator at most."""

    name = "mfa.Authenticator.data"

    def counts(self) -> Counter[str]:
        return Counter(key_or_unreadable(sealed) for _, sealed in self._all(_rows()))

    def values(self, key: str, *, others: bool = False, after: Any | None, limit: int) -> list[Value]:
        rows = _rows() if after is None else _rows().filter(pk__gt=after)
        found: list[Value] = []
        for pk, sealed in self._all(rows):
            if (key_or_unreadable(sealed) != key) == others:
                found.append(Value(pk, sealed))
            if len(found) == limit:
                break
        return found

    def prove(self, value: Value) -> None:
        row = _rows().filter(pk=value.row).first()
        if row is not None and _sealed_in(row.type, row.data) == value.sealed:
            _opened(row.data[NAMES[row.type]])

    def reseal(self, value: Value) -> bool:
        """Under the row's lock, since used recovery codes are noted in the same JSON."""
        with transaction.atomic():
            row = _rows().select_for_update().filter(pk=value.row).first()
            if row is None or _sealed_in(row.type, row.data) != value.sealed:
                return False
            row.data[NAMES[row.type]] = MFAAdapter().encrypt(_opened(row.data[NAMES[row.type]]))
            row.save(update_fields=["data"])
        return True

    def _all(self, rows: "QuerySet[Any]") -> Iterator[tuple[int, Ciphertext]]:
        for pk, kind, data in rows.values_list("pk", "type", "data").iterator():
            sealed = _sealed_in(kind, data)
            if sealed is not None:
                yield pk, sealed


def _opened(text: str) -> str:
    try:
        return MFAAdapter().decrypt(text)
    except ValueError:  # not even base64 of the right length
        raise DecryptionError("The seed of a second factor was altered.") from None


def _rows() -> "QuerySet[Any]":
    return Authenticator.objects.filter(type__in=NAMES).order_by("pk")  # type: ignore[no-any-return]


def _sealed_in(kind: str, data: dict[str, Any]) -> Ciphertext | None:
    """The ciphertext in an authenticator's data; nothing readable where it is not base64."""
    text = data.get(NAMES[Authenticator.Type(kind)])
    if text is None:
        return None
    try:
        return Ciphertext(base64.b64decode(text)[ID_BYTES:])
    except ValueError:
        return Ciphertext(UNREADABLE.encode())


places.register(Seeds())
