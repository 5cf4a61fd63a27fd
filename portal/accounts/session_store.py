"""Sessions in the database, with keys of no other shape than those that Django makes."""

import re

from django.contrib.sessions.backends import db

_KEY = re.compile(r"[a-z0-9]{8,40}")


class SessionStore(db.SessionStore):
    """Django's, but a cookie with any other character is no session. PostgreSQL can't even look for some."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and _KEY.fullmatch(str(key)) is not None
