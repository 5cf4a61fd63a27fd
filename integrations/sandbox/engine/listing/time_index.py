"""Records sorted by time, in chunks that are also bit sets, so that any slice of any subset is found without a scan."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

_SHIFT = 25
_MASK = 2**_SHIFT - 1
_MAX_CHUNK = 8192


class TimeIndex:
    """Pairs of a time (seconds, not negative) and a number (below 2**25), sorted by time, then by number."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        keys = sorted(seconds << _SHIFT | number for seconds, number in pairs)
        half = _MAX_CHUNK // 2
        self._chunks = [array("q", keys[start : start + half]) for start in range(0, len(keys), half)]
        self._members = [_mask(chunk) for chunk in self._chunks]

    def add(self, seconds: int, number: int) -> None:
        """Add a pair."""
        key = seconds << _SHIFT | number
        if not self._chunks:
            self._chunks, self._members = [array("q")], [0]
        place = self._chunk_index(key)
        chunk = self._chunks[place]
        insort(chunk, key)
        self._members[place] |= 1 << number
        if len(chunk) > _MAX_CHUNK:
            half = len(chunk) // 2
            self._chunks[place : place + 1] = [chunk[:half], chunk[half:]]
            self._members[place : place + 1] = [_mask(chunk[:half]), _mask(chunk[half:])]

    def remove(self, seconds: int, number: int) -> None:
        """Remove a pair, which must exist."""
        key = seconds << _SHIFT | number
        place = self._chunk_index(key)
        chunk = self._chunks[place]
        del chunk[bisect_left(chunk, key)]
        self._members[place] ^= 1 << number
        if not chunk:
            del self._chunks[place], self._members[place]

    def _chunk_index(self, key: int) -> int:
        """Return the index of the chunk that a key belongs to."""
        low, high = 0, len(self._chunks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._chunks[middle][0] <= key:
                low = middle
            else:
                high = middle - 1
        return low

    def between(self, first: int, last: int) -> int:
        """Return the numbers whose time is between `first` and `last`, inclusive, as a bit set."""
        low, high = first << _SHIFT, (last << _SHIFT) | _MASK
        found = 0
        for chunk, members in zip(self._chunks, self._members, strict=True):
            if low <= chunk[0] and chunk[-1] <= high:
                found |= members
            elif low <= chunk[-1] and chunk[0] <= high:
                found |= _mask(chunk[bisect_left(chunk, low) : bisect_right(chunk, high)])
        return found

    def slice_members(self, chosen: int, skip: int, take: int, *, descends: bool) -> list[int]:
        """Return up to `take` of the chosen numbers in order of time, after the first `skip`."""
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
