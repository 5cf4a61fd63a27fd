"""Account types and statuses: the same requests for each."""

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, House

LISTS = [("account-types", "account_type"), ("account-statuses", "account_status")]
CHECKING = {"class_name": "checking_account", "class_type": "ACCOUNT"}
SAVINGS = {"class_name": "savings_account", "class_type": "ACCOUNT"}


@pytest.mark.parametrize(("path", "name"), LISTS)
def test_a_name_is_added_shown_and_changed(admin: Caller, path: str, name: str) -> None:
    answer = admin.create(path, **{name: "Dormant"}, account_class=CHECKING)
    id = answer.json()["id"]
    assert answer.status_code == 201
    assert admin.get(f"{path}/{id}") == {"id": id, name: "Dormant", "account_class": CHECKING}
    changed = admin.update(f"{path}/{id}", **{name: "Sleeping"}, account_class=SAVINGS)
    assert (changed.status_code, changed.json()) == (200, [])
    assert admin.get(f"{path}/{id}") == {"id": id, name: "Sleeping", "account_class": SAVINGS}
    assert id in [item["id"] for item in admin.items(path)]


@pytest.mark.parametrize(("path", "name"), LISTS)
def test_what_is_refused(house: House, admin: Caller, path: str, name: str) -> None:
    assert admin.create(path).status_code == 422
    unknown = {"class_name": "piggy_bank", "class_type": "ACCOUNT"}
    assert admin.create(path, **{name: "Dormant"}, account_class=unknown).status_code == 422
    assert admin.delete(f"{path}/{admin.items(path)[0]['id']}").status_code == 405
    theirs = house.admin(BLUEWATER).items(path)[0]["id"]
    assert admin.update(f"{path}/{theirs}", **{name: "Mine"}).status_code == 404
