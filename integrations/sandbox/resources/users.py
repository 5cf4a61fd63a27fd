"""The users resource: the users of an organization, who own contacts. For admins only."""

import re
from typing import Any

from ..engine.schema.fields import Column, Field, FieldType, Items, Section
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import (
    USER_KEY_FIELDS,
    USER_SHOWN_FIELDS,
    Filter,
    Identity,
    Lookup,
    Relationship,
    Resource,
)
from ..signin.passwords import password_for

_INFO = (
    "address address_2 city company cost_center first_name job_title last_name location_id phone_cell "
    "phone_fax phone_office state testimonial_url timezone_name website zip_code"
)
_MARKETING = (
    "agent_bio application_url disclaimer icon_one_img_url icon_three_img_url icon_two_img_url "
    "license_title logo_img_url post_close_survey_url profile_img_url short_name social_facebook "
    "social_google social_linkedin social_twitter user_quote wistia_id"
)


class UserHooks(ResourceHooks):
    """Gives new users a user name and a password."""

    def clean(self, change: Change) -> None:
        """Make a user name from the email address, with a number if it is taken."""
        attributes: dict[str, Any] = change.record.attributes
        if attributes.get("username"):
            return
        stem = re.sub(r"[^a-z0-9]+", "-", str(attributes.get("email", "")).rsplit(".", 1)[0].lower()).strip(
            "-"
        )
        taken = "SELECT 1 FROM users WHERE a_username = ?"
        name, number = stem, 1
        while change.connection.execute(taken, (name,)).fetchone():
            number += 1
            name = f"{stem}{number}"
        attributes["username"] = name

    def after_save(self, change: Change) -> None:
        """Give a user without password one, so that users created through the API can sign in."""
        change.connection.execute(
            'INSERT OR IGNORE INTO logins ("user", organization, password, admin) VALUES (?, ?, ?, 0)',
            (change.record.id, change.organization.id, password_for(change.record.id)),
        )


USERS = Resource(
    path="users",
    scope="getUsers",
    first_id=1001,
    methods=frozenset({"list", "get", "create", "update"}),
    admin_only=True,
    fields=(
        Field("email", column=Column.PLAIN, indexed=True, fixed=True),
        Field("external_id", column=Column.PLAIN, indexed=True),
        Field("last_login_date", FieldType.DATETIME, assignable=False),
        Field("saml_subject_id", assignable=False),
        Field("status", FieldType.NUMBER, default=1, choices=("0", "1"), column=Column.PLAIN),
        Field("type", choices=("Realtor", "Lender", "Title")),
        Field("username", assignable=False, column=Column.PLAIN, indexed=True),
    ),
    sections=(
        Section("info", tuple(Field(name) for name in _INFO.split())),
        Section(
            "settings_marketing",
            (
                *(Field(name) for name in _MARKETING.split()),
                Field("daily_spend_threshold", FieldType.NUMBER),
                Field("weekly_spend_threshold", FieldType.NUMBER),
            ),
        ),
    ),
    items=(
        Items(
            "licenses",
            (Field("content"), Field("license_name")),
            keys=("license_name",),
            removed_by="remove_licenses",
            always_shown=True,
        ),
        Items(
            "disclaimers",
            (Field("content"), Field("disclaimer_name"), Field("type", FieldType.ANY)),
            keys=("disclaimer_name", "type"),
            removed_by="remove_disclaimers",
            always_shown=True,
        ),
    ),
    relationships=(
        Relationship(
            "expenditure_approver",
            "users",
            shown_fields=USER_SHOWN_FIELDS,
            key_fields=USER_KEY_FIELDS,
            always_shown=False,
        ),
        Relationship(
            "role",
            "user-roles",
            shown_fields=("id", "role_name"),
            key_fields=("id", "role_name"),
            always_shown=True,
        ),
        Relationship(
            "teams",
            "teams",
            shown_fields=("id", "team_name"),
            key_fields=("id", "team_name"),
            many=True,
            removed_by="remove_teams",
            always_shown=True,
            allows_nested=True,
        ),
    ),
    required=("email", "type", "info", "role"),
    identities=(Identity(("username",)), Identity(("email",)), Identity(("external_id",))),
    unique_on_update=True,
    filters=(
        Filter("internal_updated_at_start", Lookup.GTE, "updated"),
        Filter("internal_updated_at_end", Lookup.LTE, "updated"),
        Filter("email", Lookup.EXACT, "email"),
        Filter("username", Lookup.EXACT, "username"),
        Filter("status", Lookup.EXACT, "status"),
        Filter("external_id", Lookup.EXACT, "external_id"),
    ),
    assumptions=(
        "For a user's token, admin resources return 401 insufficient_scope.",
        "A role that is not in the list returns 422. A team that doesn't exist is created, and managers sent with a"
        " team are added to it.",
        "Giving a user the email address or external id of another one returns 422.",
        "An inactive user can't sign in or use tokens, but can own contacts.",
    ),
    webhook_item="USER",
    hooks=UserHooks,
)
