"""Records behind the modules in `endpoints`. They are stored like resources but have no URL of their own."""

from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.resource import Identity, Ownership, Relationship, Resource

LEAD_SOURCES = Resource(
    path="lead-sources",
    scope="leadOpportunitiesSalesPipelineInteraction",
    first_id=1,
    methods=frozenset(),
    shows_times=False,
    fields=(Field("display_name", column=Column.PLAIN),),
    identities=(Identity(("display_name",)),),
)


_CONTACT = Relationship("contact", "contacts", shown_fields=(), key_fields=("id",), deleted_with_target=True)

LEAD_OPPORTUNITY_RECORDS = Resource(
    path="lead-opportunities",
    scope="leadOpportunitiesSalesPipelineInteraction",
    first_id=1,
    methods=frozenset(),
    ownership=Ownership.SHOWN_TO_USER,
    owner_optional=True,
    hex_digits=32,
    fields=(
        *(Field(name) for name in ("email", "first_name", "last_name", "phone", "referred_by")),
        *(Field(name) for name in ("utm_campaign", "utm_medium", "utm_source")),
        Field("loan_purpose", column=Column.PLAIN),
        Field("product", FieldType.ANY),
        Field("stage", FieldType.NUMBER, column=Column.PLAIN),
    ),
    relationships=(
        _CONTACT,
        Relationship("source", "lead-sources", shown_fields=("id", "display_name"), key_fields=("id",)),
    ),
)
LEAD_RECORDS = Resource(
    path="leads",
    scope="leadOpportunityInteraction",
    first_id=50_001,
    methods=frozenset(),
    ownership=Ownership.SHOWN_TO_USER,
    fields=(
        Field("lead", FieldType.ANY),
        Field("lead_opportunity", FieldType.ANY),
        Field("lead_opportunity_offers", FieldType.ANY),
        Field("lead_stage", FieldType.NUMBER, default=1),
    ),
    relationships=(_CONTACT,),
)


EMAIL_TEMPLATES = Resource(
    path="email-templates",
    scope="emailInteraction",
    first_id=2001,
    methods=frozenset(),
    fields=(Field("html"), Field("subject"), Field("template_name")),
)


USER_IMAGES = Resource(
    path="user-images",
    scope="emailInteraction",
    first_id=2101,
    methods=frozenset(),
    fields=(Field("filename"), Field("url"), Field("user_id", FieldType.NUMBER, column=Column.PLAIN)),
)
