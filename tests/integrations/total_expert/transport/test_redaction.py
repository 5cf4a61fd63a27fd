"""What is removed from the server's messages."""

import time

import pytest

from integrations.total_expert.transport.redaction import (
    LONG_VALUE,
    MAX_INPUT_LENGTH,
    MAX_LENGTH,
    redact,
    values_in,
)


def test_private_values_are_removed_as_whole_words() -> None:
    assert redact("Contact Clark Gable exists, Clarkson does not", ["Clark", "Gable"]) == (
        "Contact … … exists, Clarkson does not"
    )


def test_a_longer_value_is_removed_before_a_shorter_one_inside_it() -> None:
    assert redact("no Clark Gable here", ["Clark", "Clark Gable"]) == "no … here"


def test_property_names_stay() -> None:
    text = "Unable to find target for relationship: 'owner'"
    assert redact(text, ["clark@example.com", "14"]) == text


def test_text_that_looks_private_is_removed() -> None:
    assert redact("mail a.b+c@example.com taken") == "mail … taken"
    assert redact("call (612) 555-0123 now") == "call (… now"
    assert redact(f"token {'a1' * 20} unknown") == "token … unknown"


def test_text_becomes_one_line_of_limited_length() -> None:
    assert redact("one\r\ntwo\x00three\x1b[31m") == "one two three [31m"
    assert len(redact("word " * 150)) == MAX_LENGTH


def test_values_are_collected_at_any_depth_without_property_names() -> None:
    data = {"owner": {"id": 14}, "groups": [{"group_name": "Past"}], "ok": True, "none": None}
    assert sorted(values_in(data)) == ["14", "Past"]


def test_a_value_longer_than_the_quoted_text_is_removed() -> None:
    note = "Their boat is called Ondine and they moor it. " * 20
    assert redact(f"Note {note}is too long", [note]) == "Note … is too long"


def test_a_long_value_is_removed_if_truncated_or_inside_a_word() -> None:
    note = "Their boat is called Ondine and they moor it in Duluth"
    assert redact(f"Note '{note[:30]}' is too long", [note]) == "Note '…' is too long"
    assert redact(f"Note x{note.upper()}x, {note[:LONG_VALUE]}", [note]) == "Note x…x, …"


def test_values_are_removed_whatever_their_unicode_form() -> None:
    assert redact("no Clark here", ["Cla\u00adrk"]) == "no … here"
    assert redact("no Cla\u00adrk, Cl\u200bark", ["Clark"]) == "no …, …"
    assert redact("no Rene\u0301 here", ["Ren\u00e9"]) == "no … here"


def test_a_text_that_is_too_long_is_not_quoted() -> None:
    assert redact("word " * MAX_INPUT_LENGTH) == "…"


@pytest.mark.parametrize("text", ["é", ".", "é ", "1 ", "é@", "1((((((", "(1", "-", "\ufdfa"])
def test_no_text_takes_long_to_redact(text: str) -> None:
    started = time.process_time()
    redact(text * (MAX_INPUT_LENGTH // len(text)))
    assert time.process_time() - started < 0.5
