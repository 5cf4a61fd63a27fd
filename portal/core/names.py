"""Names of people and organizations: which ones are valid, and how a person without a name is called."""

import re
import unicodedata

from portal.core import text
from portal.core.errors import Refused

LONGEST = 120
#: Combining marks allowed on one letter. No script needs more, and more would overlap the lines above and below.
_MARKS = 3
#: Endings of domains that mail programs recognize without http:// before them, besides those of countries.
_DOMAINS = (
    "app|biz|cloud|club|com|dev|edu|example|gov|icu|info|int|link|live|mil|mobi|net|online|org|page|pro|shop|site|space"
    "|store|tech|top|vip|website|work|xyz|рф"
)
_COUNTRIES = (
    "a[cdefgilmoqrstuwxz]|b[abdefghijmnorstvwyz]|c[acdfghiklmnoruvwxyz]|d[ejkmoz]|e[cegrstu]|f[ijkmor]"
    "|g[abdefghilmnpqrstuwy]|h[kmnrtu]|i[delmnoqrst]|j[emop]|k[eghimnprwyz]|l[abcikrstuvy]|m[acdeghklmnopqrstuvwxyz]"
    "|n[acefgilopruz]|om|p[aefghklmnrstwy]|qa|r[eosuw]|s[abcdeghiklmnorstuvxyz]|t[cdfghjklmnortvwz]|u[agksyz]"
    "|v[aceginu]|w[fs]|y[et]|z[amw]"
)
#: What stands before a dot in names: an initial or a title, as in “J.van Dijk” and “Dr.Ma”.
_ABBREVIATION = r"(?:[^\W\d_]|dr|mr|mrs|ms|mx|st|ste|fr|prof|jr|sr|mc)"
#: Text that mail programs turn into a link.
_LINK = re.compile(
    rf"""
    ://|\b(?:https?|ftp|mailto|tel|javascript|data|file):(?=\S)|\bwww\d?\.
    |\w@\w
    |\b\d{{1,3}}(?:\.\d{{1,3}}){{3}}\b
    |\b(?!{_ABBREVIATION}\.)[\w-]*\w\.[^\W\d_]{{2,}}[/?\#\\]
    |\w\.(?:{_DOMAINS}|{_COUNTRIES}|xn--[\w-]+)[/?\#\\]\w
    |\b\w\.[^\W\d_]{{2,}}[/?\#\\]\w
    |\w\.[^\W\d_]{{2,}}:\d
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: A domain alone, which some companies have as their name.
_DOMAIN = re.compile(
    rf"\b(?!{_ABBREVIATION}\.)[\w-]*\w\.(?:{_DOMAINS}|{_COUNTRIES}|xn--[\w-]+)\b(?!\.\w)|\b\w\.(?:com?|net|org)\b(?!\.\w)",
    re.IGNORECASE,
)
_DOTS = str.maketrans("．。｡․﹒", ".....")


def clean(name: str, *, may_be_domain: bool = False) -> str:
    """Return ``name`` as it is stored: see `portal.core.text.clean`.

    Raise Refused if it is empty, too long, can't be displayed, or contains what mail programs turn into a link: the
    portal mails names to other people. With ``may_be_domain``, a domain alone is a name, such as “Better.com Mortgage”:
    companies are called so, and mails break such names.
    """
    name = text.clean(name)
    if not name:
        raise Refused("The name is empty.")
    if len(name) > LONGEST:
        raise Refused(f"The name is longer than {LONGEST} characters.")
    if not text.without_joiners(name).isprintable() or _has_too_many_marks(name):
        raise Refused("The name contains characters that can't be displayed.")
    plain = unicodedata.normalize("NFKC", name.translate(_DOTS)).translate(_DOTS)
    if _LINK.search(plain) or (not may_be_domain and _DOMAIN.search(plain)):
        raise Refused("A name can't contain a web or email address.")
    return name


def _has_too_many_marks(name: str) -> bool:
    kinds = "".join("m" if unicodedata.category(sign) in ("Mn", "Me") else "." for sign in name)
    return re.search("m" * (_MARKS + 1), kinds) is not None or kinds.startswith("m")


def from_email(address: str) -> str:
    """Return “Maria Lopez” for “maria.lopez@lender.example”. Empty for an address without letters before the @."""
    return " ".join(re.split(r"[._-]+", address.partition("@")[0])).strip().title()
