"""The table of addresses: who may open each, and what to fill in. A new address needs a row here.

``fill`` answers the parts of the address from the scene; where visiting uses something up, it makes a fresh one.
``allowed`` are those of `tests.portal.scene.OWN` who get in; for everybody else who is signed in the address is 404.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integrations.connections.limits import budgets
from portal.branding import changes, logos, stylesheet
from tests.portal.admin_objects import OBJECTS
from tests.portal.branding.pictures import picture
from tests.portal.people import with_recovery_codes
from tests.portal.scene import OWN, Scene

OPERATOR = frozenset({"operator"})
MANAGERS = OPERATOR | {"admin"}
INSIGHT = MANAGERS | {"editor", "viewer"}
EVERYBODY_HERE = frozenset(OWN)
CONSENTERS = frozenset({"admin", "officer", "colleague"})


def nothing(scene: Scene) -> dict[str, Any]:
    return {}


def organization(scene: Scene) -> dict[str, Any]:
    return {"slug": scene.organization.slug}


def _in_organization(**parts: Callable[[Scene], Any]) -> Callable[[Scene], dict[str, Any]]:
    def fill(scene: Scene) -> dict[str, Any]:
        return organization(scene) | {name: part(scene) for name, part in parts.items()}

    return fill


@dataclass(frozen=True)
class Address:
    """One URL name. ``shared``: everybody signed in gets in and sees what is theirs. ``public``: anybody does."""

    fill: Callable[[Scene], dict[str, Any]] = nothing
    allowed: frozenset[str] = frozenset()
    shared: bool = False
    public: bool = False
    posts: bool = False
    data: dict[str, str] = field(default_factory=dict)
    hidden: bool = False  #: people who are signed out get 404 as well, and are led to no sign-in
    refuses: int = (
        0  #: the status with which it refuses a visit that brings nothing, or while it is switched off
    )


SHARED = Address(shared=True)
PUBLIC = Address(public=True)

PEOPLE = {
    "new_organization": Address(allowed=OPERATOR),
    "choose_organization": SHARED,
    "organization": Address(organization, INSIGHT),
    "edit_organization": Address(organization, OPERATOR),
    "members": Address(organization, MANAGERS),
    "change_role": Address(
        _in_organization(pk=lambda s: s.member().pk), MANAGERS, posts=True, data={"role": "editor"}
    ),
    "remove_member": Address(_in_organization(pk=lambda s: s.member().pk), MANAGERS, posts=True),
    "resend_invitation": Address(_in_organization(pk=lambda s: s.invitation()[0].pk), MANAGERS, posts=True),
    "withdraw_invitation": Address(_in_organization(pk=lambda s: s.invitation()[0].pk), MANAGERS, posts=True),
    "invitation": Address(lambda s: {"token": s.invitation()[1]}, public=True),
    "account": SHARED,
    "delete_account": SHARED,
    "sessions": SHARED,
    "end_session": Address(lambda s: {"pk": s.session().pk}, frozenset({"admin"}), posts=True),
    "end_other_sessions": Address(shared=True, posts=True),
}

SIGN_IN = {
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_inactive": PUBLIC,
    "account_signup": PUBLIC,
    "account_request_login_code": PUBLIC,
    "account_confirm_login_code": PUBLIC,
    "account_email_verification_sent": PUBLIC,
    "account_confirm_email": Address(lambda s: {"key": "no-such-key"}, public=True),
    "account_change_password": SHARED,
    "account_set_password": SHARED,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": Address(lambda s: {"uidb36": "1", "key": "no-such-key"}, public=True),
    "account_reset_password_from_key_done": PUBLIC,
}


def codes_for_everybody(scene: Scene) -> dict[str, Any]:
    for user in scene.people.values():
        with_recovery_codes(user)
    return {}


#: Whoever is signed in confirms that it is them first; then what is another's does not exist.
SECOND_FACTORS = {
    "mfa_index": SHARED,
    "mfa_list_webauthn": SHARED,
    "mfa_activate_totp": SHARED,
    "mfa_deactivate_totp": Address(allowed=OPERATOR),
    "mfa_add_webauthn": SHARED,
    "mfa_edit_webauthn": Address(lambda s: {"pk": 1}, shared=True),
    "mfa_remove_webauthn": Address(lambda s: {"pk": 1}, shared=True),
    "mfa_view_recovery_codes": Address(codes_for_everybody, shared=True),
    "mfa_download_recovery_codes": Address(codes_for_everybody, shared=True),
    "mfa_generate_recovery_codes": SHARED,
    "mfa_authenticate": PUBLIC,
    "mfa_login_webauthn": PUBLIC,
    "single_sign_on": Address(public=True, refuses=404),
    "openid_connect_callback": Address(public=True, refuses=404),
    "socialaccount_login_cancelled": PUBLIC,
    "account_reauthenticate": SHARED,
    "mfa_reauthenticate": SHARED,
    "mfa_reauthenticate_webauthn": SHARED,
}

a_connection = _in_organization(pk=lambda s: s.connection.pk)
an_environment = _in_organization(environment=lambda s: s.environment.name)

CONNECTIONS = {
    "organization_connections": Address(organization, INSIGHT),
    "connection": Address(a_connection, INSIGHT | {"officer"}),
    "change_connection": Address(
        _in_organization(pk=lambda s: s.connection.pk, verb=lambda s: "pause"),
        MANAGERS | {"officer"},
        posts=True,
    ),
    "calls": Address(a_connection, INSIGHT | {"officer"}),
    "token_requests": Address(a_connection, INSIGHT | {"officer"}),
    "limits": Address(allowed=OPERATOR),
    "limits_help": Address(allowed=OPERATOR),
    "allowance": Address(lambda s: {"pk": budgets.for_connection(s.connection).pk}, OPERATOR),
    "new_egress": Address(allowed=OPERATOR),
    "egress": Address(lambda s: {"name": s.egress().name}, OPERATOR),
    "token_queue": Address(allowed=OPERATOR),
    "prioritize_connection": Address(lambda s: {"pk": s.connection.pk}, OPERATOR, posts=True),
    "reroute_connection": Address(lambda s: {"pk": s.connection.pk}, OPERATOR),
    "capacity": Address(allowed=OPERATOR),
    "stop_everything": Address(allowed=OPERATOR, posts=True, data={"verb": "release"}),
    "my_connection": Address(organization, CONSENTERS),
    "begin_consent": Address(an_environment, CONSENTERS, posts=True),
    "oauth_callback": Address(lambda s: {"environment": s.environment.name}, shared=True, refuses=400),
    "new_environment": Address(allowed=OPERATOR),
    "environment": Address(lambda s: {"name": s.environment.name}, OPERATOR),
    "application": Address(lambda s: {"name": s.environment.name}, OPERATOR),
}


def a_bulk_import(scene: Scene) -> dict[str, Any]:
    return {"pk": scene.bulk_import().pk}


ONBOARDING = {
    "organizations": Address(allowed=OPERATOR),
    "add_many": Address(allowed=OPERATOR),
    "bulk_template": Address(allowed=OPERATOR),
    "bulk_imports": Address(allowed=OPERATOR),
    "bulk_import": Address(a_bulk_import, OPERATOR),
    "confirm_import": Address(a_bulk_import, OPERATOR, posts=True),
    "discard_import": Address(a_bulk_import, OPERATOR, posts=True),
    "connect": Address(organization, CONSENTERS | OPERATOR),
    "mail_me": Address(organization, CONSENTERS, posts=True),
    "connect_result": Address(a_connection, INSIGHT | {"officer"}),
    "test_connection": Address(a_connection, MANAGERS | {"officer"}, posts=True),
}

a_view = _in_organization(pk=lambda s: s.saved_view().pk)
DIRECTORY = {
    "contacts": Address(organization, EVERYBODY_HERE),
    "contact": Address(_in_organization(pk=lambda s: s.contact.pk), INSIGHT | {"officer"}),
    "contact_tab": Address(
        _in_organization(pk=lambda s: s.contact.pk, tab=lambda s: "fields"), INSIGHT | {"officer"}
    ),
    "contact_neighbors": Address(_in_organization(pk=lambda s: s.contact.pk), INSIGHT | {"officer"}),
    "contact_filter_options": Address(_in_organization(name=lambda s: "owner"), INSIGHT | {"officer"}),
    "export_contacts_csv": Address(an_environment, MANAGERS, posts=True),
    "export_contacts_xlsx": Address(an_environment, MANAGERS, posts=True),
    "groups": Address(organization, EVERYBODY_HERE),
    "group": Address(_in_organization(pk=lambda s: s.group.pk), INSIGHT | {"officer"}),
    "required_groups": Address(organization, EVERYBODY_HERE),
    "require_group": Address(an_environment, MANAGERS, posts=True, data={"name": "All Clients"}),
    "change_required_group": Address(
        _in_organization(pk=lambda s: s.required_group().pk, verb=lambda s: "release"), MANAGERS, posts=True
    ),
    "choose_columns": Address(an_environment, INSIGHT | {"officer"}, posts=True),
    "save_view": Address(an_environment, INSIGHT | {"officer"}),
    "edit_view": Address(a_view, MANAGERS),
    "update_view": Address(a_view, MANAGERS, posts=True),
    "delete_view": Address(a_view, MANAGERS, posts=True),
    "sync_now": Address(an_environment, MANAGERS | {"officer"}, posts=True),
    "sync_progress": Address(an_environment, INSIGHT | {"officer"}),
}

a_plan = _in_organization(pk=lambda s: s.plan().pk)
EDITORS = MANAGERS | {"editor", "officer"}
#: Loan officers change the groups of their own. The scene's group is nobody's.
GROUP_EDITORS = MANAGERS | {"editor"}
BULK = {
    "bulk_edits": Address(organization, EVERYBODY_HERE),
    "new_bulk_edit": Address(an_environment, EDITORS, posts=True),
    "new_group": Address(an_environment, EDITORS),
    "change_group": Address(
        _in_organization(pk=lambda s: s.group.pk, verb=lambda s: "rename"), GROUP_EDITORS
    ),
    "remove_from_group": Address(_in_organization(pk=lambda s: s.group.pk), GROUP_EDITORS, posts=True),
    "fix_required_groups": Address(an_environment, EDITORS, posts=True),
    "create_required_group": Address(
        _in_organization(pk=lambda s: s.required_group().pk), EDITORS, posts=True
    ),
    "bulk_edit": Address(a_plan, INSIGHT | {"officer"}),
    "bulk_edit_rows": Address(a_plan, MANAGERS),
    "import_file": Address(an_environment, MANAGERS),
    "upload": Address(_in_organization(pk=lambda s: s.upload().pk), MANAGERS),
    "upload_piece": Address(
        _in_organization(pk=lambda s: s.upload().pk, number=lambda s: 1), MANAGERS, posts=True
    ),
    "bad_rows": Address(_in_organization(pk=lambda s: s.import_plan().pk), MANAGERS),
    "bulk_edit_value": Address(
        _in_organization(environment=lambda s: s.environment.name, number=lambda s: 1), EDITORS
    ),
    "approve_bulk_edit": Address(
        _in_organization(pk=lambda s: s.plan().pk, verb=lambda s: "approve"), EDITORS, posts=True
    ),
    "decide_bulk_edit_row": Address(
        _in_organization(pk=lambda s: s.plan().pk, number=lambda s: 1, verb=lambda s: "keep"),
        EDITORS,
        posts=True,
    ),
    "decide_bulk_edit_rows": Address(
        _in_organization(pk=lambda s: s.plan().pk, verb=lambda s: "keep"), EDITORS, posts=True
    ),
    "new_contact": Address(an_environment, EDITORS),
    "edit_contact": Address(_in_organization(pk=lambda s: s.contact.pk), EDITORS),
    "change_contact_owner": Address(_in_organization(pk=lambda s: s.contact.pk), MANAGERS),
    "delete_contact": Address(_in_organization(pk=lambda s: s.contact.pk), MANAGERS, posts=True),
    "change_bulk_edit": Address(
        _in_organization(pk=lambda s: s.plan().pk, verb=lambda s: "cancel"), EDITORS, posts=True
    ),
}

a_job = _in_organization(pk=lambda s: s.job.pk)
JOBS = {
    "jobs": SHARED,
    "job": Address(a_job, INSIGHT | {"officer"}),
    "change_job": Address(
        _in_organization(pk=lambda s: s.job.pk, verb=lambda s: "retry"), MANAGERS | {"officer"}, posts=True
    ),
}


def a_logo(scene: Scene) -> dict[str, Any]:
    logo = logos.read(picture())
    changes.save({}, actor=scene.people["operator"], logo=logo)
    return {"digest": logo.digest}


PORTAL = {
    "home": SHARED,
    "settings": Address(allowed=OPERATOR),
    "branding": Address(allowed=OPERATOR),
    "reset_branding": Address(allowed=OPERATOR, posts=True),
    "brand_logo": Address(a_logo, public=True),
    "brand_colors": Address(
        lambda s: {"color": "6d3fc0", "digest": stylesheet.digest("#6d3fc0")}, public=True
    ),
    "audit_log": Address(allowed=OPERATOR),
    "audit_log_export": Address(allowed=OPERATOR),
}


def _in_admin() -> dict[str, Address]:
    """The addresses of Django's admin: the same for each table in it."""
    rows = {
        "admin:index": Address(allowed=OPERATOR, hidden=True),
        "admin:login": PUBLIC,
        "admin:jsi18n": Address(allowed=OPERATOR, hidden=True),
        "admin:app_list": Address(lambda s: {"app_label": "jobs"}, OPERATOR, hidden=True),
    }
    for label, make in OBJECTS.items():
        name = f"admin:{label.replace('.', '_')}"

        def fill(scene: Scene, make: Callable[[Scene], Any] = make) -> dict[str, Any]:
            return {"object_id": str(make(scene).pk)}

        rows[f"{name}_changelist"] = Address(allowed=OPERATOR, hidden=True)
        rows[f"{name}_change"] = Address(fill, OPERATOR, hidden=True)
        if label not in WITHOUT_HISTORY:
            rows[f"{name}_history"] = Address(fill, OPERATOR, hidden=True)
        if label in ACTIONS:

            def act(
                scene: Scene, fill: Callable[[Scene], dict[str, Any]] = fill, action: str = ACTIONS[label]
            ) -> dict[str, Any]:
                return fill(scene) | {"action": action}

            rows[f"{name}_action"] = Address(act, OPERATOR, hidden=True)
    return rows


#: Tables of which the audit log has nothing.
WITHOUT_HISTORY = {
    "audit.entry",
    "connections.call",
    "connections.tokenrequest",
    "bulk.planrow",
    "directory.columnchoice",
    "directory.contact",
    "directory.contactgroup",
    "directory.owner",
    "directory.savedview",
}
#: One action of each table that has any.
ACTIONS = {
    "accounts.user": "end-sessions",
    "bulk.plan": "cancel",
    "connections.connection": "pause",
    "directory.requiredgroup": "release",
    "jobs.job": "retry",
    "organizations.invitation": "withdraw",
}

ADDRESSES: dict[str, Address] = {
    **PORTAL,
    **PEOPLE,
    **SIGN_IN,
    **SECOND_FACTORS,
    **CONNECTIONS,
    **ONBOARDING,
    **DIRECTORY,
    **BULK,
    **JOBS,
    **_in_admin(),
}
