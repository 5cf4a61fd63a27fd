"""Respond with an explanation if a page needs a stored secret that can't be decrypted, and email the operators."""

import logging
from collections.abc import Callable
from smtplib import SMTPException

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.accounts.models import User
from portal.branding import mail
from portal.encryption.cipher import DecryptionError

logger = logging.getLogger(__name__)

#: Seconds before operators get another email about the same key.
REPEAT_AFTER = 24 * 3600


class UnreadableSecretsMiddleware:
    """Respond with 503 if a view raises `DecryptionError`. Only operators see which key is missing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DecryptionError):
            return None
        logger.error("A page needs a stored secret that can't be decrypted.", exc_info=exception)
        email_operators(exception)
        context = {"error": exception, "is_operator": bool(getattr(request.user, "is_operator", False))}
        return render(request, "site/unreadable_secret.html", context, status=503)


def email_operators(error: DecryptionError) -> None:
    """Email every operator about the error, once a day for each missing key. If sending fails, log it."""
    if not cache.add(f"unreadable-secret:{error.missing_key}", "sent", timeout=REPEAT_AFTER):
        return
    for operator in User.objects.filter(is_operator=True, is_active=True):
        try:
            mail.send("site/mail/unreadable_secret.html", to=operator.email, context={"error": error})
        except (SMTPException, OSError) as failure:
            logger.error("Operator %s could not be emailed (%s).", operator.pk, type(failure).__name__)
