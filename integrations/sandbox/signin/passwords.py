"""Passwords of invented users: easy to type, and the same for the same user every time."""


def _words(text: str) -> list[str]:
    return text.split()


_ADJECTIVES = _words(
    "amber brave calm clever copper gentle golden happy ivory jolly lucky misty noble quiet silver sunny"
)
_ANIMALS = _words(
    "badger beaver crane falcon finch fox heron lynx marten otter owl robin salmon swan trout wren"
)


def password_for(user: int) -> str:
    """Return the password of a user, e.g. `copper-heron-17`. It protects nothing real."""
    mixed = user * 2654435761 % 2**32
    adjective = _ADJECTIVES[mixed >> 8 & 15]
    return f"{adjective}-{_ANIMALS[mixed >> 16 & 15]}-{mixed >> 20 & 63:02}"
