"""Text messages, archived and rendered emails, and images: requests and responses."""

import json

import pytest

from integrations.total_expert import AnswerLost, Rejected, TryLater, User
from integrations.total_expert.resources.messages import MAX_IMAGE_BYTES
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response, sent

GIF = b"GIF89a" + bytes(20)


def test_phone_numbers_are_opted_in_and_out(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"{}", "201 Created"), http_response(b"[]"))
    with scripted.client() as client:
        client.sms.opt_in("612-555-0144", user={"username": "lo"})
        client.sms.opt_out("612-555-0144")
    number = {"phone_number": "612-555-0144"}
    assert sent(scripted) == (
        "POST /v1/sms/opt-in",
        {**number, "user": {"username": "lo"}, "status": "OPTED_IN"},
    )
    assert sent(scripted, 1) == ("POST /v1/sms/opt-out", number)


def test_a_user_without_an_identifier_is_rejected(scripted: ScriptedServer) -> None:
    nobody = User.from_json({"id": 5})
    assert nobody is not None
    with scripted.client() as client, pytest.raises(Rejected) as refused:
        client.sms.opt_in("612-555-0144", user={"name": "lo"})
    assert refused.value.code == "owner"
    assert scripted.received == []


def test_an_archived_email_is_read_from_items(scripted: ScriptedServer) -> None:
    links = '"links": {"first": 1, "last": 1, "next": null, "prev": null}'
    scripted.answer(
        http_response(f'{{"items": {{"file_name": "9001", "content": "<p>Hi</p>"}}, {links}}}'.encode())
    )
    with scripted.client() as client:
        assert client.email_archive.get("id-42-9001", user_id=7).content == "<p>Hi</p>"
    assert sent(scripted)[0] == "GET /v1/email-archive/id-42-9001?filter=user_id%3D7"


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"items": []}', b'{"items": {"content": "x"}}'])
def test_an_archived_email_without_a_name_raises_try_later(scripted: ScriptedServer, body: bytes) -> None:
    scripted.answer(http_response(body))
    with scripted.client() as client, pytest.raises(TryLater):
        client.email_archive.get(9001, user_id=7)


def test_a_template_is_rendered_for_each_recipient(scripted: ScriptedServer) -> None:
    result = {"recipient_id": None, "rendered_html": "<p>Hi</p>", "rendered_subject": ""}
    scripted.answer(
        http_response(json.dumps({"results": [result, "nonsense"]}).encode()), http_response(b"{}")
    )
    with scripted.client() as client:
        rendered = client.email_templates.render({"id": 101, "sender_id": 7})
        assert [(each.recipient_id, each.rendered_html) for each in rendered] == [(None, "<p>Hi</p>")]
        with pytest.raises(AnswerLost):
            client.email_templates.render({"id": 101, "sender_id": 7})
    assert sent(scripted) == ("POST /v1/email-templates/render", {"id": 101, "sender_id": 7})


def test_an_image_is_sent_unchanged(scripted: ScriptedServer) -> None:
    scripted.answer(
        http_response(b'{"id": 3, "user_id": 7, "url": "https://img.example/3.gif"}', "201 Created")
    )
    with scripted.client() as client:
        image = client.user_images.upload(7, GIF, content_type="image/gif")
    assert (image.id, image.user_id, image.url) == (3, 7, "https://img.example/3.gif")
    head, _, body = scripted.received[0].partition(b"\r\n\r\n")
    assert body == GIF
    lines = {line.lower() for line in head.decode().split("\r\n")}
    assert {"content-type: image/gif", "x-user-id: 7"} <= lines


@pytest.mark.parametrize(
    ("content", "content_type", "user"),
    [(GIF, "image/svg+xml", 7), (b"", "image/gif", 7), (bytes(MAX_IMAGE_BYTES + 1), "image/gif", 7),
     (GIF, "image/gif", 0), (GIF, "image/gif\r\nX: y", 7)],
)  # fmt: skip
def test_an_image_that_the_vendor_does_not_accept_is_not_sent(
    scripted: ScriptedServer, content: bytes, content_type: str, user: int
) -> None:
    with scripted.client() as client, pytest.raises(Rejected) as refused:
        client.user_images.upload(user, content, content_type=content_type)
    assert refused.value.code == "image"
    assert scripted.received == []


def test_an_upload_response_without_an_id_raises_answer_lost(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"{}"))
    with scripted.client() as client, pytest.raises(AnswerLost):
        client.user_images.upload(7, GIF, content_type="image/gif")
