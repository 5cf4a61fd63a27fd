"""The time index."""

import random

from integrations.sandbox.engine.listing.bitset import BitSet, members
from integrations.sandbox.engine.listing.time_index import TimeIndex


def check(held: TimeIndex, pairs: set[tuple[int, int]], chosen: set[int]) -> None:
    picked = BitSet(chosen, size=max(chosen, default=0) + 1).as_int
    order = [number for _, number in sorted(pairs) if number in chosen]
    for skip in (0, 5, len(order) // 2, max(0, len(order) - 20), len(order) + 1):
        assert held.slice_members(picked, skip, 50, descends=False) == order[skip : skip + 50]
        assert held.slice_members(picked, skip, 50, descends=True) == order[::-1][skip : skip + 50]
    times = sorted({seconds for seconds, _ in pairs}) or [0]
    for first, last in ((0, times[-1]), (times[len(times) // 2], times[-1]), (times[0], times[0]), (9, 3)):
        expected = {number for seconds, number in pairs if first <= seconds <= last}
        assert set(members(held.between(first, last))) == expected


def test_slices_and_ranges_agree_with_the_sorted_pairs_after_many_changes() -> None:
    rng = random.Random(5)
    now = 1_700_000_000
    pairs = {(now + rng.randrange(10**6), number) for number in range(20_000)}
    held = TimeIndex(pairs)
    times = {number: seconds for seconds, number in pairs}
    for _ in range(4):
        for number in rng.sample(range(30_000), 3000):
            if number in times:
                held.remove(times[number], number)
                pairs.remove((times[number], number))
            if rng.random() < 0.7:
                times[number] = now + 10**6 + rng.randrange(20)
                held.add(times[number], number)
                pairs.add((times[number], number))
            else:
                times.pop(number, None)
        everyone = {number for _, number in pairs}
        check(held, pairs, everyone)
        check(held, pairs, set(rng.sample(sorted(everyone), 300)) | {400_000})


def test_it_can_be_emptied_and_refilled() -> None:
    held = TimeIndex([(5, 1), (5, 0)])
    check(held, {(5, 1), (5, 0)}, {0, 1})
    held.remove(5, 1)
    held.remove(5, 0)
    check(held, set(), {0, 1})
    held.add(7, 3)
    check(held, {(7, 3)}, {3})


def test_many_records_with_the_same_time_are_found() -> None:
    pairs = {(1_700_000_000, number) for number in range(30_000)}
    held = TimeIndex()
    for seconds, number in sorted(pairs):
        held.add(seconds, number)
    check(held, pairs, {number for _, number in pairs})
