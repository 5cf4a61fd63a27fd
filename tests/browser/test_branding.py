"""The partner's branding in a browser: set by an operator, seen by everyone, readable in both themes."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from portal.branding import colors
from portal.demo import cast, partner
from tests.browser.accessibility import assert_accessible_in_every_look
from tests.browser.actions import sign_in_as
from tests.browser.demo import Demo
from tests.browser.visitors import Visitors
from tests.portal.branding.pictures import picture

#: A color that can't be read on white, so links get a darker shade of it.
BRIGHT = "#f5b301"


@pytest.fixture
def operator(demo: Demo, visitors: Visitors) -> Iterator[Page]:
    """An operator on the page of the branding, which is as before afterwards."""
    page = visitors.new()
    sign_in_as(page, demo, "operator", "/settings/branding/")
    yield page
    demo.manage(
        "shell",
        "--no-imports",
        "-c",
        "from portal.accounts.models import User; from portal.branding import changes; from portal.demo import partner; "
        "operator = User.objects.filter(is_operator=True).first(); changes.reset(actor=operator); "
        "partner.set_branding(operator)",
    )


def color_of(page: Page, selector: str, property: str) -> str:
    """Return a computed color as #rrggbb."""
    value = page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{property}")
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", value)[:3])


def test_what_an_operator_sets_is_seen_in_both_themes_and_on_a_phone(
    demo: Demo, operator: Page, visitors: Visitors, tmp_path: Path
) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(picture(size=(600, 160), color="#101820"))
    operator.get_by_label("Partner name").fill("Nimbus & Sons")
    operator.get_by_label("Product name").fill("Nimbus Connect")
    operator.get_by_label("Accent color").fill(BRIGHT)
    operator.get_by_label("Logo", exact=False).first.set_input_files(file)
    operator.get_by_role("button", name="Save", exact=True).click()
    expect(operator.get_by_text("Branding saved.")).to_be_visible()
    expect(operator.get_by_text("Links need a contrast of 4.5:1.")).to_be_visible()
    shades = colors.derive(BRIGHT)
    page = visitors.new()
    for dark in (True, False):
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(f"{demo.portal}/accounts/login/")
        expect(page).to_have_title("Sign in · Nimbus Connect · Nimbus & Sons")
        logo = page.get_by_role("img", name="Nimbus & Sons")
        expect(logo).to_be_visible()
        assert logo.evaluate("image => image.naturalWidth") > 0
        theme = shades.dark if dark else shades.light
        assert color_of(page, "form .button.primary", "backgroundColor") == theme.fill
        assert color_of(page, "form a", "color") == theme.text
    assert_accessible_in_every_look(page)
    operator.reload()
    assert_accessible_in_every_look(operator)
    operator.goto(f"{demo.portal}/admin/")
    expect(operator.get_by_role("link", name="Nimbus & Sons: Django admin")).to_be_visible()
    assert_accessible_in_every_look(operator)


def test_the_demos_partner_asks_at_total_expert_too(demo: Demo, page: Page) -> None:
    page.goto(f"{demo.portal}/accounts/login/")
    expect(page.get_by_role("img", name=cast.PARTNER)).to_be_visible()
    expect(page.get_by_role("link", name=partner.SUPPORT_EMAIL)).to_have_attribute(
        "href", f"mailto:{partner.SUPPORT_EMAIL}"
    )
    sign_in_as(page, demo, "admin", "/organizations/bluewater-mortgage/connect/")
    expect(
        page.get_by_text(
            "Acme Software would like to connect to Bluewater Mortgage's Total Expert account. "
            "Olivia Park of Acme Software asks you to approve the connection."
        )
    ).to_be_visible()
    application = page.request.get(f"{demo.sandbox}/_sandbox/credentials").json()["application"]
    query = {
        "response_type": "code",
        "client_id": application["client_id"],
        "redirect_uri": f"{demo.portal}/oauth/callback/production/",
        "state": "any",
    }
    page.goto(f"{demo.sandbox}/v1/authorize?{urlencode(query)}")
    expect(page.get_by_text(cast.PARTNER).first).to_be_visible()
    page.goto(f"{demo.portal}/demo/mail/")
    expect(page.get_by_text("From Acme Software <portal@localhost>").first).to_be_visible()
