"""The generated list in the README."""

import re

from integrations.sandbox.endpoints import ENDPOINTS
from integrations.sandbox.readme import FAILING_EXAMPLES, README, generate, update
from integrations.sandbox.resources import RESOURCES
from tests.integrations.sandbox.clients import Caller


def test_the_readme_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert update(text) == text, "run python -m integrations.sandbox.readme"


def test_every_resource_and_each_of_its_assumptions_is_listed() -> None:
    text = generate()
    for path, resource in RESOURCES.items():
        listed = f" /v1/{path}`" in text or f" /v1/{path}/ID`" in text
        assert listed == (bool(resource.methods) or path in ENDPOINTS)
        for assumption in resource.assumptions:
            assert f"- {path}: {assumption}" in text


def test_every_listed_request_exists(admin: Caller) -> None:
    listed = re.findall(r"`(GET|POST|PATCH|DELETE) /v1/([^`]+)`", generate().partition("### Assumptions")[0])
    assert len(listed) > 100
    for method, path in listed:
        response = admin.call(method, path.replace("ID", "0"))
        assert response.status_code != 405, (method, path)
        assert response.status_code != 404 or path.endswith("/ID"), (method, path)


def test_published_examples_that_fail_are_listed(admin: Caller) -> None:
    assert [line.split("`")[1] for line in FAILING_EXAMPLES] == [
        "DELETE /v1/campaign-activity/",
        "PATCH /v1/leads/ID",
    ]
    assert admin.delete("campaign-activity/").status_code == 405
    headers = {"Content-Type": "application/json"}
    assert admin.call("PATCH", "leads/1", data='{"lead_stage": 2,}', headers=headers).status_code == 400
