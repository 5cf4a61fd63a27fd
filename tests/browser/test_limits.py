"""Limits in the browser: who waits and till when, what is left, what it takes, and the switch that stops everything."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible, assert_accessible_in_every_look
from tests.browser.actions import inside, sign_in_as
from tests.browser.demo import Demo

NEW = {
    "limits": "/settings/limits/",
    "help": "/settings/limits/help/",
    "queue": "/settings/queue/",
    "capacity": "/settings/capacity/?organizations=200&officers=20&hours=24&tokens_per_hour=2",
    "address": "/settings/addresses/new/",
}


@pytest.fixture
def operator(demo: Demo, page: Page) -> Page:
    sign_in_as(page, demo, "operator")
    return page


def test_every_page_of_limits_can_be_read_by_everybody(demo: Demo, operator: Page) -> None:
    for address in NEW.values():
        operator.goto(demo.portal + address)
        assert_accessible_in_every_look(operator)


def test_home_says_whose_consent_dies_and_what_is_left_of_the_budgets(demo: Demo, operator: Page) -> None:
    expect(operator.get_by_text("Access expires soon")).to_be_visible()
    budgets = operator.get_by_role("region", name="Calls and tokens").or_(
        operator.locator("section", has_text="Calls and tokens")
    )
    expect(budgets.first).to_contain_text("of 900")
    assert_accessible(operator)


def test_capacity_answers_before_anyone_is_invited(demo: Demo, operator: Page) -> None:
    operator.goto(f"{demo.portal}/settings/capacity/")
    operator.get_by_role("spinbutton", name="Organizations").fill("200")
    operator.get_by_label("Loan officers in each").fill("20")
    operator.get_by_role("button", name="Calculate").click()
    expect(operator.get_by_role("heading", name="105 outbound IP addresses")).to_be_visible()
    expect(operator.get_by_text("Ask it for permission")).to_be_visible()


def test_a_connection_says_its_next_slot_to_the_minute_and_is_moved_forward(
    demo: Demo, operator: Page
) -> None:
    """Everything of the hour is used up; two connections wait; the page and the ledger say the same."""
    told = json.loads(inside(demo, WAIT))
    try:
        operator.goto(demo.portal + told["address"])
        expect(operator.get_by_text("Waiting for a token")).to_be_visible()
        row = operator.locator("dt", has_text="Next token").locator("xpath=following-sibling::dd[1]")
        expect(row).to_contain_text("token requests of this hour are used")
        moment = row.locator("time").get_attribute("datetime")
        assert moment is not None and moment[:16] == told["at"][:16]
        operator.goto(f"{demo.portal}/settings/queue/")
        rows = operator.locator("tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.nth(1)).to_contain_text(told["second"])
        rows.nth(1).get_by_role("button", name=re.compile("Move to front")).click()
        operator.get_by_role("dialog").get_by_role("button").last.click()
        expect(operator.locator("tbody tr").nth(0)).to_contain_text(told["second"])
        assert_accessible(operator)
    finally:
        inside(demo, FREE)


#: Lower the limit to what is used, and let two connections ask.
WAIT = """
import json
from django.urls import reverse
from integrations.connections.limits import ledger
from integrations.connections.permissions import connection_title
from integrations.connections.models import Connection, Environment, Purpose, TokenRequest
Environment.objects.update(tokens_per_hour=1)
first, second = Connection.objects.filter(state="active").order_by("created_at")[:2]
asked = []
for connection in (first, second):
    while True:
        try:
            ledger.close_request(ledger.open_request(connection, purpose=Purpose.WORK, fence=0), "refused")
        except ledger.NoSlot as refused:
            asked.append(refused.at)
            break
print(json.dumps({
    "address": reverse("connection", args=[first.installation.organization.slug, first.pk]),
    "at": asked[0].isoformat(),
    "second": f"{second.installation.organization.name}, {connection_title(second)}",
}))
"""
FREE = """
from integrations.connections.models import Environment, TokenDemand, TokenRequest
TokenDemand.objects.all().delete()
TokenRequest.objects.filter(state="refused").delete()
Environment.objects.update(tokens_per_hour=20)
"""


def test_the_switch_stops_everything_and_lets_it_go_on(demo: Demo, operator: Page) -> None:
    operator.goto(f"{demo.portal}/settings/limits/")
    operator.get_by_label("Reason").fill("The vendor called.")
    operator.get_by_role("button", name="Stop all calls to Total Expert").click()
    operator.get_by_role("dialog").get_by_role("button").last.click()
    expect(operator.get_by_role("status").get_by_text("The vendor called.")).to_be_visible()
    operator.goto(demo.portal)
    expect(operator.get_by_role("link", name="Resume calls")).to_be_visible()
    assert_accessible(operator)
    operator.goto(f"{demo.portal}/settings/limits/")
    operator.get_by_role("button", name="Resume calls").click()
    expect(operator.get_by_label("Reason")).to_be_visible()


def test_the_call_log_shows_what_failed_and_filters(demo: Demo, operator: Page) -> None:
    address = inside(demo, FAILED)
    operator.goto(demo.portal + address)
    expect(operator.get_by_role("heading", name="Failed calls by type")).to_be_visible()
    operator.get_by_label("Show").select_option("failed")
    expect(operator).to_have_url(re.compile("show=failed"))
    table = operator.get_by_role("group", name="Calls", exact=True)
    expect(table.locator("tbody tr").first).to_contain_text("500")
    expect(table).not_to_contain_text("/users")
    assert_accessible(operator)


FAILED = """
from django.urls import reverse
from integrations.connections.models import Call
call = Call.objects.filter(status=500).select_related("connection__installation__organization").first()
print(reverse("calls", args=[call.connection.installation.organization.slug, call.connection_id]))
"""
