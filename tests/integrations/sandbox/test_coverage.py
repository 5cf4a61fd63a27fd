"""The list of what is emulated, in the README."""

from integrations.sandbox.coverage import NOT_THERE, README, describe, renewed
from integrations.sandbox.resources import RESOURCES

from .clients import Caller


def test_the_readme_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert renewed(text) == text, "run python -m integrations.sandbox.coverage"


def test_every_resource_and_each_of_its_guesses_is_listed() -> None:
    text = describe()
    for path, resource in RESOURCES.items():
        assert (f" /v1/{path}`" in text or f" /v1/{path}/ID`" in text) == bool(resource.methods)
        for guess in resource.guesses:
            assert f"- {path}: {guess}" in text


def test_what_is_listed_as_not_there_is_not_there(admin: Caller) -> None:
    for name in ("leads", "email-archive"):
        assert any(name in names for names in NOT_THERE)
        assert admin.call("GET", name).status_code == 404
