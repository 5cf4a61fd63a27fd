"""Read-only lists that other resources refer to: channels, statuses, metrics, insight types and email domains."""

from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.resource import Filter, Lookup, Resource


def _list(path: str, first_id: int, *names: str) -> Resource:
    return Resource(
        path=path,
        scope="leadInteraction",
        first_id=first_id,
        methods=frozenset({"list"}),
        shows_id=False,
        shows_times=False,
        fields=tuple(Field(name, column=Column.PLAIN) for name in names),
    )


CHANNELS = _list("channels", 1, "system_name")
WLP_ACCESS_TYPES = _list("wlp-access-types", 1, "access_type")
CONTACT_RECRUIT_STATUSES = _list("contact-recruit-statuses", 1, "status_name")
CONTACT_RECRUIT_METRICS = _list("contact-recruit-metrics", 1, "metric_name", "metric_type")
CONTACT_RECRUIT_METRIC_UNITS = _list("contact-recruit-metric-units", 1, "unit_name")
NAMED_LISTS = (
    CHANNELS,
    WLP_ACCESS_TYPES,
    CONTACT_RECRUIT_STATUSES,
    CONTACT_RECRUIT_METRICS,
    CONTACT_RECRUIT_METRIC_UNITS,
)


INSIGHT_TYPES = Resource(
    path="insight-types",
    scope="leadInteraction",
    first_id=71,
    methods=frozenset({"list"}),
    fields=(
        Field("description"),
        Field("expiration_interval", FieldType.NUMBER),
        Field("type", column=Column.PLAIN, indexed=True),
    ),
    filters=(Filter("type", Lookup.EXACT, "type"),),
    assumptions=(
        "The shapes of insights and their types follow the tables of attributes. No example is published.",
    ),
)


EMAIL_DOMAINS = Resource(
    path="email-domains",
    scope="leadInteraction",
    first_id=1301,
    methods=frozenset({"list"}),
    shows_times=False,
    fields=(Field("domain_name", column=Column.PLAIN),),
    assumptions=(
        "Email domains, unsubscribes and SMS choices need the scope leadInteraction. None is published.",
    ),
)


WEBHOOK_ACTIONS = Resource(
    path="webhook-actions",
    scope="leadInteraction",
    first_id=1,
    methods=frozenset({"list"}),
    shows_id=False,
    shows_times=False,
    fields=(
        Field("action", assignable=False, column=Column.PLAIN),
        Field("item", assignable=False, column=Column.PLAIN, indexed=True),
    ),
    assumptions=(
        "The vendor documents only contacts as items. Here, every resource that can be created, updated or deleted"
        " has an item name.",
    ),
)
