"""Text that people typed, made safe for mails: on one line, and without anything that mail programs turn into a link."""

import re

from portal.branding.values import one_line
from portal.core.text import isolated

#: An invisible character that ends what mail programs take for an address (word joiner).
BREAK = "\u2060"
#: What makes text an address: a dot before a top-level domain, an @, and what follows a scheme.
_LINKS = re.compile(
    r"(?<=\w)[.。．｡](?=[^\W\d_]{2})|(?<=\w)@(?=\w)|:(?=//)|(?<=mailto):|(?<=tel):", re.IGNORECASE
)


def plain(text: str) -> str:
    """Return ``text`` on one line, with invisible breaks in everything that looks like an address.

    Names in right-to-left scripts are isolated from the sentence around them.
    """
    return _LINKS.sub(lambda found: found[0] + BREAK, isolated(one_line(text)))
