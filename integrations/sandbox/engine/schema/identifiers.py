"""Ids as clients see them: numbers or, for some resources, hexadecimal strings.

Every record has a number. A hexadecimal id is a permutation of the number, a different one for each resource. It needs
no column, and it is the same in every sandbox with the same seed.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from ..errors import ApiError, not_found
from .resource import Resource

_ODD = 0x9E3779B97F4A7C15F39CC0605CEDC835
_LARGEST = 10**18


def to_public(resource: Resource, number: int) -> int | str:
    """Return the id that clients see."""
    if resource.hex_digits:
        return scramble(resource.path, number, resource.hex_digits)
    return str(number) if resource.text_id else number


def to_number(resource: Resource, value: Any) -> int:
    """Return the number of the record that a client names, by `14`, `"14"` or a hexadecimal string.

    Raise `ApiError` (404) if it is not an id of this resource.
    """
    text = str(value).strip()
    if not resource.hex_digits:
        if re.fullmatch(r"[0-9]{1,18}", text):
            return int(text)
        raise not_found()
    if not re.fullmatch(rf"[0-9a-fA-F]{{{resource.hex_digits}}}", text):
        raise not_found()
    number = _unscramble(resource.path, int(text, 16), resource.hex_digits * 4)
    if number >= _LARGEST:
        raise not_found()
    return number


def to_number_or_none(resource: Resource, value: Any) -> int | None:
    """Like `to_number`, but return None if it is not an id of this resource."""
    try:
        return to_number(resource, value)
    except ApiError:
        return None


def scramble(name: str, number: int, digits: int) -> str:
    """Return a number as a string of `digits` hexadecimal digits, permuted in a way that depends on `name`."""
    bits = digits * 4
    mask = (1 << bits) - 1
    found = ((number ^ _key(name, bits)) * _ODD) & mask
    found ^= found >> bits // 2
    found = (found * _ODD) & mask
    return f"{found ^ found >> bits // 2:0{digits}x}"


def _unscramble(name: str, found: int, bits: int) -> int:
    mask = (1 << bits) - 1
    inverse = pow(_ODD, -1, 1 << bits)
    found ^= found >> bits // 2
    found = (found * inverse) & mask
    found ^= found >> bits // 2
    return ((found * inverse) & mask) ^ _key(name, bits)


def _key(name: str, bits: int) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=bits // 8).digest(), "big")
