"""The version of the sandbox."""

__version__ = "0.1.0"
