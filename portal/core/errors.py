"""The error of a request that breaks a rule."""


class Refused(Exception):
    """A rule forbids what was requested.

    ``str()`` is a sentence for the person who requested it. It contains no personal data of others.
    """
