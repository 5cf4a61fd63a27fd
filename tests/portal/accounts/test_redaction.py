"""Secrets in URLs don't get into the log."""

import logging

import pytest
from django.conf import settings
from django.test import Client

from portal.accounts.redaction import LinkRedactionFilter


@pytest.mark.parametrize(
    "address",
    [
        "/invitations/s3cret-token_x/",
        "/accounts/password/reset/key/1a-s3cret/",
        "/accounts/confirm-email/MQ:s3cret:x/",
        "/oauth/callback/?code=s3cret&state=s3cret2",
        "/oauth/callback/sandbox/?code=s3cret&state=s3cret2",
        "/oauth/callback/total-expert_ct?code=s3cret",
        "/accounts/login/?next=%2Foauth%2Fcallback%2Fsandbox%2F%3Fcode%3Ds3cret",
        "/accounts/single-sign-on/callback/?state=s3cret&code=s3cret2",
        "/oauth/callback?code=s3cret",
        "/accounts/login/?next=%2Finvitations%2Fs3cret-token_x%2F",
        "/accounts/login/?next=/oauth/callback/%3Fcode%3Ds3cret%26state%3Ds3cret2",
        "/accounts/login/?next=%252foauth%252fcallback%252f%253fcode%253ds3cret",
    ],
)
def test_the_secret_part_of_a_url_is_replaced(address: str) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (address,), None)
    assert LinkRedactionFilter().filter(record)
    assert "s3cret" not in record.getMessage()
    assert "***" in record.getMessage()


def test_other_records_are_unchanged() -> None:
    record = logging.LogRecord(
        "x", logging.INFO, "", 0, "/organizations/%s/invitations/ %d", ("cedar", 7), None
    )
    LinkRedactionFilter().filter(record)
    assert record.getMessage() == "/organizations/cedar/invitations/ 7"
    assert record.args == ("cedar", 7)


@pytest.mark.parametrize("arguments", [("s3cret",), ("a", "b"), (7,)])
def test_a_record_whose_arguments_do_not_match_is_logged_without_them(arguments: tuple) -> None:
    message = "At /invitations/s3cret/ %d of %s"
    record = logging.LogRecord("x", logging.INFO, "", 0, message, arguments, None)
    assert LinkRedactionFilter().filter(record)
    assert record.getMessage() == "At /invitations/***/ %d of %s"


@pytest.mark.django_db
def test_an_unknown_link_is_logged_without_its_token(caplog) -> None:
    caplog.handler.addFilter(LinkRedactionFilter())
    logging.getLogger("django").addHandler(caplog.handler)
    try:
        assert Client().get("/invitations/s3cret-token/").status_code == 404
    finally:
        logging.getLogger("django").removeHandler(caplog.handler)
    assert "/invitations/***" in caplog.text
    assert "s3cret" not in caplog.text


def test_the_console_uses_the_filter() -> None:
    assert "without_links" in settings.LOGGING["handlers"]["console"]["filters"]
    assert settings.LOGGING["filters"]["without_links"] == {
        "()": "portal.accounts.redaction.LinkRedactionFilter"
    }
