"""Lists that an organization has and that clients only read: channels, access types, what recruits are described by."""

from ..engine.schema.resource import Column, Field, Resource


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
