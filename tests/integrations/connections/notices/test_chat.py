"""The chat: what is sent to it, and that what others wrote stays plain text there."""

import pytest

from integrations.connections.notices import chat


@pytest.mark.parametrize(
    "text", ["<!channel> hurry", "<https://evil.example|Sign in>", "@here", "*bold* `code`"]
)
def test_what_somebody_else_wrote_is_neither_markup_nor_a_call_to_everybody(text: str) -> None:
    said = chat.escape(text)
    assert not set("<>") & set(said)
    assert all(f"\u200b{mark}\u200b" in said for mark in set(text) & set("@*`|"))


def test_what_is_plain_is_left_as_it_is() -> None:
    assert chat.escape("Cedar Home Lending, Inc.") == "Cedar Home Lending, Inc."


def test_an_address_that_is_none_is_never_told(settings: object) -> None:
    settings.CHAT_WEBHOOK_URL = "no address at all, a-secret"  # type: ignore[attr-defined]
    with pytest.raises(chat.DeliveryFailed) as refused:
        chat.send("Hello")
    assert "a-secret" not in str(refused.value)
    assert refused.value.__cause__ is None
