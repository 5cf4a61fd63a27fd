"""Give a form that is sent twice its first answer again.

A double click, a resend over a slow network, or a reload sends the same form again, with the same CSRF token: Django masks
a new token for every page it draws, so the token also identifies the page. The first request claims the submission in
the cache, which all processes share. A repetition waits for the first one's answer and gets it, cookies included, because
the browser may have dropped the first one. Answers that may be repeated are redirects and pages marked by
`pages.keep_answer`; after any other answer, sending the form again runs it again.

Answers can hold session cookies and invitation links, so they are stored encrypted, and only given to the same browser
session: the one that sent the form first, or the one that its answer began.
"""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.template.loader import render_to_string

from portal.core.pages import is_kept
from portal.encryption import cipher

#: Seconds for which an answer is kept.
KEEP_SECONDS = 300
#: Seconds after which a request that never answered no longer holds its claim: its process died.
CLAIM_SECONDS = 60
#: Seconds that a repetition waits for the first answer, and between its looks.
WAIT_SECONDS, FIRST_LOOK, LAST_LOOK = 10.0, 0.03, 0.25
LABEL = "site.repeated_posts.answer"


@dataclass(frozen=True)
class Submission:
    """One form as it was sent. ``session`` is a hash of the browser session's cookie."""

    key: str
    session: str

    @classmethod
    def read(cls, request: HttpRequest) -> "Submission | None":
        """Return the submission of a POST request, or None if it has no CSRF token."""
        token = request.POST.get("csrfmiddlewaretoken", "")
        if not token:
            return None
        parts: list[Any] = [request.get_full_path(), sorted(request.POST.lists())]
        for name, files in sorted(request.FILES.lists()):
            parts += [[name, file.name, _digest_file(file)] for file in files]
        digest = cipher.fingerprint(json.dumps(parts), label="site.repeated_posts.submission")
        cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        return cls(f"repeated_post:{digest}", _hash(cookie))

    def claim(self) -> bool:
        """Return whether this is the first request for this submission."""
        return bool(cache.add(self.key, {"sessions": [self.session]}, CLAIM_SECONDS))

    def release(self) -> None:
        """Let the next request for this submission be the first one."""
        cache.delete(self.key)

    def keep(self, response: HttpResponse, user: str) -> None:
        """Keep an answer for repetitions."""
        begun = response.cookies.get(settings.SESSION_COOKIE_NAME)
        sessions = [self.session, *([_hash(begun.value)] if begun is not None and begun.value else [])]
        answer = {
            "status": response.status_code,
            "headers": {name: response[name] for name in ("Location", "Content-Type") if name in response},
            "cookies": [morsel.OutputString() for morsel in response.cookies.values()],
            "body": response.content.decode(response.charset),
            "user": user,
        }
        ciphertext = cipher.encrypt(json.dumps(answer), label=LABEL, row=self._row)
        text = base64.b64encode(bytes(ciphertext)).decode()
        cache.set(self.key, {"sessions": sessions, "answer": text}, KEEP_SECONDS)

    def find(self) -> "dict[str, Any] | None":
        """Return what is stored: the ``sessions`` that may have the ``answer``, which is missing until it is there."""
        found: dict[str, Any] | None = cache.get(self.key)
        return found

    def open(self, text: str) -> dict[str, Any]:
        """Return a kept answer. Raise DecryptionError."""
        answer: dict[str, Any] = json.loads(
            cipher.decrypt(base64.b64decode(text), label=LABEL, row=self._row)
        )
        return answer

    @property
    def _row(self) -> uuid.UUID:
        return uuid.UUID(hex=self.key[-64:-32])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_file(file: Any) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


class RepeatedPostMiddleware:
    """Middleware: give a repeated form its first answer. Stands outside sessions and CSRF, whose cookies it repeats."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.get_response(request)
        kept = False
        try:
            response = self.get_response(request)
            repeated = getattr(request, "portal_repeated_answer", None)
            if repeated is not None:
                response.cookies = SimpleCookie()
                for line in repeated["cookies"]:
                    response.cookies.load(line)
                return response
            submission: Submission | None = getattr(request, "portal_submission", None)
            if submission is not None and is_kept(response):
                submission.keep(response, _user_of(request))
                kept = True
            return response
        finally:
            claimed: Submission | None = getattr(request, "portal_submission", None)
            if claimed is not None and not kept:
                claimed.release()

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Claim the submission, or answer with its first answer. Runs before CSRF is checked.

        A repetition whose session began with the first answer no longer has the CSRF cookie of its form.
        """
        if request.method != "POST":
            return None
        try:
            submission = Submission.read(request)
        except UnreadablePostError:  # the client went away, which the view finds out again
            return None
        if submission is None:
            return None
        deadline, pause = time.monotonic() + WAIT_SECONDS, FIRST_LOOK
        while not submission.claim():
            found = submission.find()  # None: the first one failed, or nothing can be stored
            if found is not None and submission.session not in found["sessions"]:
                return None
            if found is not None and "answer" in found:
                return _repeat(request, submission, found["answer"])
            if time.monotonic() > deadline:
                if found is None:
                    return None
                return HttpResponse(render_to_string("site/still_working.html"), status=409)
            time.sleep(pause)
            pause = min(pause * 1.5, LAST_LOOK)
        request.portal_submission = submission  # type: ignore[attr-defined]
        return None


def _repeat(request: HttpRequest, submission: Submission, text: str) -> HttpResponse | None:
    """Return a kept answer, or None if it is a page for somebody who is no longer signed in, or its key is gone."""
    try:
        answer = submission.open(text)
    except cipher.DecryptionError:
        return None
    if answer["status"] == 200 and answer["user"] != _user_of(request):
        return None
    request.portal_repeated_answer = answer  # type: ignore[attr-defined]
    return HttpResponse(answer["body"], status=answer["status"], headers=answer["headers"])


def _user_of(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    return str(user.pk) if user is not None and user.is_authenticated else ""
