"""The users resource: the people of an organization, who own contacts; for admins only."""

import re
from typing import Any

from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import (
    USER_SETTABLE,
    USER_SHOWS,
    Column,
    Field,
    Filter,
    Identity,
    Items,
    Kind,
    Relationship,
    Resource,
    Section,
    Test,
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


class UserBehaviour(Behaviour):
    """A user's name is made from the e-mail address, and gets digits where it is taken."""

    def complete(self, change: Change) -> None:
        """Give a new user a user name."""
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

    def after_write(self, change: Change) -> None:
        """Give whoever has none a password, so that a user made through the API can consent."""
        change.connection.execute(
            'INSERT OR IGNORE INTO people ("user", organization, password, admin) VALUES (?, ?, ?, 0)',
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
        Field("last_login_date", Kind.MOMENT, assignable=False),
        Field("saml_subject_id", assignable=False),
        Field("status", Kind.NUMBER, default=1, choices=("0", "1"), column=Column.PLAIN),
        Field("type", choices=("Realtor", "Lender", "Title")),
        Field("username", assignable=False, column=Column.PLAIN, indexed=True),
    ),
    sections=(
        Section("info", tuple(Field(name) for name in _INFO.split())),
        Section(
            "settings_marketing",
            (
                *(Field(name) for name in _MARKETING.split()),
                Field("daily_spend_threshold", Kind.NUMBER),
                Field("weekly_spend_threshold", Kind.NUMBER),
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
            (Field("content"), Field("disclaimer_name"), Field("type", Kind.ANY)),
            keys=("disclaimer_name", "type"),
            removed_by="remove_disclaimers",
            always_shown=True,
        ),
    ),
    relationships=(
        Relationship(
            "expenditure_approver", "users", shows=USER_SHOWS, settable=USER_SETTABLE, always_shown=False
        ),
        Relationship(
            "role",
            "user-roles",
            shows=("id", "role_name"),
            settable=("id", "role_name"),
            always_shown=True,
        ),
        Relationship(
            "teams",
            "teams",
            shows=("id", "team_name"),
            settable=("id", "team_name"),
            many=True,
            removed_by="remove_teams",
            always_shown=True,
            creates=True,
        ),
    ),
    required=("email", "type", "info", "role"),
    identities=(Identity(("username",)), Identity(("email",)), Identity(("external_id",))),
    unique_on_update=True,
    filters=(
        Filter("internal_updated_at_start", Test.FROM, "updated"),
        Filter("internal_updated_at_end", Test.UNTIL, "updated"),
        Filter("email", Test.EQUALS, "email"),
        Filter("username", Test.EQUALS, "username"),
        Filter("status", Test.EQUALS, "status"),
        Filter("external_id", Test.EQUALS, "external_id"),
    ),
    guesses=(
        "A user's token is refused with 401 insufficient_scope on resources that are for admins.",
        "A role that is not in the list answers 422; a team that does not exist is created, and managers sent"
        " with a team are added to those it has.",
        "Giving a user an e-mail address or external id of another one answers 422.",
        "An inactive user can neither sign in nor go on using tokens, but may own contacts.",
    ),
    webhook_item="USER",
    behaviour=UserBehaviour,
)
