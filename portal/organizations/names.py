"""Names of organizations: which names are valid, and when two names are the same."""

import re
import unicodedata

from portal.core.errors import Refused

LONGEST = 120
#: Some characters fold to several. A name that folds to more than this is refused.
LONGEST_FOLDED = 240
#: Combining marks allowed on one letter. No script needs more, and more would overlap the lines above and below.
_MARKS = 3
#: Characters that show nothing (Unicode's Default_Ignorable_Code_Point, as far as Python calls them printable) and the
#: blank of braille. With them, two names could look the same.
_INVISIBLE = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean(name: str) -> str:
    """Return ``name`` as it is stored, with single spaces and without invisible characters.

    Raise Refused if it is not a valid name.
    """
    name = unicodedata.normalize("NFC", " ".join(_INVISIBLE.sub("", name).split()))
    if not name:
        raise Refused("The name is empty.")
    if len(name) > LONGEST or len(folded(name)) > LONGEST_FOLDED:
        raise Refused(f"The name is longer than {LONGEST} characters.")
    if not name.isprintable() or _has_too_many_marks(name):
        raise Refused("The name contains characters that can't be displayed.")
    return name


def _has_too_many_marks(name: str) -> bool:
    kinds = "".join("m" if unicodedata.category(sign) in ("Mn", "Me") else "." for sign in name)
    return re.search("m" * (_MARKS + 1), kinds) is not None or kinds.startswith("m")


def folded(name: str) -> str:
    """Return the form in which names are compared.

    It ignores case, extra spaces, and the width and composition of characters (Unicode NFKC). Accents count.
    """
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
