"""Clean text that people paste or that comes from Total Expert: what is stored is what people see and can type."""

import re
import unicodedata

#: Characters that show nothing: controls, direction marks, Unicode's Default_Ignorable_Code_Point, the blank of braille,
#: and halves of surrogate pairs. The joiners U+200C and U+200D are handled apart.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LINE_BREAK = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]")
_JOINERS = re.compile("[\u200c\u200d]+")
_ZERO_WIDTH_JOINER = "\u200d"
#: Scripts in which a joiner changes how the letters beside it look: Arabic, Syriac, N'Ko, Mandaic, the Indic scripts,
#: Tibetan, Burmese, Khmer, Mongolian, and others of South and Southeast Asia.
_JOINING = re.compile(
    "[\u0600-\u07ff\u0840-\u0dff\u0f00-\u109f\u1700-\u18af\u1900-\u1cff\ua800-\ua8ff\ua930-\ua9ff\uaa00-\uaaff"
    "\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00010d3f\U00011000-\U00011fff\U0001e900-\U0001e95f]"
)
#: From the first to the last letter of a right-to-left script, with what is between them.
_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff"
_RIGHT_TO_LEFT = re.compile(f"[{_RTL}](?:[^a-zA-Z\n]*[{_RTL}])?")
#: Unicode's canonical combining class of a virama, which takes the vowel from a consonant.
_VIRAMA = 9


def clean(text: str) -> str:
    """Return ``text`` as it is stored: `visible`, on one line, with single spaces."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Return ``text`` in Unicode's NFC without characters that show nothing, and without surrounding white space.

    Line breaks become spaces. A joiner stays where its script needs it, as in Persian and Sinhala.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _INVISIBLE.sub("", _LINE_BREAK.sub(" ", text))
    return unicodedata.normalize("NFC", _JOINERS.sub(_needed_joiner, text)).strip()


def isolated(text: str) -> str:
    """Return ``text`` with its parts in right-to-left scripts isolated, so that they reorder nothing around them.

    For text without markup, such as titles and mails. In pages, the style sheet isolates.
    """
    return _RIGHT_TO_LEFT.sub(lambda found: f"\u2068{found[0]}\u2069", text)


def without_joiners(text: str) -> str:
    """Return ``text`` without the joiners that `clean` leaves. Comparisons ignore them."""
    return _JOINERS.sub("", text)


def _needed_joiner(found: re.Match[str]) -> str:
    """Return the joiner if it changes the letters beside it, else nothing."""
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    joiner = found[0][0]
    if not _is_joining(before):
        return ""
    if _is_joining(after):
        return joiner
    # Malayalam and Bengali also write a consonant without its vowel at the end of a word.
    return joiner if joiner == _ZERO_WIDTH_JOINER and unicodedata.combining(before) == _VIRAMA else ""


def _is_joining(letter: str) -> bool:
    return bool(_JOINING.match(letter)) and unicodedata.category(letter)[0] in "LM"
