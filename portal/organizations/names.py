"""Names of organizations: which names are valid, and when two names are the same."""

import unicodedata

from portal.core import names, text
from portal.core.errors import Refused

LONGEST = names.LONGEST
#: Some characters fold to several. A name that folds to more than this is refused.
LONGEST_FOLDED = 240


def clean(name: str) -> str:
    """Return ``name`` as it is stored. Raise Refused if it is not a valid name: see `portal.core.names.clean`."""
    name = names.clean(name, may_be_domain=True)
    if len(folded(name)) > LONGEST_FOLDED:
        raise Refused(f"The name is longer than {LONGEST} characters.")
    return name


def folded(name: str) -> str:
    """Return the form in which names are compared.

    It ignores case, extra spaces, invisible characters, and the width and composition of characters (Unicode NFKC).
    Accents count.
    """
    name = text.without_joiners(text.clean(name))
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
