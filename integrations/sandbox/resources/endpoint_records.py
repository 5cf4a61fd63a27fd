"""Records of the modules in `endpoints`, stored like any resource but without an address of their own here."""

from ..engine.schema.resource import Column, Field, Identity, Kind, Ownership, Relationship, Resource

LEAD_SOURCES = Resource(
    path="lead-sources",
    scope="leadOpportunitiesSalesPipelineInteraction",
    first_id=1,
    methods=frozenset(),
    shows_times=False,
    fields=(Field("display_name", column=Column.PLAIN),),
    identities=(Identity(("display_name",)),),
)


_CONTACT = Relationship("contact", "contacts", shows=(), settable=("id",), cascades=True)

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
        Field("product", Kind.ANY),
        Field("stage", Kind.NUMBER, column=Column.PLAIN),
    ),
    relationships=(
        _CONTACT,
        Relationship("source", "lead-sources", shows=("id", "display_name"), settable=("id",)),
    ),
)
LEAD_RECORDS = Resource(
    path="leads",
    scope="leadOpportunityInteraction",
    first_id=50_001,
    methods=frozenset(),
    ownership=Ownership.SHOWN_TO_USER,
    fields=(
        Field("lead", Kind.ANY),
        Field("lead_opportunity", Kind.ANY),
        Field("lead_opportunity_offers", Kind.ANY),
        Field("lead_stage", Kind.NUMBER, default=1),
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
    fields=(Field("filename"), Field("url"), Field("user_id", Kind.NUMBER, column=Column.PLAIN)),
)
