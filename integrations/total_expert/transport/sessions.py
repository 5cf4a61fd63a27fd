"""HTTP sessions that reach one environment only."""

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar

import requests
from requests.adapters import BaseAdapter

from ..environment import Environment
from .adapters import ApiAdapter

#: The default connect and read timeout, in seconds. A read timeout is the longest silence, not the longest response.
TIMEOUT = (3.05, 30.0)
#: The most seconds that a whole exchange may take, from the look-up of the host to the end of the body.
DEADLINE = 60.0
#: How many connections a session keeps open for its threads.
POOL_SIZE = 32

Session = TypeVar("Session", bound=requests.Session)


class NoRedirects:
    """A mixin for sessions that never follow a redirect.

    ``allow_redirects=False`` is not enough: requests would still read the whole body of a redirect, however long.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return None: no response redirects."""
        return None


class ApiSession(NoRedirects, requests.Session):
    """A session for API calls. Pass it to `configure_session`."""


def configure_session(
    session: Session,
    environment: Environment,
    *,
    adapter: BaseAdapter | None = None,
    proxies: Mapping[str, str] | None = None,
) -> Session:
    """Restrict a session to the environment's host and return it.

    It keeps no cookies and reads neither ~/.netrc nor the proxy environment variables: `proxies` are the only ones.
    `adapter` replaces the network.
    """
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.proxies = dict(proxies or {})
    session.adapters.clear()
    session.mount(f"{environment.origin}/", adapter or ApiAdapter(seconds=DEADLINE, pool_size=POOL_SIZE))
    return session
