"""How a rule of organizations says no."""


class Refused(Exception):
    """A request that a rule forbids. ``str()`` is a sentence for whoever asked; it names no third person's data."""
