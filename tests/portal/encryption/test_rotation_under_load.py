"""Key rotation while other threads write the same rows."""

import threading
import time
from typing import Any

import pytest
from django.db import connections

from integrations.connections.models import Token
from portal.encryption import rotation
from tests.portal.encryption.keys import put_in_front
from tests.world import BLUEWATER, World


@pytest.mark.django_db(transaction=True)
def test_tokens_that_two_threads_keep_writing_are_neither_lost_nor_reverted(
    world: World, settings: Any
) -> None:
    world.connected()
    world.connected(BLUEWATER)
    put_in_front(settings)
    stop, written, errors = threading.Event(), {}, []

    def write(pk: Any, name: str) -> None:
        try:
            number = 0
            while not stop.is_set():
                number += 1
                token = Token.objects.get(pk=pk)
                if number > 1:
                    assert token.access_token == f"{name} {number - 1}"
                token.access_token = f"{name} {number}"
                token.save()
                written[pk] = f"{name} {number}"
        except Exception as problem:
            errors.append(problem)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=write, args=(pk, f"writer {n}"))
        for n, pk in enumerate(Token.objects.values_list("pk", flat=True))
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 1.5
    rotations = 0
    while time.monotonic() < until or rotations < 2:
        put_in_front(settings, f"k{rotations}")
        outcome = rotation.rotate()
        assert not outcome.failed
        rotations += 1
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors and rotations > 1
    last = rotation.rotate()
    assert last.left == 0
    assert {token.pk: token.access_token for token in Token.objects.all()} == written
