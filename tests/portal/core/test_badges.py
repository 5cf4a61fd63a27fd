"""How states look."""

from integrations.connections.models import ConnectionState, RequestState
from portal.core import badges


def test_every_state_of_a_connection_has_a_look() -> None:
    assert [state for state in ConnectionState if not badges.is_known(state)] == []


def test_every_state_of_a_token_request_has_a_look() -> None:
    assert [state for state in RequestState if not badges.is_known(state)] == []


def test_two_states_that_need_different_things_do_not_look_the_same() -> None:
    looks = [badges.badge(state) for state in ConnectionState]
    assert len({(look.word, look.icon) for look in looks}) == len(looks)


def test_what_works_and_what_does_not_differ_in_tone() -> None:
    assert badges.badge("active").tone == "ok"
    assert badges.badge("needs_reconnect").tone == "bad"
    assert badges.badge("paused").tone == "warn"


def test_true_false_and_none_are_yes_no_and_unknown() -> None:
    assert [badges.badge(flag).word for flag in (True, False, None)] == ["Yes", "No", "Unknown"]


def test_a_state_without_a_look_is_shown_by_its_word_in_the_quiet_tone() -> None:
    look = badges.badge("partly_searched")
    assert (look.word, look.tone) == ("Partly searched", "idle")
