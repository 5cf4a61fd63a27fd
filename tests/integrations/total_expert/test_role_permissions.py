"""What roles may do, in whichever shape it comes."""

import pytest

from integrations.total_expert import TryLater
from tests.integrations.total_expert.conftest import Scripted
from tests.integrations.total_expert.test_transport import http


@pytest.mark.parametrize(
    "body",
    [b'[{"id": 1}, {"id": "2"}, "x"]', b'{"items": [{"id": 1}, {"id": 2}], "links": {}}',
     b'{"id": 9, "permissions": [{"id": 1}, {"id": 2}]}', b'{"objects": [{"id": 1}, {"id": 2}]}'],
)  # fmt: skip
def test_the_permissions_are_found_wherever_they_are_listed(scripted: Scripted, body: bytes) -> None:
    scripted.answer(http(body))
    with scripted.client() as client:
        assert [each.id for each in client.role_permissions.get(9)] == [1, 2]
    assert scripted.received[0].startswith(b"GET /v1/role-permissions/9 ")


@pytest.mark.parametrize("body", [b"{}", b"null", b'{"permissions": 5}', b'"x"'])
def test_an_answer_without_a_list_is_tried_later(scripted: Scripted, body: bytes) -> None:
    scripted.answer(http(body))
    with scripted.client() as client, pytest.raises(TryLater):
        client.role_permissions.get(9)
