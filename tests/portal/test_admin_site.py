"""Django's admin as a whole: what is in it, who gets in, and that nothing is edited in it."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.connections.models import Connection, ConnectionState
from portal.accounts.models import User
from portal.core.admin.read_only import ReadOnlyAdmin
from tests.portal.admin_objects import OBJECTS, more
from tests.portal.people import person
from tests.portal.scene import ANONYMOUS, VISITORS, Scene, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return build()


@pytest.fixture
def browser(scene: Scene) -> Client:
    """The operator's."""
    client = Client()
    client.force_login(scene.people["operator"])
    return client


def path(label: str, name: str, *args: object) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{name}", args=args)


def page_of(scene: Scene, label: str) -> str:
    return path(label, "change", OBJECTS[label](scene).pk)


def list_of(scene: Scene, label: str) -> str:
    by_organization = label.startswith("directory.") and label != "directory.columnchoice"
    chosen = f"?organization={scene.organization.pk}" if by_organization else ""
    return path(label, "changelist") + chosen


def test_exactly_these_tables_are_in_it() -> None:
    assert {model._meta.label_lower for model in admin.site._registry} == {
        "accounts.user",
        "audit.entry",
        "bulk.plan",
        "bulk.planrow",
        "connections.call",
        "connections.connection",
        "connections.environment",
        "connections.installation",
        "connections.tokenrequest",
        "directory.columnchoice",
        "directory.contact",
        "directory.contactgroup",
        "directory.owner",
        "directory.requiredgroup",
        "directory.savedview",
        "jobs.job",
        "organizations.invitation",
        "organizations.membership",
        "organizations.organization",
    }


def test_all_of_them_are_read_only(browser: Client) -> None:
    request = browser.get(reverse("admin:index")).wsgi_request
    for each in admin.site._registry.values():
        assert isinstance(each, ReadOnlyAdmin)
        assert not each.has_add_permission(request)
        assert not each.has_change_permission(request)
        assert not each.has_delete_permission(request)
        assert not each.list_editable
        assert "delete_selected" not in each.get_actions(request)


@pytest.mark.parametrize("label", sorted(OBJECTS))
def test_nothing_is_added_changed_or_deleted(scene: Scene, browser: Client, label: str) -> None:
    row = OBJECTS[label](scene)
    before = type(row).objects.filter(pk=row.pk).values().get()
    place = path(label, "changelist")
    for address, status in (("add/", 404), (f"{row.pk}/delete/", 404), (f"{row.pk}/change/", 403)):
        assert browser.post(place + address, {"name": "x", "email": "x@evil.example"}).status_code == status
    form = {"action": "delete_selected", "_selected_action": row.pk, "index": 0, "post": "yes"}
    browser.post(list_of(scene, label), form)
    assert type(row).objects.filter(pk=row.pk).values().get() == before


UNKNOWN = (
    "/admin/nothing/",
    "/admin/nothing",
    "/admin/jobs/job",
    "/admin/jobs/job/1/nothing/",
    "/admin/jobs/job/999999/change/",
    "/admin/jobs/job/x/change/",
    "/admin/connections/connection/x/action/pause/",
    "/admin/accounts/user/1/action/nothing/",
    "/admin/password_change/",
    "/admin/logout/",
    "/admin/autocomplete/?app_label=directory&model_name=contact&field_name=owner",
    "/admin/r/1/1/",
    "/admin/mfa/authenticator/",
    "/admin/django_q/schedule/",
)


@pytest.mark.parametrize("address", UNKNOWN)
def test_an_address_that_is_not_there_says_the_same_to_everybody(scene: Scene, address: str) -> None:
    for visitor in VISITORS:
        client = Client()
        if visitor != ANONYMOUS:
            client.force_login(scene.people[visitor])
        page = client.get(address)
        # an operator is only helped with a missing slash
        assert page.status_code == (301 if visitor == "operator" and address == "/admin/jobs/job" else 404)


def test_its_sign_in_is_the_portals(scene: Scene, browser: Client) -> None:
    page = Client().get("/admin/login/?next=/admin/jobs/job/")
    assert page.status_code == 302
    assert page.headers["Location"] == f"{reverse('account_login')}?next=%2Fadmin%2Fjobs%2Fjob%2F"
    signed_in = browser.get("/admin/login/?next=/admin/jobs/job/")
    assert signed_in.headers["Location"] == "/admin/jobs/job/"
    posted = Client().post("/admin/login/", {"username": "olivia@partner.example", "password": "x"})
    assert posted.headers["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("wanted", ["https://evil.example/admin/", "//evil.example", "/settings/", ""])
def test_its_sign_in_leads_nowhere_else(scene: Scene, browser: Client, wanted: str) -> None:
    assert browser.get("/admin/login/", {"next": wanted}).headers["Location"] == "/admin/"
    page = Client().get("/admin/login/", {"next": wanted})
    assert page.headers["Location"] == f"{reverse('account_login')}?next=%2Fadmin%2F"


def test_an_operator_without_a_second_factor_sets_one_up_first(scene: Scene) -> None:
    client = Client()
    client.force_login(person("new@partner.example", operator=True, factor=False))
    assert client.get("/admin/").headers["Location"] == reverse("mfa_index")
    assert client.get("/admin/jobs/job/").headers["Location"] == reverse("mfa_index")


def test_an_operator_who_is_deactivated_is_out(scene: Scene, browser: Client) -> None:
    User.objects.filter(pk=scene.people["operator"].pk).update(is_active=False)
    assert browser.get("/admin/").status_code == 404


def test_only_operators_have_permissions_of_djangos(scene: Scene) -> None:
    for visitor, user in scene.people.items():
        is_operator = visitor == "operator"
        assert user.is_staff == user.has_perm("jobs.view_job") == user.has_module_perms("jobs") == is_operator


@pytest.mark.parametrize("label", sorted(OBJECTS))
def test_its_pages_hold_no_inline_script_or_style_and_no_secret(
    scene: Scene, browser: Client, label: str
) -> None:
    _give_secrets(scene.connection)
    for address in (page_of(scene, label), list_of(scene, label)):
        text = browser.get(address).content.decode()
        assert "secret-" not in text and "sealed" not in text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)
        assert scene.people["operator"].password not in text


def _give_secrets(connection: Connection) -> None:
    connection.client_id, connection.client_secret = "secret-id-000000001234", "secret-000000005678"
    connection.save()


def test_a_list_that_holds_encrypted_columns_reads_none(
    scene: Scene, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _give_secrets(scene.connection)
    monkeypatch.setattr("portal.encryption.fields.decrypt", _never)
    for label in ("connections.connection", "connections.call", "connections.tokenrequest", "jobs.job"):
        OBJECTS[label](scene)
        assert browser.get(path(label, "changelist")).status_code == 200


def _never(*args: Any, **kwargs: Any) -> str:
    raise AssertionError("a secret was decrypted")


@pytest.mark.parametrize(
    "query",
    [
        "organizations/invitation/?token_hash__startswith=a",
        "accounts/user/?password__startswith=md5",
        "accounts/user/?email__startswith=o",
        "connections/connection/?client_secret__isnull=False",
        "organizations/membership/?user__password__startswith=md5",
    ],
)
def test_no_address_compares_what_the_list_does_not_offer(scene: Scene, browser: Client, query: str) -> None:
    assert browser.get(f"/admin/{query}").status_code == 400


def test_a_filter_with_a_value_that_it_does_not_offer_filters_nothing(scene: Scene, browser: Client) -> None:
    for query in ("jobs/job/?state=%00", "jobs/job/?kind=x", "accounts/user/?is_operator=maybe"):
        assert browser.get(f"/admin/{query}").context["cl"].result_count > 0


def test_what_is_open_leads_to_lists_of_what_belongs_to_it(scene: Scene, browser: Client) -> None:
    page = browser.get(page_of(scene, "organizations.organization"))
    links = {each["label"]: each["url"] for each in page.context["related"]}
    expected = {"contacts", "owners", "contact groups", "connections", "jobs", "audit entries", "memberships"}
    assert expected <= links.keys()
    for address in links.values():
        found = browser.get(address)
        assert found.status_code == 200
        assert "Cedar Home Lending" in found.content.decode()
    elsewhere = browser.get(f"/admin/jobs/job/?organization={scene.other.pk}")
    assert elsewhere.context["cl"].result_count == 0
    assert browser.get("/admin/jobs/job/?organization=99999").context["cl"].result_count == 0


@pytest.mark.parametrize("label", sorted(OBJECTS.keys() - {"accounts.user", "directory.columnchoice"}))
def test_what_is_open_leads_to_its_page_in_the_portal(scene: Scene, browser: Client, label: str) -> None:
    address = browser.get(page_of(scene, label)).context["absolute_url"]
    assert not address.startswith("/admin/")
    assert browser.get(address).status_code == 200


@pytest.mark.parametrize("label", sorted(OBJECTS))
def test_a_page_asks_as_many_queries_of_many_rows_as_of_few(
    scene: Scene, browser: Client, label: str
) -> None:
    OBJECTS[label](scene)
    place = page_of(scene, label)
    more(scene)
    queries_of(browser, place)  # the first request of a session also records its activity
    few = [queries_of(browser, list_of(scene, label)), queries_of(browser, place)]
    for _ in range(6):
        more(scene)
    many = [queries_of(browser, list_of(scene, label)), queries_of(browser, place)]
    assert many == few
    assert max(many) <= 25


def queries_of(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return len(asked)


def test_it_writes_no_log_of_its_own(scene: Scene, browser: Client) -> None:
    place = path("connections.connection", "action", scene.connection.pk, "pause")
    browser.post(place, {"confirmed": "yes"})
    scene.connection.refresh_from_db()
    assert scene.connection.state == ConnectionState.PAUSED
    assert not LogEntry.objects.exists()


def test_a_user_is_no_permissions_mixin() -> None:
    """Groups and permissions in the database would be a second way to get in."""
    assert User.__mro__[1] is AbstractBaseUser
    assert not {field.name for field in User._meta.get_fields()} & {
        "groups",
        "user_permissions",
        "is_superuser",
    }
