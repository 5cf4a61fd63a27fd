"""What a person sees when a page needs a stored secret that does not open: a sentence, and operators are told."""

import logging
from collections.abc import Callable
from smtplib import SMTPException

from django.core.cache import cache
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.accounts.models import User
from portal.encryption.fields import DecryptionError

logger = logging.getLogger(__name__)

#: Operators get at most one mail about the same key in this many seconds.
AGAIN = 24 * 3600


class UnreadableSecretsMiddleware:
    """Middleware: answers 503 where a view met `DecryptionError`. Only operators read which key is missing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DecryptionError):
            return None
        logger.error("A page needs a stored secret that does not open.", exc_info=exception)
        tell_operators(exception)
        operator = bool(getattr(request.user, "is_operator", False))
        context = {"problem": exception, "operator": operator}
        return render(request, "site/unreadable_secret.html", context, status=503)


def tell_operators(problem: DecryptionError) -> None:
    """Mail each operator what is missing, once a day. A mail server that refuses is noted in the log."""
    if not cache.add(f"closed-secret:{problem.missing}", "told", timeout=AGAIN):
        return
    text = f"Somebody opened a page that could not be shown. {problem}\n\n"
    if problem.missing is None:
        text += "`manage.py rotate_keys` opens everything that is stored, and names what does not open."
    else:
        text += "Settings, Encryption keys, says how many stored secrets are concerned; `manage.py rotate_keys` names them."
    for operator in User.objects.filter(is_operator=True, is_active=True):
        try:
            send_mail("A stored secret does not open", text, None, [operator.email])
        except (SMTPException, OSError) as refused:
            logger.error("Operator %s could not be told (%s).", operator.pk, type(refused).__name__)
