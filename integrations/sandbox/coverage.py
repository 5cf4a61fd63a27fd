"""The list of what is emulated, guessed and not there, made from the declarations: part of the README.

`python -m integrations.sandbox.coverage` rewrites that part of the README beside this file.
"""

from __future__ import annotations

from pathlib import Path

from .declaration import Resource
from .endpoints import ENDPOINTS
from .endpoints.endpoint import Endpoint
from .resources import RESOURCES

README = Path(__file__).parent / "README.md"
START, END = "<!-- coverage: made by coverage.py -->", "<!-- end of coverage -->"
_METHODS = (
    ("list", "GET /v1/{}"),
    ("get", "GET /v1/{}/ID"),
    ("create", "POST /v1/{}"),
    ("match", "PATCH /v1/{}"),
    ("update", "PATCH /v1/{}/ID"),
    ("delete", "DELETE /v1/{}/ID"),
)
GENERAL_GUESSES = (
    "Error bodies of 404, 405, 415, 429 and 400 for broken JSON: only their status is documented.",
    "An unknown filter, a filter value that cannot be one and an unknown sort answer 422.",
    "Attributes that are not known are ignored, as the vendor's own example of an update relies on.",
    "A request refused with 429 does not count towards a limit; a token request that fails does.",
    "Equal texts are compared without regard to case, telephone numbers by their digits.",
    "A page beyond the last one is empty. A page size above 100 means 100.",
    "The lifetime of an authorization code (30 seconds), and the wording of token errors beyond"
    " `invalid_client`.",
    "Scopes: contacts, groups, notes, insights, recruits and campaigns need leadInteraction, surveys and their"
    " responses leadSurveyInteraction, users getUsers, definitions describeSchema. All"
    " client credentials may have every scope.",
)
UNLIKE_PUBLISHED = (
    "`DELETE /v1/campaign-activity/` is published without an id and answers 405; with one it deletes.",
    "`POST /v1/contacts` with `grant_consent` is published without a `source`, which every new contact needs, and"
    " answers 422; with one it creates.",
    "`PATCH /v1/contacts/` with a consent is published without an `owner`, whom admins have to name, and answers"
    " them 422; users it answers as published.",
    "`PATCH /v1/leads/ID` is published with some bodies that end in a comma, which is no JSON, and answers 400.",
)
NOT_THERE = (
    "An `api_key` in place of a token, which the vendor enables for leads on request.",
    "The vendor's own administrators, who name an `owning_organization`.",
)


def describe() -> str:
    """The list as Markdown."""
    lines = ["### Emulated", ""]
    lines += [
        "- `GET /v1/authorize` with pages to sign in and consent on; `POST /v1/token` with client credentials,"
        " authorization codes and refresh tokens that rotate",
        "- `GET /v1/heartbeat`, `GET /v1/teapot`",
    ]
    lines += [_resource(resource) for _, resource in sorted(RESOURCES.items()) if resource.methods]
    lines += [_endpoint(endpoint) for _, endpoint in sorted(ENDPOINTS.items())]
    lines += ["", "### Guessed", "", "What the vendor does not document, decided here:", ""]
    lines += [f"- {guess}" for guess in GENERAL_GUESSES]
    for path, resource in sorted(RESOURCES.items()):
        lines += [f"- {path}: {guess}" for guess in resource.guesses]
    for path, endpoint in sorted(ENDPOINTS.items()):
        lines += [f"- {path}: {guess}" for guess in endpoint.guesses]
    lines += [
        "",
        "### Answered otherwise",
        "",
        "Published requests need a token, and ids and names of this world where they have those of the vendor's"
        " example organization. Some fail even so, by their own words:",
        "",
    ]
    lines += [f"- {request}" for request in UNLIKE_PUBLISHED]
    lines += ["", "### Not there", "", "Every published address is there. What is not:", ""]
    lines += [f"- {names}" for names in NOT_THERE]
    ignored = [(path, resource.ignored) for path, resource in sorted(RESOURCES.items()) if resource.ignored]
    lines += ["", "Accepted in a request and ignored:", ""]
    lines += [f"- {path}: {', '.join(f'`{name}`' for name in names)}" for path, names in ignored]
    return "\n".join(lines)


def _resource(resource: Resource) -> str:
    methods = ", ".join(
        f"`{form.format(resource.path)}`" for name, form in _METHODS if name in resource.methods
    )
    who = "admins only" if resource.admin_only else "admins and users"
    text = f"- {methods}: {who}, scope {resource.scope}"
    if resource.filters:
        text += f"; filters {', '.join(filter.name for filter in resource.filters)}"
    return text


def _endpoint(endpoint: Endpoint) -> str:
    forms = [f"`{method} /v1/{endpoint.path}`" for method in endpoint.collection]
    forms += [f"`{method} /v1/{endpoint.path}/ID`" for method in endpoint.item]
    return f"- {', '.join(forms)}: admins and users, scope {' or '.join(endpoint.scopes)}"


def renewed(readme: str) -> str:
    """The README's text with the list in it renewed."""
    before, _, rest = readme.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{describe()}\n\n{END}{after}"


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
