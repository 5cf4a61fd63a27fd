"""Messages: text messages and e-mail, where the API is no collection of records."""

from collections.abc import Mapping
from typing import Any

from . import queries, values
from .calls import Request
from .records import ArchivedEmail, RenderedEmail, UserImage
from .resources import Endpoint, Owner, named_user, write
from .verdicts import unreadable

#: The kinds of pictures that can be uploaded, and the most bytes of one.
IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif")
MOST_IMAGE_BYTES = 5 * 1024 * 1024


class Sms(Endpoint):
    """Who may be sent text messages. The API takes this down and never tells it."""

    def opt_in(self, phone_number: str, *, user: Owner, status: str = "OPTED_IN") -> None:
        """Take down that a number may get a user's text messages; `user` as the owner of what is created."""
        data = {"phone_number": phone_number, "user": named_user(user), "status": status}
        self._caller.call(write("POST", f"{self._path}/opt-in", data))

    def opt_out(self, phone_number: str) -> None:
        """Take down that a number may get none any more."""
        self._caller.call(write("POST", f"{self._path}/opt-out", {"phone_number": phone_number}))


class EmailArchive(Endpoint):
    """E-mails as they were sent."""

    def get(self, id: int | str, *, user_id: int) -> ArchivedEmail:
        """An e-mail by its number, or as ``id-ORGANIZATION-NUMBER``; `user_id` is one of the organization's.

        Raises Rejected: "not_found" when there is none to be seen, "bad_request" for a user of elsewhere.
        """
        path = self._one(id)
        query = queries.encode({"filter": f"user_id={queries.segment(user_id)}"})
        answer = self._caller.call(Request("GET", path, query=query))
        record = ArchivedEmail.read(answer.get("items")) if isinstance(answer, dict) else None
        if record is None:
            raise unreadable("GET", path)
        return record


class EmailTemplates(Endpoint):
    """Templates of e-mails."""

    def render(self, data: Mapping[str, Any]) -> tuple[RenderedEmail, ...]:
        """Fill in a template, without sending anything.

        `data` needs `sender_id`, and `id` (a saved template) or `content` with `html`; `recipient`, `loan_id` or
        `account_id` (not both) and others tell what placeholders stand for.
        """
        path = f"{self._path}/render"
        answer = self._caller.call(write("POST", path, data))
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list):
            raise unreadable("POST", path)
        return tuple(each for each in map(RenderedEmail.read, results) if each is not None)


class UserImages(Endpoint):
    """Pictures for users' e-mails."""

    def upload(self, user_id: int, content: bytes, *, content_type: str) -> UserImage:
        """Upload a picture for a user; everybody who knows its address can see it.

        It is a JPEG, PNG or GIF of at most 5 MB; anything else raises Rejected before it is sent.
        """
        if content_type not in IMAGE_TYPES:
            raise queries.invalid(f"A picture is one of {', '.join(IMAGE_TYPES)}.", code="image")
        if not 0 < len(content) <= MOST_IMAGE_BYTES:
            raise queries.invalid("A picture has at least one byte and at most 5 MB.", code="image")
        user = values.identifier(user_id)
        if user is None:
            raise queries.invalid("A user is named by a number here.", code="image")
        request = Request(
            "POST",
            self._path,
            body=content,
            content_type=content_type,
            headers=(("X-User-Id", str(user)),),
            sent=(str(user),),
        )
        record = UserImage.read(self._caller.call(request))
        if record is None:
            raise unreadable("POST", self._path)
        return record
