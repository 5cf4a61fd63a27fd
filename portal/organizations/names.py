"""Names of organizations: what one may be, and when two read the same."""

import re
import unicodedata

from portal.core.errors import Refused

LONGEST = 120
#: More marks on one letter than any script needs: they would run over the lines above and below.
_MARKS = 3


def clean(name: str) -> str:
    """A name as it is kept, with single spaces. Raises Refused with what is wrong with it."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not name:
        raise Refused("The name is empty.")
    if len(name) > LONGEST:
        raise Refused(f"The name is longer than {LONGEST} characters.")
    if not name.isprintable() or _has_too_many_marks(name):
        raise Refused("The name holds characters that can't be shown.")
    return name


def _has_too_many_marks(name: str) -> bool:
    kinds = "".join("m" if unicodedata.category(sign) in ("Mn", "Me") else "." for sign in name)
    return re.search("m" * (_MARKS + 1), kinds) is not None or kinds.startswith("m")


def folded(name: str) -> str:
    """What two names have in common that look the same: case, width and composition of letters (Unicode's NFKC) apart."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
