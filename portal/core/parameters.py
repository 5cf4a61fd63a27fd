"""Values that URLs and forms carry as text."""

#: Digits of the longest number that every database can compare with a primary key.
DIGITS = 18


def read_id(text: str) -> int | None:
    """Return the primary key that ``text`` spells in ASCII digits. Return None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None
