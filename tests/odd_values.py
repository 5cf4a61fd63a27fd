"""Values that people, scanners and broken programs send, as bytes, for tests that fuzz the portal and the sandbox."""

from hypothesis import strategies as st

LONG = 10_000

ODD_VALUES: tuple[bytes, ...] = (
    b"",
    b" ",
    b"\0",
    b"a\0b",
    b"\r\nSet-Cookie: a=b",
    b"\xff",  # no UTF-8
    b"\xed\xa0\x80",  # half of a surrogate pair
    b"\xc0\xaf",  # an overlong slash
    "\u202eevil\u202c".encode(),
    "\u200f\u05d0\u200b\ufeff".encode(),
    "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}\N{COMBINING ACUTE ACCENT}".encode(),
    "\N{ARABIC-INDIC DIGIT THREE}".encode(),
    "\N{SUPERSCRIPT TWO}".encode(),
    b"A" * LONG,
    "\N{GRINNING FACE}".encode() * 3000,
    b"9" * 5000,  # more digits than int() takes
    b"0",
    b"-1",
    b"+1",
    b"1_000",
    b"1e400",
    b"NaN",
    b"-Infinity",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"2147483648",
    b"99999999999999999999999999",
    b"0.0000000000000000000001",
    b"0001-01-01",
    b"9999-12-31",
    b"0001-01-01T00:00:00+14:00",
    b"9999-12-31T23:59:59-14:00",
    b"2026-02-30",
    b"00000000-0000-0000-0000-000000000000",
    b"------------------------------------",
    b"true",
    b"null",
    b"[]",
    b'{"a":1}',
    b"{{ settings.SECRET_KEY }}",
    b"{% debug %}",
    b"%s%n%(a)s",
    b"{0.__class__}",
    b"%",
    b"_%\\",
    b"' OR 1=1 --",
    b'"><script>alert(1)</script>',
    b"../../etc/passwd",
    b"//evil.example/",
    b"javascript:alert(1)",
    b"http://[::1",
    b"https://user:pw@public.totalexpert.net:99999/v1",
    b"a@b@c",
    b"x@" + b"a." * 200 + b"com",
    "\N{LATIN SMALL LETTER O WITH DIAERESIS}@\N{LATIN SMALL LETTER O WITH DIAERESIS}.example".encode(),
    b"x@xn--.example",
    b"=cmd|' /C calc'!A0",
    b"#6d3fc0",
)


def values() -> st.SearchStrategy[bytes]:
    """Return a strategy for odd values: mostly the table, sometimes any text or bytes."""
    text = st.text(max_size=30).map(lambda text: text.encode(errors="replace"))
    return st.one_of(st.sampled_from(ODD_VALUES), st.sampled_from(ODD_VALUES), text, st.binary(max_size=30))
