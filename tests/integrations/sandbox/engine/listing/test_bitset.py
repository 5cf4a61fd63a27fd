"""Bit sets."""

import random

from integrations.sandbox.engine.listing.bitset import BitSet, members, slice_members


def test_a_set_has_the_numbers_that_were_added_and_not_discarded() -> None:
    rng = random.Random(3)
    expected = set(rng.sample(range(50_000), 900))
    held = BitSet(expected, size=50_000)
    for _ in range(3000):
        number = rng.randrange(90_000)
        if rng.random() < 0.5:
            held.add(number)
            expected.add(number)
        else:
            held.discard(number)
            expected.discard(number)
    assert list(members(held.as_int)) == sorted(expected)


def test_an_empty_set_has_no_members() -> None:
    assert BitSet().as_int == 0
    assert list(members(0)) == slice_members(0, 0, 5) == []


def test_any_slice_equals_the_slice_of_the_sorted_numbers() -> None:
    rng = random.Random(4)
    for density in (0.001, 0.2, 1):
        numbers = [number for number in range(60_000) if rng.random() < density]
        held = BitSet(numbers, size=60_000).as_int
        for skip in (0, 1, len(numbers) // 2, len(numbers) - 3, len(numbers), len(numbers) + 9):
            skip = max(0, skip)
            assert slice_members(held, skip, 100) == numbers[skip : skip + 100]
