"""The resources under /v1/schema: custom fields and participant roles."""

from ..engine.schema.fields import Column, Field, FieldType, Section
from ..engine.schema.resource import Filter, Lookup, Resource

CUSTOM_FIELDS = Resource(
    path="schema/custom-fields",
    scope="describeSchema",
    first_id=11,
    methods=frozenset({"list"}),
    admin_only=True,
    shows_id=False,
    fields=(
        Field("data_type", column=Column.PLAIN),
        Field("description", shown=False),
        Field("display_name", column=Column.PLAIN),
        Field("system_name", column=Column.PLAIN, indexed=True),
    ),
    sections=(
        Section("account_class", (Field("class_name"), Field("class_type"))),
        Section("related_entity", (Field("entity_subtype"), Field("entity_type"))),
    ),
    filters=(
        Filter("internal_updated_at_start", Lookup.GTE, "updated"),
        Filter("internal_updated_at_end", Lookup.LTE, "updated"),
        Filter("internal_created_at_start", Lookup.GTE, "created"),
        Filter("internal_created_at_end", Lookup.LTE, "created"),
        Filter("system_name", Lookup.EXACT, "system_name"),
        Filter("related_entity_type", Lookup.EXACT, "related_entity.entity_type"),
        Filter("account_class_name", Lookup.EXACT, "account_class.class_name"),
        Filter("account_class_type", Lookup.EXACT, "account_class.class_type"),
    ),
    assumptions=("Definitions are paged like every other list. No example is published.",),
)


PARTICIPANT_ROLES = Resource(
    path="schema/participant-roles",
    scope="describeSchema",
    first_id=21,
    methods=frozenset({"list"}),
    admin_only=True,
    shows_id=False,
    shows_times=False,
    fields=(
        Field("display_name", column=Column.PLAIN),
        Field("required", FieldType.NUMBER, column=Column.PLAIN),
        Field("system_name", column=Column.PLAIN),
    ),
    sections=(
        Section("account_class", (Field("class_name"), Field("class_type"))),
        Section(
            "role_type",
            (
                Field("discrete", FieldType.NUMBER),
                Field("rules_type_id", FieldType.NUMBER),
                Field("type_name"),
            ),
        ),
    ),
    filters=(
        Filter("system_name", Lookup.EXACT, "system_name"),
        Filter("display_name", Lookup.EXACT, "display_name"),
        Filter("required", Lookup.EXACT, "required"),
        Filter("account_class_name", Lookup.EXACT, "account_class.class_name"),
        Filter("account_class_type", Lookup.EXACT, "account_class.class_type"),
        Filter("role_type_name", Lookup.EXACT, "role_type.type_name"),
        Filter("role_type_discrete", Lookup.EXACT, "role_type.discrete"),
        Filter("role_type_rules_type_id", Lookup.EXACT, "role_type.rules_type_id"),
    ),
    assumptions=("Roles are paged like every other list. No example is published.",),
)
