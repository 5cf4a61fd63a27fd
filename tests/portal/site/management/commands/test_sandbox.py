"""What `manage.py sandbox` passes on to the sandbox."""

import argparse
from typing import Any

import pytest

from integrations.sandbox.__main__ import parser as program
from portal.site.management.commands.sandbox import Command, passed_on


def options(*arguments: str) -> dict[str, Any]:
    parser = Command().create_parser("manage.py", "sandbox")
    return vars(parser.parse_args(arguments))


def test_every_option_is_passed_on_with_its_value() -> None:
    given = [
        *(
            "--port",
            "9001",
            "--host",
            "127.0.0.2",
            "--data",
            "world.db",
            "--contacts",
            "50",
            "--organizations",
            "3",
            "--seed",
            "7",
        ),
        *("--calls-per-minute", "10", "--tokens-per-hour", "0", "--latency-ms", "5"),
        *(
            "--load",
            "begun",
            "--application-name",
            "Acme Software",
            "--allow-remote",
            "--http-webhooks",
            "--remote-webhooks",
        ),
        *(
            "--redirect-uri",
            "http://localhost:9000/back/",
            "--redirect-uri",
            "http://localhost/two/",
        ),
    ]
    assert passed_on(options(*given)) == given
    arrived = program().parse_args(passed_on(options(*given)))
    assert (arrived.port, arrived.data, arrived.contacts, arrived.tokens_per_hour) == (
        9001,
        "world.db",
        50,
        0,
    )
    assert arrived.http_webhooks and arrived.remote_webhooks and arrived.allow_remote
    assert arrived.application_name == "Acme Software"
    assert (arrived.host, arrived.load, len(arrived.redirect_uri)) == ("127.0.0.2", "begun", 2)


def test_the_command_has_every_option_of_the_sandbox() -> None:
    def names(parser: argparse.ArgumentParser) -> set[str]:
        return {name for action in parser._actions for name in action.option_strings if name.startswith("--")}

    assert names(program()) <= names(Command().create_parser("manage.py", "sandbox"))


def test_without_options_the_limits_are_the_vendors() -> None:
    arrived = program().parse_args(passed_on(options()))
    assert (arrived.port, arrived.calls_per_minute, arrived.tokens_per_hour) == (8001, 1000, 2)


@pytest.mark.parametrize("option", ["--port", "--contacts", "--tokens-per-hour"])
def test_a_value_that_is_not_a_number_is_rejected(option: str) -> None:
    with pytest.raises(Exception, match="invalid int value"):
        options(option, "many")
