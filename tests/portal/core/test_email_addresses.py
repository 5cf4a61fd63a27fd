"""Email addresses are stored in one form, which can be typed and mailed."""

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from hypothesis import given
from hypothesis import strategies as st

from portal.core import email_addresses

MARKS = "\x00\x07\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\u00a0\u2003\n"


@pytest.mark.parametrize(
    ("pasted", "stored"),
    [
        *((f"ada@lakeshore.example{mark}", "ada@lakeshore.example") for mark in MARKS),
        ("\u200bada\u00ad@lake\u2060shore.example", "ada@lakeshore.example"),
        (" Ada.B+x@Lakeshore.EXAMPLE\n", "ada.b+x@lakeshore.example"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@b\u0075\u0308cher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
    ],
)
def test_an_address_is_stored_as_it_can_be_typed(pasted: str, stored: str) -> None:
    assert email_addresses.normalize(pasted) == stored
    assert email_addresses.normalize(stored) == stored


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@lakeshore.example",
        "ada@lakeshore",
        "ada@localhost",
        "ada@@lakeshore.example",
        "ada@lakeshore..example",
        "ada.@lakeshore.example",
        "ada@-lakeshore.example",
        "ada b@lakeshore.example",
        "ada@lake shore.example",
        '"ada b"@lakeshore.example',
        "ada@[127.0.0.1]",
        "Ada <ada@lakeshore.example>",
        "ada@lakeshore.example, eve@evil.example",
        "ada@lakeshore.example\neve@evil.example",
        "jürgen@lakeshore.example",
        "a" * 65 + "@lakeshore.example",
        "a@" + "b." * 130 + "example",
        "a" * 100_000 + "@lakeshore.example",
    ],
)
def test_an_address_that_cannot_be_mailed_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="Enter a valid email address"):
        email_addresses.normalize(address)


@given(
    st.one_of(
        st.text(),
        st.emails(),
        st.builds(lambda *parts: "".join(parts), st.text(), st.just("@"), st.text(), st.just(".example")),
    )
)
def test_every_address_is_refused_or_can_be_typed_and_mailed(pasted: str) -> None:
    try:
        stored = email_addresses.normalize(pasted)
    except ValidationError:
        return
    assert stored.isascii() and stored.isprintable() and " " not in stored and len(stored) <= 254
    assert email_addresses.normalize(stored) == stored
    assert EmailMessage(to=[stored]).message()["To"] == stored
