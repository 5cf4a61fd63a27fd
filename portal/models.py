"""The project's own rows: the clock's offset, and which encryption keys are known where."""

from portal.clock import ClockOffset
from portal.known_keys import FirstSeen, KnownKeys

__all__ = ["ClockOffset", "FirstSeen", "KnownKeys"]
