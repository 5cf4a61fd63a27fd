"""Lead opportunities, the older leads, and pricing scenarios."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .. import parse
from .custom_fields import CustomValue
from .record import Number, Record, TextId
from .references import Reference, RelatedEntities


@dataclass(frozen=True, repr=False)
class LeadStage(Record):
    """A stage of the sales pipeline."""

    id: TextId
    name: str


@dataclass(frozen=True, repr=False)
class LeadOpportunity(Record):
    """A lead in the sales pipeline, with the id of its contact."""

    id: TextId
    first_name: str
    last_name: str
    stage: LeadStage | None
    product_type: str
    source_name: str
    assigned_user_id: int | None
    contact_id: int | None
    created_at: dt.datetime | None
    updated_at: dt.datetime | None

    JSON_PATHS = {
        "product_type": ("product", "type"),
        "source_name": ("source", "display_name"),
        "contact_id": ("legacy_contact_id",),
    }

    @property
    def product_values(self) -> dict[str, Any]:
        """The requested product (loan_purpose, loan_amount, …) as it was received."""
        found = self._object("product").get("values")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, repr=False)
class LeadOffer(Record):
    """An offer made to a lead. Amounts are in dollars, rates in percent."""

    offer_id: Number | None
    offer_type: str
    loan_program_name: str
    loan_amount: Decimal | None
    interest_rate: Decimal | None
    term: str
    points: Decimal | None
    investor: str
    monthly_payment: Decimal | None
    down_payment: Decimal | None
    apr: Decimal | None


@dataclass(frozen=True, repr=False)
class Lead(Record):
    """An older lead. The vendor returns no id, so `id` is the one it was requested by."""

    id: int | None
    first_name: str
    last_name: str
    nickname: str
    title: str
    suffix: str
    email: str
    phone_cell: str
    phone_home: str
    phone_office: str
    address: str
    address_2: str
    city: str
    state: str
    zip_code: str
    source: str
    referred_by: str
    credit_score: str
    ok_to_email: bool | None
    lead_stage: Number | None
    owner: Reference | None
    owner_id: int | None
    lead_opportunity_offers: tuple[LeadOffer, ...]
    related_entities: tuple[RelatedEntities, ...]
    custom: tuple[CustomValue, ...]

    @property
    def lead_opportunity(self) -> dict[str, Any]:
        """The requested loan (property_value, loan_amount, …) as it was received."""
        return self._object("lead_opportunity")

    @property
    def contact_id(self) -> int | None:
        """The id of the lead's contact."""
        for related in self.related_entities:
            if related.relationship_type.lower() == "contact":
                for parent in related.parent:
                    return parse.integer_id(parent.id)
        return None


@dataclass(frozen=True, repr=False)
class ScenarioTag(Record):
    """What a scenario applies to, such as a listing or a contact."""

    type: str
    value: str


@dataclass(frozen=True, repr=False)
class Scenario(Record):
    """Loan pricing for a property or a contact."""

    id: int
    name: str
    display_name: str
    expiration_date: dt.datetime | None
    owner: Reference | None
    tags: tuple[ScenarioTag, ...]
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    @property
    def data(self) -> dict[str, Any]:
        """The scenario itself, in the format of the organization's schema."""
        return self._object("data")
