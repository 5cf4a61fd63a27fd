"""A stand-alone emulator of the Total Expert API over one SQLite file, with invented data.

It needs only Werkzeug. It imports nothing from the rest of the project, which talks to it only over HTTP, so that a
misreading of the vendor's documentation can't hide on both sides.
"""

from .app import create_app
from .version import __version__

__all__ = ["__version__", "create_app"]
