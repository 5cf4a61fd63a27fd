"""Names of organizations, compared as people read them."""

import unicodedata


def folded(name: str) -> str:
    """What two names have in common that look the same: case, width and composition of letters (Unicode's NFKC) apart."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
