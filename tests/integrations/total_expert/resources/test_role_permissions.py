"""The permissions of a role."""

import pytest

from integrations.total_expert import TryLater
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response


@pytest.mark.parametrize(
    "body",
    [b'[{"id": 1}, {"id": "2"}, "x"]', b'{"items": [{"id": 1}, {"id": 2}], "links": {}}',
     b'{"id": 9, "permissions": [{"id": 1}, {"id": 2}]}', b'{"objects": [{"id": 1}, {"id": 2}]}'],
)  # fmt: skip
def test_permissions_are_read_from_every_likely_format(scripted: ScriptedServer, body: bytes) -> None:
    scripted.answer(http_response(body))
    with scripted.client() as client:
        assert [each.id for each in client.role_permissions.get(9)] == [1, 2]
    assert scripted.received[0].startswith(b"GET /v1/role-permissions/9 ")


@pytest.mark.parametrize("body", [b"{}", b"null", b'{"permissions": 5}', b'"x"'])
def test_a_response_without_a_list_raises_try_later(scripted: ScriptedServer, body: bytes) -> None:
    scripted.answer(http_response(body))
    with scripted.client() as client, pytest.raises(TryLater):
        client.role_permissions.get(9)
