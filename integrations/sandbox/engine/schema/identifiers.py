"""Ids as clients see them: numbers, or for some resources hexadecimal text that tells nothing of the number behind it.

Inside, every record has a number. Its hexadecimal form is a permutation of all numbers of that length, another one
for each resource, so that it needs no column of its own and is the same in every world of one seed.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from ..responses import Refusal, not_found
from .resource import Resource

_ODD = 0x9E3779B97F4A7C15F39CC0605CEDC835
_LARGEST = 10**18


def show(resource: Resource, number: int) -> int | str:
    """The id in answers of the record with this number."""
    if resource.hex_digits:
        return scrambled(resource.path, number, resource.hex_digits)
    return str(number) if resource.text_id else number


def read(resource: Resource, value: Any) -> int:
    """The number of the record that a client names, by `14` or `"14"`, or by hexadecimal text.

    Raises `Refusal` (404) for what is no id of this resource.
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


def read_or_none(resource: Resource, value: Any) -> int | None:
    """Like `read`, but None for what is no id of this resource."""
    try:
        return read(resource, value)
    except Refusal:
        return None


def scrambled(name: str, number: int, digits: int) -> str:
    """A number as hexadecimal text of this many digits, by the permutation that belongs to a name."""
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
