"""Teams: the documented requests, and their effects on users."""

from typing import Any

from tests.integrations.sandbox.clients import Caller, InProcessSandbox


def test_a_team_can_be_created_updated_and_deleted(sandbox: InProcessSandbox, admin: Caller) -> None:
    first, second = sandbox.officers()[:2]
    response = admin.create(
        "teams",
        team_name="Prairie Team",
        managers=[{"username": first["username"]}, {"id": str(second["id"])}],
    )
    id = response.json()["id"]
    assert response.status_code == 201
    assert response.json() == {"created": f"sandbox.example/v1/teams/{id}", "id": id}
    shown = admin.get(f"teams/{id}")
    assert set(shown) == {"id", "team_name", "managers"}
    assert {manager["id"] for manager in shown["managers"]} == {first["id"], second["id"]}
    changed = admin.update(f"teams/{id}", remove_managers=[{"username": second["username"]}])
    assert (changed.status_code, changed.json()) == (200, [])
    assert [manager["id"] for manager in admin.get(f"teams/{id}")["managers"]] == [first["id"]]
    assert admin.delete(f"teams/{id}").json() == []
    assert admin.call("GET", f"teams/{id}").status_code == 404


def test_a_team_needs_a_name_and_existing_managers(admin: Caller) -> None:
    assert admin.create("teams").status_code == 422
    rejected = admin.create("teams", team_name="Prairie Team", managers=[{"username": "nobody"}])
    assert rejected.status_code == 422
    assert rejected.json() == {"error": "Unable to find target for relationship: 'managers'"}
    removed = admin.update(f"teams/{admin.items('teams')[0]['id']}", remove_managers=[{"username": "nobody"}])
    assert removed.json() == {"error": "Unable to find target for relationship: 'remove_managers'"}


def test_a_known_name_is_a_duplicate(admin: Caller) -> None:
    known = admin.items("teams")[0]
    response = admin.create("teams", team_name=known["team_name"].upper())
    assert (response.status_code, response.json()["id"]) == (200, known["id"])


def test_a_user_can_join_an_existing_and_a_new_team(admin: Caller, owner: dict[str, Any]) -> None:
    known = admin.items("teams")[0]
    path = f"users/{owner['id']}"
    admin.update(
        path,
        teams=[
            {"id": known["id"]},
            {"team_name": "River Team", "managers": [{"username": owner["username"]}]},
        ],
    )
    teams = {team["team_name"]: team["id"] for team in admin.get(path)["teams"]}
    assert {known["team_name"], "River Team"} <= set(teams)
    managers = admin.get(f"teams/{teams['River Team']}")["managers"]
    assert [manager["username"] for manager in managers] == [owner["username"]]
    admin.update(path, remove_teams=[{"team_name": "River Team", "managers": [{"username": "whoever"}]}])
    assert "River Team" not in {team["team_name"] for team in admin.get(path)["teams"]}


def test_deleting_a_team_removes_its_users_from_it(admin: Caller, owner: dict[str, Any]) -> None:
    team = admin.get(f"users/{owner['id']}")["teams"][0]
    admin.delete(f"teams/{team['id']}")
    assert team not in admin.get(f"users/{owner['id']}")["teams"]


def test_a_role_can_be_given_by_name_or_id_and_must_exist(admin: Caller, owner: dict[str, Any]) -> None:
    roles = {role["role_name"]: role["id"] for role in admin.items("user-roles")}
    path = f"users/{owner['id']}"
    admin.update(path, role={"role_name": "Branch Manager"})
    assert admin.get(path)["role"] == {"id": roles["Branch Manager"], "role_name": "Branch Manager"}
    admin.update(path, role={"id": roles["Loan Officer"]})
    assert admin.get(path)["role"]["role_name"] == "Loan Officer"
    rejected = admin.update(path, role={"role_name": "Astronaut"})
    assert rejected.json() == {"error": "Unable to find target for relationship: 'role'"}
