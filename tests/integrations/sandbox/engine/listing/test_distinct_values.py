"""Searching the distinct values of a column."""

import random
import sqlite3

from integrations.sandbox.engine.listing.distinct_values import DistinctValues

LETTERS = "aAbBéÉ%_ \n\\"


def like(values: set[str], fragment: str) -> set[str]:
    """Return what SQLite's LIKE finds."""
    escaped = fragment.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    connection = sqlite3.connect(":memory:")
    query = "SELECT ? LIKE ? ESCAPE '\\'"
    found = {v for v in values if connection.execute(query, (v, f"%{escaped}%")).fetchone()[0]}
    connection.close()
    return found


def test_it_finds_what_like_finds_among_initial_and_added_values() -> None:
    rng = random.Random(11)
    values = {"".join(rng.choices(LETTERS, k=rng.randrange(1, 9))) for _ in range(1500)}
    listed = sorted(values)
    vocabulary = DistinctValues([*listed[:400], None, ""])
    for value in listed[300:]:
        vocabulary.add(value)
    vocabulary.add(None)
    for _ in range(200):
        fragment = "".join(rng.choices(LETTERS.replace("\n", ""), k=rng.randrange(1, 4)))
        assert set(vocabulary.containing(fragment, 10_000) or ()) == like(values, fragment)


def test_too_many_matches_return_none() -> None:
    vocabulary = DistinctValues(f"name {number}" for number in range(100))
    assert vocabulary.containing("name", 99) is None
    assert len(vocabulary.containing("name", 101) or ()) == 100
    assert vocabulary.containing("name 1\n", 100) is None


def test_a_multiline_value_is_found_even_if_its_lines_are_values_too() -> None:
    vocabulary = DistinctValues(["aa", "bb"])
    vocabulary.add("aa\nbb")
    for number in range(600):
        vocabulary.add(f"name {number}")
    assert set(vocabulary.containing("bb", 10) or ()) == {"bb", "aa\nbb"}
