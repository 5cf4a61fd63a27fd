"""The settings of the tests: the portal's own, with keys, a database and mail of their own.

Nothing of a developer's `.env` reaches the tests: what they need is in the environment before the portal's settings
read it. Only DATABASE_URL, given in the environment itself, chooses another database server.
"""

import base64
import os
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")


def scratch() -> Path:
    """Where this process may put a database that nobody needs afterwards: in memory where there is such a place."""
    place = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    return place / f"portal-test-{os.getpid()}.sqlite3"


os.environ.setdefault("DATABASE_URL", f"sqlite:///{scratch()}")
os.environ.update(
    {
        "DEBUG": "0",
        "DEMO": "0",
        "SECRET_KEY": "only-the-tests-know-this-key-and-it-protects-nothing-at-all",
        "ENCRYPTION_KEYS": "test:" + base64.b64encode(b"tests only: thirty-two bytes key").decode(),
        "FINGERPRINT_KEY": "tests only: fingerprints of invented values",
        "PORTAL_URL": "http://localhost:8000",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "ENVIRONMENT_HOSTS": "public.totalexpert.net",
        "PROXY_HOSTS": "proxy.example,127.0.0.1",
        "TRUSTED_PROXIES": "0",
        "EMAIL_URL": "consolemail://",
        "DEFAULT_FROM_EMAIL": "Portal <portal@localhost>",
        "PARTNER_NAME": "",
        "PRODUCT_NAME": "",
        "ACCENT_COLOR": "",
        "SUPPORT_EMAIL": "",
        "PRIVACY_URL": "",
    }
)

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, because a database in memory knows no WAL and its threads lock each other out.
    DATABASES["default"]["TEST"] = {"NAME": str(DATABASES["default"]["NAME"])}
else:
    # A connection kept open would keep the test database from being dropped.
    DATABASES["default"]["CONN_MAX_AGE"] = 0

# the tests collect no static files
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
# each test client loads the middleware anew, and each time WhiteNoise would read every static file
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = None

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
