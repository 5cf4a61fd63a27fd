"""The contacts resource: people with their groups, external ids and custom values."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..campaigns import outbox
from ..engine.errors import ApiError, in_use
from ..engine.schema.fields import Column, Field, FieldType, Items, Section
from ..engine.schema.hooks import Change, Organization, ResourceHooks
from ..engine.schema.record import Record
from ..engine.schema.resource import (
    ALL_METHODS,
    USER_KEY_FIELDS,
    USER_SHOWN_FIELDS,
    ActivityRule,
    Filter,
    Identity,
    Lookup,
    Ownership,
    Relationship,
    Resource,
)
from .rules import call_consents, custom_values, entity_members

_PLAIN = (
    "address address_2 city email_work employer_address employer_address_2 employer_city "
    "employer_license_number employer_name employer_state employer_zip fax license_number linkedin_url "
    "nickname other_url referred_by referred_to state suffix title website_url zip_code"
)
_MOMENTS = "creation_date credit_score_date last_contacted_date pre_approval_issued_date"
_RATINGS = ("Excellent", "Good", "Fair", "Poor", "Very Poor")


class ContactHooks(ResourceHooks):
    """Rules of contacts.

    `path` is the resource that these contacts belong to.
    """

    path = "contacts"

    def is_required(self, name: str, payload: dict[str, Any]) -> bool:
        """Return False for the source of a contact that grants a consent, as in the published example."""
        return name != "source" or call_consents.GRANT not in payload

    def is_owner_required(self, payload: dict[str, Any]) -> bool:
        """Return False for a write with a consent, as in the published examples."""
        return not payload.keys() & {call_consents.GRANT, call_consents.REVOKE}

    def before_create(self, change: Change) -> None:
        """Reject a new contact that lacks a group its organization requires."""
        required = change.organization.required_groups
        if not required:
            return
        ids = change.record.many.get("contact_groups", set())
        marks = ",".join("?" * len(ids))
        rows = change.connection.execute(
            f"SELECT a_group_name FROM contact_groups WHERE id IN ({marks})", tuple(ids)
        )
        present = {row[0].casefold() for row in rows}
        missing = [name for name in required if name.casefold() not in present]
        if missing:
            raise ApiError(422, f"Missing required contact groups: '{', '.join(missing)}'")

    def clean(self, change: Change) -> None:
        """Add the source and external id to `external_ids`, and check custom values."""
        attributes: dict[str, Any] = change.record.attributes
        if attributes.get("external_id") and attributes.get("source"):
            pair = {"external_id": attributes["external_id"], "source": attributes["source"]}
            if pair not in attributes["external_ids"]:
                attributes["external_ids"].append(pair)
        custom_values.check(change, "contact")

    def before_save(self, change: Change) -> None:
        """Store consents."""
        call_consents.apply(change)

    def before_delete(self, connection: sqlite3.Connection, record: Record) -> None:
        """Reject deleting a contact that is shared with other users."""
        if record.many["shared_with_users"]:
            raise in_use("the contact is shared with other users")

    def owner_changed(self, change: Change, previous: int) -> None:
        """Move the contact to the new owner's groups of the same names."""
        ids = change.record.many["contact_groups"]
        marks = ",".join("?" * len(ids))
        rows = change.connection.execute(
            f"SELECT mine.id FROM contact_groups mine JOIN contact_groups theirs"
            f" ON mine.a_group_name = theirs.a_group_name AND mine.organization = theirs.organization"
            f" WHERE mine.owner = ? AND theirs.owner = ? AND theirs.id IN ({marks})",
            (change.record.owner, previous, *ids),
        )
        change.record.many["contact_groups"] = {row[0] for row in rows}

    def computed_attributes(
        self, connection: sqlite3.Connection, organization: Organization, ids: Sequence[int]
    ) -> dict[int, dict[str, Any]]:
        """Return the entities that contacts belong to."""
        return entity_members.parents_of(connection, ids) if self.path == "contacts" else {}

    def after_save(self, change: Change) -> None:
        """Update entity memberships, and start the campaigns of the groups that the contact joined."""
        if self.path == "contacts":
            entity_members.update_parents(change)
        added = change.added.get("contact_groups", set())
        if added and not outbox.is_suppressed(change.payload):
            outbox.start_campaigns(
                change, outbox.GROUPS, added, change.record.id, self.path.replace("-", "_")
            )


CONTACTS = Resource(
    path="contacts",
    scope="leadInteraction",
    first_id=100_001,
    methods=ALL_METHODS | {"match"},
    ownership=Ownership.SHOWN_TO_USER,
    fields=(
        *(Field(name) for name in _PLAIN.split()),
        *(Field(name, FieldType.DATETIME) for name in _MOMENTS.split()),
        Field("birthday", FieldType.BIRTHDAY),
        Field("classification", default="", assignable=False),
        Field("close_date", FieldType.DATE),
        Field("credit_score", choices=_RATINGS),
        Field("credit_score_expiration_date", FieldType.DATETIME, assignable=False),
        Field("do_not_contact", FieldType.BOOLEAN, shown=False),
        Field("email", column=Column.PLAIN, indexed=True),
        Field("external_id", column=Column.PLAIN, indexed=True),
        Field("first_name", column=Column.PLAIN, indexed=True),
        Field("last_modified_date", FieldType.DATETIME, assignable=False),
        Field("last_name", column=Column.PLAIN, indexed=True),
        Field("list_date", FieldType.DATE),
        Field("ok_to_call", FieldType.BOOLEAN, default=True),
        Field("ok_to_email", FieldType.BOOLEAN, default=True),
        Field("ok_to_mail", FieldType.BOOLEAN, default=True),
        Field("phone_cell", column=Column.DIGITS, indexed=True),
        Field("phone_home", column=Column.DIGITS, indexed=True),
        Field("phone_office", column=Column.DIGITS, indexed=True),
        Field("source", column=Column.PLAIN, indexed=True),
    ),
    sections=(
        Section("preferences", (Field("is_silenced", FieldType.BOOLEAN, default=False),)),
        Section("external_status", (Field("status_name"),), always_shown=False),
    ),
    items=(
        Items(
            "external_ids",
            (Field("external_id"), Field("source")),
            keys=("source", "external_id"),
            always_shown=True,
        ),
        custom_values.CUSTOM,
    ),
    relationships=(
        Relationship(
            "contact_groups",
            "contact-groups",
            shown_fields=("group_name", "id"),
            key_fields=("group_name", "id"),
            many=True,
            same_owner=True,
            removed_by="remove_contact_groups",
            always_shown=True,
        ),
        Relationship(
            "channels",
            "channels",
            shown_fields=("system_name",),
            key_fields=("system_name",),
            many=True,
            removed_by="remove_channels",
        ),
        Relationship(
            "wlp_access", "wlp-access-types", shown_fields=("access_type",), key_fields=("access_type",)
        ),
        Relationship("assignee", "users", shown_fields=USER_SHOWN_FIELDS, key_fields=USER_KEY_FIELDS),
        Relationship(
            "shared_with_users",
            "users",
            shown_fields=USER_SHOWN_FIELDS,
            key_fields=USER_KEY_FIELDS,
            many=True,
        ),
    ),
    required=("first_name", "last_name", "source"),
    required_one_of=(
        ("email",),
        ("phone_cell",),
        ("phone_home",),
        ("phone_office",),
        ("address", "city", "state", "zip_code"),
    ),
    identities=(
        Identity(("source", "external_id"), items="external_ids"),
        Identity(("first_name", "last_name", "email")),
        Identity(("first_name", "last_name", "address", "city", "state", "zip_code")),
        Identity(("first_name", "last_name", "phone_home")),
        Identity(("first_name", "last_name", "phone_cell")),
        Identity(("first_name", "last_name", "phone_office")),
    ),
    filters=(
        Filter("internal_updated_at_start", Lookup.GTE, "updated"),
        Filter("internal_updated_at_end", Lookup.LTE, "updated"),
        Filter("owner_id", Lookup.OWNER, by="id"),
        Filter("owner_email", Lookup.OWNER, by="email"),
        Filter("owner_username", Lookup.OWNER, by="username"),
        Filter("owner_external_id", Lookup.OWNER, by="external_id"),
        Filter("first_name", Lookup.EXACT, "first_name"),
        Filter("last_name", Lookup.EXACT, "last_name"),
        Filter("email", Lookup.EXACT, "email"),
        Filter("first_name_contains", Lookup.CONTAINS, "first_name"),
        Filter("last_name_contains", Lookup.CONTAINS, "last_name"),
        Filter("email_contains", Lookup.CONTAINS, "email"),
        Filter("group_id", Lookup.TO_MANY, "contact_groups", by="id"),
        Filter("group_name", Lookup.TO_MANY, "contact_groups", by="group_name"),
        Filter("phone_cell", Lookup.EXACT, "phone_cell"),
        Filter("phone_home", Lookup.EXACT, "phone_home"),
        Filter("phone_office", Lookup.EXACT, "phone_office"),
        Filter("archieved", Lookup.ARCHIVED),
        Filter("external_id", Lookup.EXACT, "external_id"),
        Filter("source", Lookup.EXACT, "source"),
    ),
    assumptions=(
        "A list without the `archieved` filter includes archived contacts.",
        "A user's token sees the contacts that the user owns, not those shared with or assigned to the user.",
        "With a user's token, the ids of related users are strings, as in the published example.",
        "A contact shows `assignee`, `shared_with_users`, `channels`, `wlp_access`, `custom` and `external_status`"
        " only if they are set.",
        "`close_date` and `list_date` are shown without a time, and a birthday with the year 1970.",
        "The wording of the error for a missing required group.",
        "Required groups are checked when a contact is created, not when it is updated.",
        "A group that doesn't exist, or belongs to another owner, returns 422, and nothing is created.",
        "A contact with a new owner moves to that owner's groups of the same names and leaves all others.",
        "`POST` with a contact's id updates the contact and responds like a duplicate. An unknown id returns 404.",
        "Joining a group with a campaign sends its email. It is not sent if the contact is archived or silenced or"
        " has unsubscribed from the organization, the owner or the owner's domain, if `ok_to_email` is false, or if"
        " the owner is inactive. The same applies to answering a survey and getting an insight; only writes of"
        " contacts accept `options.suppress_emails`.",
        "Deleting a contact that is shared with users, or takes part in a loan, returns 409.",
        "The API can't archive contacts; `POST /_sandbox/archive` can. An archived contact is otherwise unchanged"
        " and gets no emails.",
        "`PATCH /v1/contacts`, published for consents, updates the contact that the payload duplicates, and returns"
        " 404 if there is none.",
        "As published, `POST` with `grant_consent` needs no `source`, and admins need not name an owner in a write with"
        " a consent. Without an owner, it applies to the oldest contact of the organization that the payload"
        " duplicates. If there is none, a new contact goes to the first active loan officer.",
        "Consents are stored, and no response shows them. An incomplete consent, and revoking one that was never"
        " granted, return 422.",
        "`related_entities` names existing parents by id, external id or name. It is shown only if it is not empty.",
        "`do_not_contact` is stored and has no visible effect.",
    ),
    webhook_item="CONTACT",
    has_list_index=True,
    activity=ActivityRule("Contact Created"),
    hooks=ContactHooks,
)
