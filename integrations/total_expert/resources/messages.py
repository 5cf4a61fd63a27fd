"""Text messages, the email archive, email templates and user images: endpoints that are not collections of records."""

from collections.abc import Mapping
from typing import Any

from .. import parse
from ..calls import Request
from ..errors import invalid
from ..records import ArchivedEmail, RenderedEmail, UserImage
from ..transport.error_mapping import unreadable_response
from ..transport.serialization import filter_expression, query_string
from .endpoints import Endpoint, write_request
from .payloads import Owner, user_reference

#: The image types that can be uploaded, and the largest image, in bytes.
IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif")
MAX_IMAGE_BYTES = 5 * 1024 * 1024


class Sms(Endpoint):
    """Opt-ins and opt-outs for text messages. The API records them, but has no way to read them."""

    def opt_in(self, phone_number: str, *, user: Owner, status: str = "OPTED_IN") -> None:
        """Record that a phone number may receive a user's text messages. `user` is given like an owner."""
        data = {"phone_number": phone_number, "user": user_reference(user), "status": status}
        self._sender.send(write_request("POST", f"{self._path}/opt-in", data))

    def opt_out(self, phone_number: str) -> None:
        """Record that a phone number must not receive text messages."""
        self._sender.send(write_request("POST", f"{self._path}/opt-out", {"phone_number": phone_number}))


class EmailArchive(Endpoint):
    """Emails as they were sent."""

    def get(self, id: int | str, *, user_id: int) -> ArchivedEmail:
        """Return an email by its number or as ``id-ORGANIZATION-NUMBER``. `user_id` is a user of the organization.

        Raise Rejected with code "not_found" if none is visible, or "bad_request" for another organization's user.
        """
        path = self._path_of(id)
        query = query_string({"filter": filter_expression({"user_id": user_id})})
        response = self._sender.send(Request("GET", path, query=query))
        record = ArchivedEmail.from_json(response.get("items")) if isinstance(response, dict) else None
        if record is None:
            raise unreadable_response("GET", path)
        return record


class EmailTemplates(Endpoint):
    """Email templates."""

    def render(self, data: Mapping[str, Any]) -> tuple[RenderedEmail, ...]:
        """Render a template without sending anything.

        `data` needs `sender_id`, and `id` (a saved template) or `content` with `html`. `recipient`, `loan_id` or
        `account_id` (not both) and others provide the values of placeholders.
        """
        path = f"{self._path}/render"
        response = self._sender.send(write_request("POST", path, data))
        has_results = isinstance(response, dict) and "results" in response
        results = parse.array(response["results"]) if has_results else None
        if results is None:
            raise unreadable_response("POST", path)
        return tuple(each for each in map(RenderedEmail.from_json, results) if each is not None)


class UserImages(Endpoint):
    """Images for users' emails."""

    def upload(self, user_id: int, content: bytes, *, content_type: str) -> UserImage:
        """Upload an image for a user. Anyone who knows its URL can see it.

        Raise Rejected before anything is sent unless it is a JPEG, PNG or GIF of at most 5 MB.
        """
        if content_type not in IMAGE_TYPES:
            raise invalid(f"The image type must be one of {', '.join(IMAGE_TYPES)}.", code="image")
        if not 0 < len(content) <= MAX_IMAGE_BYTES:
            raise invalid("The image must not be empty or larger than 5 MB.", code="image")
        user = parse.integer_id(user_id)
        if user is None:
            raise invalid("The user id must be a positive number.", code="image")
        request = Request(
            "POST",
            self._path,
            body=content,
            content_type=content_type,
            headers=(("X-User-Id", str(user)),),
            private_values=(str(user),),
        )
        record = UserImage.from_json(self._sender.send(request))
        if record is None:
            raise unreadable_response("POST", self._path)
        return record
