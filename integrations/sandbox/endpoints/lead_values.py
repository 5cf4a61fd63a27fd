"""The attributes of a lead, its opportunity and its offers."""

from __future__ import annotations

from typing import Any

from ..engine.errors import ApiError

TEXT, INTEGER, DECIMAL, FLAG = "text", "integer", "decimal", "flag"


def _typed(**names: str) -> dict[str, str]:
    return {name: kind for kind, listed in names.items() for name in listed.split()}


LEAD = _typed(
    text="title first_name last_name suffix nickname email email_work address address_2 city state zip_code "
    "birthday creation_date last_contacted_date phone_cell phone_home phone_office referred_by source "
    "credit_score credit_score_date",
    flag="ok_to_call ok_to_email ok_to_mail",
)
OPPORTUNITY = _typed(
    text="property_county property_zip property_state property_msa property_type property_use "
    "loan_request_type tracking_number self_credit_rating term contact_phone_extension "
    "consumer_geo_phone_area_code",
    integer="property_value loan_amount loan_down_payment loan_cash_out assigned_credit_value lead_stage",
    decimal="annual_income property_purchase_price present_ltv proposed_ltv estimated_payment apr market_value "
    "rate_offer lead_price",
    flag="first_time_buyer has_agent is_military bankruptcy foreclosure working_with_agent found_home "
    "is_fha_eligible is_va_loan",
)
OFFER = _typed(
    text="offer_type loan_program_name term investor",
    integer="offer_id lock_term",
    decimal="loan_amount interest_rate points monthly_payment down_payment apr",
)
CONTACT_NAMES = (*LEAD, "custom")
STAGES = 5


def for_new_lead(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes to store for a new lead. Any string or number is valid. Raise `ApiError` (422)."""
    for name in LEAD:
        if isinstance(payload.get(name), (dict, list)):
            raise ApiError(422, f"Invalid value for attribute: '{name}'")
    opportunity = _object("lead_opportunity", payload.get("lead_opportunity"))
    offers = _offers(payload)
    return {
        "lead": {name: payload.get(name) for name in LEAD} | {"custom": payload.get("custom") or []},
        "lead_opportunity": {name: opportunity.get(name) for name in OPPORTUNITY if name != "lead_stage"},
        "lead_opportunity_offers": [{name: offer.get(name) for name in OFFER} for offer in offers],
        "lead_stage": 1,
    }


def merge(attributes: dict[str, Any], payload: dict[str, Any]) -> None:
    """Merge a partial update into the attributes.

    Raise `ApiError` (422), and change nothing, for a value of the wrong type, an unknown offer or an unknown stage.
    """
    opportunity = _object("lead_opportunity", payload.get("lead_opportunity"))
    lead = _checked(LEAD, payload)
    changes = _checked(OPPORTUNITY, opportunity)
    stage = changes.pop("lead_stage", None)
    if "lead_stage" in payload:
        stage = _read("lead_stage", INTEGER, payload["lead_stage"])
    if stage is not None and not 1 <= stage <= STAGES:
        raise ApiError(422, f"Invalid value for attribute: 'lead_stage' (1 to {STAGES})")
    offers = [dict(offer) for offer in attributes["lead_opportunity_offers"]]
    for offer in _offers(payload):
        _merge_offer(offers, offer)
    attributes["lead"] |= lead
    attributes["lead_opportunity"] |= changes
    attributes["lead_opportunity_offers"] = offers
    attributes["lead_stage"] = stage or attributes["lead_stage"]


def shown(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return a lead as responses show it, without its owner and contact."""
    lead = {name: _as_number(value) for name, value in attributes["lead"].items()}
    opportunity = {name: _as_text(value) for name, value in attributes["lead_opportunity"].items()}
    return lead | {
        "lead_opportunity": opportunity | {"lead_stage": attributes["lead_stage"]},
        "lead_opportunity_offers": attributes["lead_opportunity_offers"],
    }


def _merge_offer(offers: list[dict[str, Any]], given: dict[str, Any]) -> None:
    changes = _checked(OFFER, given)
    position = next(
        (place for place, offer in enumerate(offers) if offer.get("offer_id") == changes.get("offer_id")),
        None,
    )
    if "offer_id" not in changes or len(changes) < 2 or position is None:
        raise ApiError(422, "An offer needs the offer_id of an offer of this lead, and another attribute")
    offers[position] |= changes


def _object(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ApiError(422, f"Invalid value for attribute: '{name}'")
    return value


def _offers(payload: dict[str, Any]) -> list[dict[str, Any]]:
    value = payload.get("lead_opportunity_offers") or []
    if not isinstance(value, list) or not all(isinstance(offer, dict) for offer in value):
        raise ApiError(422, "Invalid value for attribute: 'lead_opportunity_offers'")
    return value


def _checked(types: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    return {name: _read(name, types[name], value) for name, value in given.items() if name in types}


def _read(name: str, kind: str, value: Any) -> Any:
    """Return a value of an update. Raise `ApiError` (422) if it has the wrong type."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = {
        TEXT: isinstance(value, str),
        INTEGER: number and not isinstance(value, float) and value >= 0,
        DECIMAL: number,
        FLAG: isinstance(value, bool) or (number and value in (0, 1)),
    }
    if not fits[kind]:
        raise ApiError(422, f"Invalid value for attribute: '{name}' must be of type {kind}")
    return bool(value) if kind == FLAG else value


def _as_text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _as_number(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
