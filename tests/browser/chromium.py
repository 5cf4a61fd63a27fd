"""Where Chromium is on this machine, and how it is started."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
MISSING = "needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it"


def find() -> Path | None:
    """The browser that CHROMIUM names, or the first of the usual names on the PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return None
