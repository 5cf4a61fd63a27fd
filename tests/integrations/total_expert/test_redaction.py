"""What is taken out of the server's words."""

from integrations.total_expert.redaction import LONG, LONGEST, LONGEST_READ, redact, values_in


def test_values_that_were_sent_are_taken_out_as_whole_words() -> None:
    assert redact("Contact Clark Gable exists, Clarkson does not", ["Clark", "Gable"]) == (
        "Contact … … exists, Clarkson does not"
    )


def test_a_long_value_goes_before_a_short_one_inside_it() -> None:
    assert redact("no Clark Gable here", ["Clark", "Clark Gable"]) == "no … here"


def test_names_of_relationships_stay() -> None:
    text = "Unable to find target for relationship: 'owner'"
    assert redact(text, ["clark@example.com", "14"]) == text


def test_what_looks_private_is_taken_out_unasked() -> None:
    assert redact("mail a.b+c@example.com taken") == "mail … taken"
    assert redact("call (612) 555-0123 now") == "call (… now"
    assert redact(f"token {'a1' * 20} unknown") == "token … unknown"


def test_text_becomes_one_bounded_line() -> None:
    assert redact("one\r\ntwo\x00three\x1b[31m") == "one two three [31m"
    assert len(redact("word " * 1000)) == LONGEST


def test_values_are_found_at_any_depth_and_property_names_are_not() -> None:
    data = {"owner": {"id": 14}, "groups": [{"group_name": "Past"}], "ok": True, "none": None}
    assert sorted(values_in(data)) == ["14", "Past"]


def test_a_value_longer_than_what_is_quoted_is_taken_out_whole() -> None:
    note = "Their boat is called Ondine and they moor it. " * 60
    assert redact(f"Note {note}is too long", [note]) == "Note … is too long"


def test_a_long_value_is_found_where_the_server_cut_it_short_and_inside_words() -> None:
    note = "Their boat is called Ondine and they moor it in Duluth"
    assert redact(f"Note '{note[:30]}' is too long", [note]) == "Note '…' is too long"
    assert redact(f"Note x{note.upper()}x, {note[:LONG]}", [note]) == "Note x…x, …"


def test_values_are_found_however_they_are_composed_and_whatever_invisible_stands_in_them() -> None:
    assert redact("no Clark here", ["Cla\u00adrk"]) == "no … here"
    assert redact("no Cla\u00adrk, Cl\u200bark", ["Clark"]) == "no …, …"
    assert redact("no Rene\u0301 here", ["Ren\u00e9"]) == "no … here"


def test_nothing_is_taken_over_from_a_text_that_is_no_sentence() -> None:
    assert redact("word " * LONGEST_READ) == "…"
