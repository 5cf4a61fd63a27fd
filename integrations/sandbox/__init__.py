"""A Total Expert to run at home: the vendor's API emulated over one SQLite file, with invented people in it.

It needs Werkzeug and nothing else, imports nothing of the project around it and meets it only over HTTP, so
that one misunderstanding of the vendor's documents cannot hide on both sides.
"""

from .app import create_app
from .version import __version__

__all__ = ["__version__", "create_app"]
