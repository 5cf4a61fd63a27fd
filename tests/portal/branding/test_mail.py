"""Every mail comes from the partner, as text and as HTML, and nothing that people typed becomes a link in it."""

import re
from email import message_from_bytes
from email.message import EmailMessage as Parsed
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import allauth
import pytest
from django.conf import settings as project
from django.core import mail as outbox

from portal.accounts.models import User
from portal.branding import changes, logos, mail
from portal.branding.plain_text import BREAK, plain
from portal.encryption.cipher import DecryptionError
from tests.portal.branding.pictures import picture
from tests.project_files import python_files

pytestmark = pytest.mark.django_db

TEMPLATES = Path(project.BASE_DIR) / "templates"
HERE = "http://localhost:8000"
#: A name that tries everything: a line break, markup, an address, and a change of direction.
HOSTILE = (
    "Evil\r\nBcc: all@bank.example\n\n<a href='https://evil.example'>Lending</a> www.evil.example \u202egnp"
)
NAMED = SimpleNamespace(name=HOSTILE, display_name=HOSTILE)
CHANGE = {"ip": "203.0.113.5", "user_agent": HOSTILE}
NEWS = {
    "organization": HOSTILE,
    "title": HOSTILE,
    "headline": "needs reconnect",
    "text": HOSTILE,
    "meaning": "Reconnect it.",
    "at": "2026-11-28 10:00 UTC",
    "address": f"{HERE}/organizations/cedar/connections/1/",
}
#: Every mail, with values as its sender passes them. A new mail needs a row here.
MAILS: dict[str, dict[str, Any]] = {
    "account/email/email_confirmation.html": {"activate_url": f"{HERE}/accounts/confirm-email/key/"},
    "account/email/login_code.html": {"code": "QX7-K2M"},
    "account/email/new_device.html": {
        "browser": HOSTILE,
        "time": "Sat, Nov 28, 2026, 10:00:00 UTC",
        "address": "203.0.113.5",
        "sessions_url": f"{HERE}/account/sessions/",
    },
    "account/email/password_changed.html": CHANGE,
    "account/email/password_reset.html": CHANGE,
    "account/email/password_reset_key.html": {
        "password_reset_url": f"{HERE}/accounts/password/reset/key/1-x/"
    },
    "account/email/password_set.html": CHANGE,
    "account/email/unknown_account.html": {"email": "ada@cedar.example"},
    "connections/mail/notices.html": {"news": [NEWS, NEWS], "latest": NEWS, "others": 1, "user": NAMED},
    "mfa/email/recovery_codes_generated.html": CHANGE,
    "mfa/email/totp_activated.html": CHANGE,
    "mfa/email/totp_deactivated.html": CHANGE,
    "mfa/email/webauthn_added.html": CHANGE,
    "mfa/email/webauthn_removed.html": CHANGE,
    "onboarding/mail/ready.html": {"organization": NAMED, "address": f"{HERE}/organizations/cedar/connect/"},
    "organizations/mail/invitation.html": {
        "subject": f"Acme asks to connect to {HOSTILE}",
        "sentences": (
            f"Acme would like to connect to {HOSTILE}.",
            f"{HOSTILE} asks you to approve the connection.",
        ),
        "action": "Review request",
        "link": f"{HERE}/invitations/token/",
        "days": 7,
        "email": "ada@cedar.example",
        "is_officer": True,
    },
    "site/mail/unreadable_secret.html": {
        "error": DecryptionError("Key “old” is missing.", missing_key="old")
    },
    "socialaccount/email/account_connected.html": CHANGE | {"provider": NAMED},
}
#: What several mails extend.
SHARED = {"account/email/notification.html"}
#: allauth's mails that the portal has no page for.
NEVER_SENT = {
    "account/email/account_already_exists",
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_confirmation_signup",
    "account/email/email_deleted",
    "account/email/password_reset_code",
    "socialaccount/email/account_disconnected",
}


@pytest.fixture(autouse=True)
def acme(settings: Any) -> None:
    settings.PARTNER_NAME, settings.PRODUCT_NAME = "Acme Software", "Acme Connect"
    settings.SUPPORT_EMAIL, settings.DEFAULT_FROM_EMAIL = "help@acme.example", "Portal <portal@acme.example>"


class Links(HTMLParser):
    """The targets of links and pictures, and the text, of an HTML mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "img":
            self.pictures.append(found)
        for name in ("href", "action", "background"):
            if found.get(name):
                self.links.append(str(found[name]))

    def handle_data(self, data: str) -> None:
        self.text += data


def sent(template: str, **more: Any) -> Parsed:
    """Compose one mail and read it as a mail program does."""
    message = mail.compose(template, to=["ada@cedar.example"], context=MAILS[template] | more)
    parsed = message_from_bytes(message.message().as_bytes(), policy=default)
    assert isinstance(parsed, Parsed)
    return parsed


def text_and_html(parsed: Parsed) -> tuple[str, str]:
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None and html is not None
    return text.get_content(), html.get_content()


def test_every_mail_has_its_row_in_the_table() -> None:
    folders = [*TEMPLATES.glob("*/email"), *TEMPLATES.glob("*/mail")]
    files = {path.relative_to(TEMPLATES).as_posix() for folder in folders for path in folder.iterdir()}
    assert files == MAILS.keys() | SHARED


def test_every_mail_that_allauth_can_send_is_ours() -> None:
    root = Path(allauth.__file__).parent / "templates"
    theirs = {
        path.relative_to(root).as_posix().removesuffix("_message.txt")
        for path in root.glob("*/email/*_message.txt")
    }
    assert theirs - NEVER_SENT - {"account/email/base"} <= {name.removesuffix(".html") for name in MAILS}


def test_only_one_module_sends_mail() -> None:
    names = "send_mail|send_mass_mail|mail_admins|EmailMessage|EmailMultiAlternatives"
    # allauth's adapter may override its own send_mail, which goes through the one module
    sending = re.compile(rf"(?<!def )(?<!super\(\)\.)\b(?:{names})\(|\(EmailMultiAlternatives\)")
    found = {
        path.relative_to(project.BASE_DIR).as_posix()
        for path in python_files("portal", "integrations")
        if sending.search(path.read_text())
    }
    assert found == {"portal/branding/mail.py"}


@pytest.mark.parametrize("template", MAILS)
def test_a_mail_comes_from_the_partner_as_text_and_as_html(template: str) -> None:
    parsed = sent(template)
    assert str(parsed["From"]) == "Acme Software <portal@acme.example>"
    assert str(parsed["Reply-To"]) == "help@acme.example"
    text, html = text_and_html(parsed)
    for part in (text, Links(html).text):
        assert "Acme Software" in part and "Acme Connect" in part and "help@acme.example" in part
        assert "not affiliated with Total Expert" in part
        assert "{{" not in part and "{%" not in part
    assert "\n\n\n" not in text
    assert 0 < len(str(parsed["Subject"])) < 200


@pytest.mark.parametrize("template", MAILS)
def test_a_mail_leads_only_to_the_portal_and_loads_nothing(template: str) -> None:
    text, html = text_and_html(sent(template))
    found = Links(html)
    assert all(link.startswith(f"{HERE}/") for link in found.links)
    assert not found.pictures and "url(" not in html and "<script" not in html
    assert all(url.startswith(f"{HERE}/") for url in re.findall(r"\w+://[^\s⁠]\S*", text))


@pytest.mark.parametrize("template", MAILS)
def test_nothing_that_people_typed_is_a_link_a_header_or_markup(template: str) -> None:
    parsed = sent(template)
    assert parsed["Bcc"] is None and "\n" not in str(parsed["Subject"])
    assert parsed.get_all("To") == ["ada@cedar.example"]
    text, html = text_and_html(parsed)
    for part in (text, html, str(parsed["Subject"])):
        assert "evil.example" not in part and "all@bank" not in part and "\u202e" not in part
        assert "https://evil" not in part
    assert "<a href='https" not in html
    # the name itself is still readable
    if any("Evil" in str(value) for value in MAILS[template].values()):
        assert "Evil Bcc:" in text.replace(BREAK, "")


@pytest.mark.parametrize("template", [name for name, values in MAILS.items() if HERE in str(values)])
def test_a_link_is_a_button_and_spelled_out(template: str) -> None:
    text, html = text_and_html(sent(template))
    found = Links(html)
    for link in set(found.links):
        assert found.links.count(link) >= 2 and link in found.text and link in text


def test_a_mail_can_not_link_to_another_host() -> None:
    for url in ("https://evil.example/", f"{HERE}.evil.example/", "javascript:alert(1)"):
        with pytest.raises(ValueError, match="only to the portal"):
            sent("account/email/password_reset_key.html", password_reset_url=url)


def test_a_code_can_be_copied_as_it_is() -> None:
    text, html = text_and_html(sent("account/email/login_code.html"))
    assert "\nQX7-K2M\n" in text and "QX7-K2M" in html
    text, html = text_and_html(sent("site/mail/unreadable_secret.html"))
    assert "\nmanage.py rotate_keys\n" in text and "manage.py rotate_keys" in html


def test_the_logo_travels_inside_the_mail(operator: User) -> None:
    logo = logos.read(picture())
    changes.save({"accent_color": "#d97706"}, actor=operator, logo=logo)
    parsed = sent("account/email/login_code.html")
    assert parsed.get_content_type() == "multipart/related"
    [found] = Links(text_and_html(parsed)[1]).pictures
    assert found["alt"] == "Acme Software"
    [image] = [part for part in parsed.walk() if part.get_content_type() == "image/png"]
    assert found["src"] == f"cid:{image['Content-ID'].strip('<>')}"
    assert image.get_content() == logo.png and image.get_content_disposition() == "inline"
    assert "#d97706" in text_and_html(parsed)[1]


def test_a_partners_name_can_not_add_a_header(settings: Any) -> None:
    settings.PARTNER_NAME = "Acme, Inc."
    assert str(sent("account/email/login_code.html")["From"]) == '"Acme, Inc." <portal@acme.example>'
    settings.PARTNER_NAME = "Acme\r\nBcc: all@bank.example"
    parsed = sent("account/email/login_code.html")
    assert parsed["Bcc"] is None and str(parsed["From"]) == "Portal <portal@acme.example>"


def test_without_a_partner_the_sender_is_the_one_in_the_settings(settings: Any) -> None:
    settings.PARTNER_NAME = settings.SUPPORT_EMAIL = ""
    parsed = sent("account/email/login_code.html")
    assert str(parsed["From"]) == "Portal <portal@acme.example>" and parsed["Reply-To"] is None
    assert "runs for its customers" not in text_and_html(parsed)[0]


def test_send_hands_the_mail_to_the_mail_server() -> None:
    template = "account/email/login_code.html"
    mail.send(template, to="ada@cedar.example", context=MAILS[template])
    [message] = outbox.outbox
    assert message.to == ["ada@cedar.example"] and message.subject == "Your sign-in code for Acme Connect"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Better.com Mortgage", f"Better.{BREAK}com Mortgage"),
        ("Acme Inc. of St. Paul", "Acme Inc. of St. Paul"),
        ("10:30, 203.0.113.5", "10:30, 203.0.113.5"),
        ("https://evil", f"https:{BREAK}//evil"),
        ("a@b", f"a@{BREAK}b"),
        ("two\nlines\tand\u200b more", "two lines and more"),
        ("Join \u202eشركة 24 قرض: 3 contacts", "Join \u2068شركة 24 قرض\u2069: 3 contacts"),
        ("Join نیک\u200cسرشت", "Join \u2068نیک\u200cسرشت\u2069"),
    ],
)
def test_plain_text_breaks_addresses_and_leaves_the_rest(text: str, shown: str) -> None:
    assert plain(text) == shown
