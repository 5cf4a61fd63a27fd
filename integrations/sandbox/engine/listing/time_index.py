"""Numbered things in the order of their times, in chunks whose members are also kept as bits: so that any part of
any subset of them is found without walking through the rest.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

_SHIFT = 25
_MASK = 2**_SHIFT - 1
_LARGEST_CHUNK = 8192


class Chronology:
    """Pairs of a time (seconds, not negative) and a number (below 2**25), ordered by time, then by number."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        keys = sorted(seconds << _SHIFT | number for seconds, number in pairs)
        half = _LARGEST_CHUNK // 2
        self._chunks = [array("q", keys[start : start + half]) for start in range(0, len(keys), half)]
        self._members = [_mask(chunk) for chunk in self._chunks]

    def add(self, seconds: int, number: int) -> None:
        """Put one in."""
        key = seconds << _SHIFT | number
        if not self._chunks:
            self._chunks, self._members = [array("q")], [0]
        place = self._place(key)
        chunk = self._chunks[place]
        insort(chunk, key)
        self._members[place] |= 1 << number
        if len(chunk) > _LARGEST_CHUNK:
            half = len(chunk) // 2
            self._chunks[place : place + 1] = [chunk[:half], chunk[half:]]
            self._members[place : place + 1] = [_mask(chunk[:half]), _mask(chunk[half:])]

    def remove(self, seconds: int, number: int) -> None:
        """Take one out that is there."""
        key = seconds << _SHIFT | number
        place = self._place(key)
        chunk = self._chunks[place]
        del chunk[bisect_left(chunk, key)]
        self._members[place] ^= 1 << number
        if not chunk:
            del self._chunks[place], self._members[place]

    def _place(self, key: int) -> int:
        """The chunk that a key is in, or would be put into."""
        low, high = 0, len(self._chunks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._chunks[middle][0] <= key:
                low = middle
            else:
                high = middle - 1
        return low

    def between(self, first: int, last: int) -> int:
        """The numbers of all whose time lies from `first` to `last`, both included, as bits."""
        low, high = first << _SHIFT, (last << _SHIFT) | _MASK
        found = 0
        for chunk, members in zip(self._chunks, self._members, strict=True):
            if low <= chunk[0] and chunk[-1] <= high:
                found |= members
            elif low <= chunk[-1] and chunk[0] <= high:
                found |= _mask(chunk[bisect_left(chunk, low) : bisect_right(chunk, high)])
        return found

    def slice_of(self, chosen: int, skip: int, take: int, *, descends: bool) -> list[int]:
        """Some of the numbers whose bits are 1, in order, without the first `skip`."""
        content = chosen.to_bytes(chosen.bit_length() // 8 + _MASK.bit_length(), "little")
        longest = len(content) * 8
        found: list[int] = []
        places = range(len(self._chunks))
        for place in reversed(places) if descends else places:
            count = (self._members[place] & chosen).bit_count()
            if skip >= count:
                skip -= count
                continue
            chunk = self._chunks[place]
            numbers = [key & _MASK for key in (reversed(chunk) if descends else chunk)]
            there = [n for n in numbers if n < longest and content[n >> 3] >> (n & 7) & 1]
            found += there[skip : skip + take - len(found)]
            skip = 0
            if len(found) >= take:
                break
        return found


def _mask(keys: Iterable[int]) -> int:
    numbers = [key & _MASK for key in keys]
    content = bytearray(max(numbers, default=0) // 8 + 1)
    for number in numbers:
        content[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(content, "little")
