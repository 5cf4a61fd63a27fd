"""Text for searching, stored and typed alike: lower case, without accents and apostrophes, with one kind of dash."""

import re
import unicodedata
from typing import Any

from django.db import models

from portal.core import text as texts

#: Letters that Unicode doesn't decompose into a letter and an accent.
_UNDECOMPOSED = {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
#: Apostrophes, accents that people type as such, and quotation marks: O'Brien, O’Brien and OBrien are the same name.
_APOSTROPHES = "'`´ʹʻʼʽʾʿˈˊˋ‘’‚‛′‵՚׳ߴߵꞌ" + '"“”„‟«»‹›″‶〃״'
_DASHES = "‐‑‒–—―−⁃˗֊᠆⸗⸺⸻〜〰゠➖⁻₋-"
_ALIKE = str.maketrans(
    {**_UNDECOMPOSED, **dict.fromkeys(_APOSTROPHES), **dict.fromkeys(_DASHES, "-"), "⁄": "/"}
)
#: More words are ignored.
MOST_WORDS = 10
_PUNCTUATION = ".,;:!?&|/\\()[]{}<>*"


def fold(text: str) -> str:
    """Return ``text`` in the form in which it is searched, with single spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().translate(_ALIKE).split())
    visible = texts.without_joiners(texts.visible(text)).translate(_ALIKE)
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", visible).casefold())
    plain = "".join(map(_in_ascii, decomposed)).translate(_ALIKE)
    return " ".join(plain.split())


def _in_ascii(letter: str) -> str:
    """Return nothing for an accent, the ASCII digit for a digit of any script, and else the letter."""
    if unicodedata.combining(letter):
        return ""
    digit = unicodedata.decimal(letter, None)
    return letter if digit is None else str(digit)


def words(query: str) -> list[str]:
    """Return the words of ``query`` that must all be in a folded text, without punctuation around them."""
    found = []
    for part in re.split("[ -]+", fold(query)):
        word = part.strip(_PUNCTUATION)
        if word and any(letter.isalpha() for letter in word):
            found.append(word)
        else:  # 612.555 and 24/7
            found += re.findall(r"\d+", word) or ([word] if word else [])
    return found


def matching(column: str, query: str) -> models.Q:
    """Return the condition for rows whose search column has all words of ``query``: all rows for an empty query."""
    typed = words(query)[:MOST_WORDS]
    if not typed:
        return models.Q(pk__in=[]) if query.strip() else models.Q(pk__isnull=False)
    found = models.Q()
    for word in typed:
        found &= models.Q(**{f"{column}__contains": word})
    return found


class SearchTextField(models.CharField):  # type: ignore[type-arg]
    """The folded text of other fields of the row, set whenever the row is saved, also by ``bulk_create``.

    A save with ``update_fields`` must name it together with its ``sources``.
    """

    def __init__(self, *args: Any, sources: tuple[str, ...] = (), **options: Any) -> None:
        self.sources = tuple(sources)
        super().__init__(*args, **{"max_length": 1000, "default": "", "editable": False, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "sources": self.sources}

    def of(self, row: models.Model) -> str:
        """Return the text for a row."""
        return fold(" ".join(str(getattr(row, source)) for source in self.sources))[: self.max_length]

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = self.of(model_instance)
        setattr(model_instance, self.attname, value)
        return value
