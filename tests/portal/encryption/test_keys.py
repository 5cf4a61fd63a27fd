"""Parsing ENCRYPTION_KEYS."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.encryption import keys
from tests.portal.encryption.keys import entry


@pytest.mark.parametrize("text", ["", "k1", "k1:short", "k1:!!!!", ":" + "A" * 44])
def test_malformed_keys_are_rejected_without_showing_them(text: str) -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        keys.parse_keys(text)
    assert "short" not in str(error.value)


def test_two_keys_with_the_same_id_are_rejected() -> None:
    with pytest.raises(ImproperlyConfigured, match="entry 3 has the same id as an earlier entry"):
        keys.parse_keys(f"{entry('k1')},{entry('k2')},{entry('k1')}")


def test_check_values_tell_keys_with_the_same_id_apart_and_reveal_neither(settings: Any) -> None:
    found = []
    for _ in range(2):
        settings.ENCRYPTION_KEYS = entry("k1")
        found.append(keys.check_values()["k1"])
        assert found[-1] == keys.check_values()["k1"]
        assert found[-1] not in settings.ENCRYPTION_KEYS
    assert found[0] != found[1]
