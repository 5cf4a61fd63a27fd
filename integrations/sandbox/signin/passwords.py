"""Passwords of invented people: easy to remember and type, the same for the same user whenever the world is
made.
"""


def _words(text: str) -> list[str]:
    return text.split()


_ADJECTIVES = _words(
    "amber brave calm clever copper gentle golden happy ivory jolly lucky misty noble quiet silver sunny"
)
_ANIMALS = _words(
    "badger beaver crane falcon finch fox heron lynx marten otter owl robin salmon swan trout wren"
)


def password_for(user: int) -> str:
    """The password of the user with this id, e.g. `copper-heron-17`. Nothing real is protected by it."""
    mixed = user * 2654435761 % 2**32
    adjective = _ADJECTIVES[mixed >> 8 & 15]
    return f"{adjective}-{_ANIMALS[mixed >> 16 & 15]}-{mixed >> 20 & 63:02}"
