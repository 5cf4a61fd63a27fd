"""The contact-recruits resource: contacts that an organization wants to hire."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from ..engine import relationships
from ..engine.errors import ApiError, target_not_found
from ..engine.schema import values
from ..engine.schema.fields import Field, FieldType, Section
from ..engine.schema.hooks import Change
from ..engine.schema.resource import ALL_METHODS, USER_KEY_FIELDS, USER_SHOWN_FIELDS, Relationship
from .contacts import CONTACTS, ContactHooks
from .rules.us_states import STATES

_MANAGERS = tuple(
    Relationship(name, "users", shown_fields=USER_SHOWN_FIELDS, key_fields=USER_KEY_FIELDS)
    for name in ("branch_manager", "division_manager", "regional_manager")
)
_STATUS = Relationship(
    "recruit_status", "contact-recruit-statuses", shown_fields=("status_name",), key_fields=("status_name",)
)
_METRIC = Relationship(
    "metric",
    "contact-recruit-metrics",
    shown_fields=("metric_name", "metric_type"),
    key_fields=("metric_name", "metric_type"),
)
_UNIT = Relationship(
    "unit", "contact-recruit-metric-units", shown_fields=("unit_name",), key_fields=("unit_name",)
)
_INFO = Section(
    "recruit_info",
    (
        *(
            Field(name)
            for name in ("background", "commission_cap", "commission_split", "corporate_objective")
        ),
        Field("has_resume", FieldType.BOOLEAN),
        *(Field(name) for name in ("nmls_id", "resume_url", "sourced_percentage")),
        Field("ust_is_complete", FieldType.BOOLEAN),
        Field("years_experience"),
    ),
)
_PARTS = {"metric": _METRIC, "unit": _UNIT}
_VALUE = Field("value", FieldType.NUMBER)
_WHOLE = 100


class RecruitHooks(ContactHooks):
    """Checks what only recruits have: managers, status, state licenses, and metrics."""

    path = "contact-recruits"

    def clean(self, change: Change) -> None:
        """Assign what only recruits have."""
        super().clean(change)
        _take_info(change)
        _take_licenses(change)
        _take_metrics(change)


def _take_info(change: Change) -> None:
    info, sent = change.record.attributes["recruit_info"], change.payload.get("recruit_info") or {}
    for relationship in (*_MANAGERS, _STATUS):
        if relationship.name not in sent:
            continue
        info.pop(relationship.name, None)
        if sent[relationship.name] is not None:
            info[relationship.name] = _found(change, relationship, sent[relationship.name])


def _found(change: Change, relationship: Relationship, value: Any) -> dict[str, Any]:
    """Return the shown fields of the record that a value names."""
    number = relationships.find(change.connection, relationship, change.organization.id, None, value)
    return relationships.show(change.connection, relationship, number)


def _entries(change: Change, name: str) -> list[dict[str, Any]]:
    value = change.payload.get(name)
    entries = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ApiError(422, f"Invalid value for attribute: '{name}'")
    return entries


def _take_licenses(change: Change) -> None:
    licenses = {license["state_name"] for license in change.record.attributes.get("state_licenses", ())}
    licenses |= {_state(entry, "state_licenses") for entry in _entries(change, "state_licenses")}
    licenses -= {
        _state(entry, "remove_state_licenses") for entry in _entries(change, "remove_state_licenses")
    }
    change.record.attributes["state_licenses"] = [{"state_name": state} for state in sorted(licenses)]


def _state(entry: dict[str, Any], name: str) -> str:
    text = str(entry.get("state_name") or "").strip()
    state = text.upper() if text.upper() in STATES.values() else STATES.get(text.casefold())
    if state is None:
        raise target_not_found(name)
    return state


def _take_metrics(change: Change) -> None:
    metrics = list(change.record.attributes.get("recruit_metrics", ()))
    for entry in _entries(change, "recruit_metrics"):
        metric = _metric(change, entry)
        metrics = [known for known in metrics if _key(known) != _key(metric)] + [metric]
    for entry in _entries(change, "remove_recruit_metrics"):
        named = {name: _found(change, relationship, entry.get(name)) for name, relationship in _PARTS.items()}
        metrics = [known for known in metrics if any(known[name] != named[name] for name in named)]
    _check_sums(metrics)
    change.record.attributes["recruit_metrics"] = metrics


def _key(metric: dict[str, Any]) -> tuple[Any, ...]:
    return metric["metric"], metric["unit"], metric["on_date"]


def _metric(change: Change, entry: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: _found(change, relationship, entry.get(name)) for name, relationship in _PARTS.items()
    }
    if entry.get("value") in (None, ""):
        raise ApiError(422, "Missing required attribute: 'recruit_metrics.value'")
    found["value"] = str(values.read(_VALUE, entry["value"]))
    found["on_date"] = _date(entry.get("on_date"))
    kind = found["metric"]["metric_type"]
    if kind == "sales_production" and found["on_date"] is None:
        raise ApiError(422, "Missing required attribute: 'recruit_metrics.on_date'")
    if kind == "system_experience" and found["unit"]["unit_name"] != "years":
        raise ApiError(422, "Invalid value for attribute: 'recruit_metrics.unit'")
    return found


def _date(value: Any) -> str | None:
    """Return the time at which a year, a month or a day begins."""
    if value in (None, ""):
        return None
    text = re.sub(r"^(\d{4})$", r"\1-01", str(value).strip())
    moment = values.parse_datetime(re.sub(r"^(\d{4}-\d{2})$", r"\1-01", text))
    if moment is None:
        raise ApiError(422, "Invalid value for attribute: 'recruit_metrics.on_date'")
    return values.format_datetime(moment)


def _check_sums(metrics: list[dict[str, Any]]) -> None:
    sums: dict[str, float] = {}
    for metric in metrics:
        if metric["unit"]["unit_name"] == "percent":
            kind = metric["metric"]["metric_type"]
            sums[kind] = sums.get(kind, 0) + float(metric["value"])
            if sums[kind] > _WHOLE:
                raise ApiError(422, f"Metrics of type '{kind}' add up to more than {_WHOLE} percent")


CONTACT_RECRUITS = dataclasses.replace(
    CONTACTS,
    path="contact-recruits",
    methods=ALL_METHODS,
    sequence=CONTACTS.path,
    sections=(*CONTACTS.sections, _INFO),
    webhook_item="",
    has_list_index=False,
    hooks=RecruitHooks,
    assumptions=(
        "Recruits are separate from contacts and not listed among them. Their ids come from the same sequence."
        " Everything else about contacts applies to recruits too.",
        "The attributes of `recruit_info` have the names in the examples, not those in the table.",
        "An unknown manager, status, metric or unit returns 422, as in any relationship.",
        "A metric with the metric, unit and date of another one replaces it. Removing a metric by metric and unit"
        " removes it for all dates.",
        "The wording of the error when metrics add up to more than 100 percent.",
    ),
)
