"""The one place that sends mail: from the partner, in its name and color, as text and as HTML.

Each mail is one template, drawn three times by what it extends: ``{% extends layout %}`` with the blocks ``subject`` and
``content``. Its content is made of the tags of `templatetags/mail.py`, which draw both forms.

The logo travels inside the HTML mail. Mail programs block pictures on a server, and loading one would tell the server
who read the mail.
"""

import re
from collections.abc import Mapping, Sequence
from email.mime.image import MIMEImage
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django import db
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template

from portal.branding import brand as brands
from portal.branding.brand import Brand, Logo
from portal.branding.models import Branding
from portal.branding.plain_text import plain
from portal.branding.values import one_line

LAYOUTS = {"subject": "mail/subject.txt", "text": "mail/message.txt", "html": "mail/message.html"}


class Message(EmailMultiAlternatives):
    """A mail whose attachments belong to its HTML (RFC 2387)."""

    mixed_subtype = "related"


def send(template: str, *, to: str, context: Mapping[str, Any]) -> None:
    """Send one mail. Raise OSError (the base class of smtplib's errors) if the mail server doesn't accept it."""
    compose(template, to=[to], context=context).send()


def compose(template: str, *, to: Sequence[str], context: Mapping[str, Any]) -> Message:
    """Return the mail that `send` sends."""
    brand = brands.current()
    logo = _attachment(brand.logo) if brand.logo else None
    values = {**context, "brand": brand, "logo_id": logo["Content-ID"].strip("<>") if logo else ""}
    values["title"] = subject = plain(_draw(template, values, "subject"))
    text, html = _draw(template, values, "text"), _draw(template, values, "html")
    message = Message(
        subject=subject,
        body=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        from_email=sender(brand),
        to=list(to),
        reply_to=[brand.support_email] if brand.support_email else None,
    )
    message.attach_alternative(html.strip() + "\n", "text/html")
    if logo is not None:
        message.attach(logo)
    return message


def sender(brand: Brand) -> str:
    """Return the From header: the partner's name with the address of ``DEFAULT_FROM_EMAIL``."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((one_line(brand.partner_name) or name, address))


def _draw(template: str, context: Mapping[str, Any], form: str) -> str:
    is_html = form == "html"
    values = {**context, "layout": LAYOUTS[form], "is_html": is_html}
    drawn: str = get_template(template).template.render(Context(values, autoescape=is_html))  # type: ignore[attr-defined]
    return drawn


def _attachment(logo: Logo) -> MIMEImage | None:
    try:
        file = Branding.objects.filter(logo_digest=logo.digest).values_list("logo", flat=True).first()
    except db.Error:
        return None
    if file is None:  # just replaced
        return None
    image = MIMEImage(bytes(file), "png")
    host = urlsplit(settings.PORTAL_URL).hostname or "localhost"
    image["Content-ID"] = f"<logo-{logo.digest[:12]}@{host}>"
    image.add_header("Content-Disposition", "inline", filename="logo.png")
    return image
