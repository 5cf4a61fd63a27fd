"""Lists that loans and accounts refer to: types, statuses, purposes and programs."""

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox

ACCOUNT_LISTS = [("account-types", "account_type"), ("account-statuses", "account_status")]
CHECKING = {"class_name": "checking_account", "class_type": "ACCOUNT"}
SAVINGS = {"class_name": "savings_account", "class_type": "ACCOUNT"}
LOAN_LISTS = [
    ("loan-types", "loan_type"),
    ("loan-statuses", "loan_status"),
    ("loan-purposes", "loan_purpose"),
    ("loan-programs", "loan_program"),
]
MORTGAGE = {"class_name": "mortgage", "class_type": "LOAN"}


@pytest.fixture
def lender(sandbox: InProcessSandbox) -> Caller:
    """A loan officer's token with the loan scope."""
    return sandbox.user(sandbox.officers()[0], scope="loanInteraction")


@pytest.mark.parametrize(("path", "name"), LOAN_LISTS)
def test_a_name_can_be_added_and_is_a_duplicate_from_then_on(admin: Caller, path: str, name: str) -> None:
    response = admin.create(path, **{name: "Something new"}, account_class=MORTGAGE)
    id = response.json()["id"]
    assert response.status_code == 201
    assert admin.get(f"{path}/{id}") == {"id": id, name: "Something new", "account_class": MORTGAGE}
    again = admin.create(path, **{name: "something NEW"})
    assert (again.status_code, again.json()["id"]) == (200, id)


@pytest.mark.parametrize(("path", "name"), LOAN_LISTS)
def test_users_can_read_the_lists(admin: Caller, lender: Caller, path: str, name: str) -> None:
    items = lender.items(path)
    assert items == admin.items(path)
    assert all(set(item) == {"id", name, "account_class"} for item in items)


@pytest.mark.parametrize(("path", "name"), LOAN_LISTS)
def test_the_default_class_is_mortgage(admin: Caller, path: str, name: str) -> None:
    id = admin.create(path, **{name: "Something new"}).json()["id"]
    assert admin.get(f"{path}/{id}")["account_class"] == MORTGAGE


@pytest.mark.parametrize(("path", "name"), LOAN_LISTS)
def test_a_name_and_an_existing_class_are_required(admin: Caller, path: str, name: str) -> None:
    assert admin.create(path).json() == {"error": f"Missing required attribute: '{name}'"}
    unknown = {"class_name": "mortgage", "class_type": "ACCOUNT"}
    rejected = admin.create(path, **{name: "Something new"}, account_class=unknown)
    assert rejected.status_code == 422
    assert rejected.json() == {"error": "Unable to find target for relationship: 'account_class'"}


@pytest.mark.parametrize(("path", "name"), LOAN_LISTS)
def test_other_organizations_lists_are_separate(
    sandbox: InProcessSandbox, admin: Caller, path: str, name: str
) -> None:
    theirs = sandbox.admin(BLUEWATER).items(path)[0]["id"]
    assert admin.call("GET", f"{path}/{theirs}").status_code == 404


@pytest.mark.parametrize(("path", "name"), LOAN_LISTS)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_names_cannot_be_updated_or_deleted(admin: Caller, path: str, name: str, method: str) -> None:
    assert admin.call(method, f"{path}/{admin.items(path)[0]['id']}", json={}).status_code == 405


def test_another_scope_is_rejected(sandbox: InProcessSandbox) -> None:
    assert sandbox.user(sandbox.officers()[0]).call("GET", "loan-types").status_code == 401


def test_classifications_are_listed(lender: Caller) -> None:
    items = lender.items("account-classifications")
    assert MORTGAGE in [{name: item[name] for name in MORTGAGE} for item in items]
    assert {item["class_type"] for item in items} == {"LOAN", "ACCOUNT"}
    assert lender.call("GET", f"account-classifications/{items[0]['id']}").status_code == 404


def test_participant_roles_are_shown_to_admins(admin: Caller, lender: Caller) -> None:
    roles = admin.items("schema/participant-roles")
    assert [role["system_name"] for role in roles if role["required"]] == ["borrower"]
    assert set(roles[0]) == {"display_name", "required", "system_name", "account_class", "role_type"}
    assert set(roles[0]["role_type"]) == {"discrete", "rules_type_id", "type_name"}
    assert lender.call("GET", "schema/participant-roles").status_code == 401


@pytest.mark.parametrize(
    ("filter", "count"),
    [
        ("required=1", 1),
        ("system_name=attorney", 1),
        ("display_name=Co-borrower", 1),
        ("role_type_name=Agent", 3),
        ("role_type_rules_type_id=2", 3),
        ("role_type_discrete=1,required=0", 5),
        ("account_class_name=mortgage,account_class_type=LOAN", 6),
        ("account_class_name=other", 0),
    ],
)
def test_participant_roles_can_be_filtered(admin: Caller, filter: str, count: int) -> None:
    assert len(admin.items("schema/participant-roles", filter=filter)) == count


@pytest.mark.parametrize(("path", "name"), ACCOUNT_LISTS)
def test_an_account_type_or_status_can_be_added_and_updated(admin: Caller, path: str, name: str) -> None:
    response = admin.create(path, **{name: "Dormant"}, account_class=CHECKING)
    id = response.json()["id"]
    assert response.status_code == 201
    assert admin.get(f"{path}/{id}") == {"id": id, name: "Dormant", "account_class": CHECKING}
    changed = admin.update(f"{path}/{id}", **{name: "Sleeping"}, account_class=SAVINGS)
    assert (changed.status_code, changed.json()) == (200, [])
    assert admin.get(f"{path}/{id}") == {"id": id, name: "Sleeping", "account_class": SAVINGS}
    assert id in [item["id"] for item in admin.items(path)]


@pytest.mark.parametrize(("path", "name"), ACCOUNT_LISTS)
def test_invalid_account_types_and_statuses_are_rejected(
    sandbox: InProcessSandbox, admin: Caller, path: str, name: str
) -> None:
    assert admin.create(path).status_code == 422
    unknown = {"class_name": "piggy_bank", "class_type": "ACCOUNT"}
    assert admin.create(path, **{name: "Dormant"}, account_class=unknown).status_code == 422
    assert admin.delete(f"{path}/{admin.items(path)[0]['id']}").status_code == 405
    theirs = sandbox.admin(BLUEWATER).items(path)[0]["id"]
    assert admin.update(f"{path}/{theirs}", **{name: "Mine"}).status_code == 404
