"""The project's own rows: only the clock's offset."""

from portal.clock import ClockOffset

__all__ = ["ClockOffset"]
