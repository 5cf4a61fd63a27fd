"""The page at the root."""

from tests.integrations.sandbox.clients import BASE, Caller, House, ada


def test_it_says_what_this_is_and_who_is_in_it(house: House) -> None:
    answer = house.session().get(f"{BASE}/", timeout=5)
    assert answer.status_code == 200
    for text in (
        "emulator",
        "not affiliated",
        "Cedar Home Lending",
        "/_sandbox/credentials",
        f"{BASE}/v1/token",
    ):
        assert text in answer.text
    assert "<td class=number>40</td>" in answer.text


def test_it_shows_the_latest_twenty_requests(house: House, admin: Caller) -> None:
    for number in range(25):
        admin.call("GET", f"nowhere{number}")
    text = house.session().get(f"{BASE}/", timeout=5).text
    assert "/v1/nowhere24" in text
    assert "/v1/nowhere5" in text
    assert "/v1/nowhere4<" not in text


def test_a_path_that_somebody_made_up_is_escaped(house: House) -> None:
    house.session().get(f"{BASE}/v1/<script>", timeout=5)
    assert "<script>" not in house.session().get(f"{BASE}/", timeout=5).text


def test_it_can_only_be_read(house: House) -> None:
    assert house.session().post(f"{BASE}/", timeout=5).status_code == 405


def page(house: House) -> str:
    answer = house.session().get(f"{BASE}/", timeout=5)
    assert answer.status_code == 200
    return answer.text


def test_it_shows_users_with_their_passwords_and_standing(house: House) -> None:
    text = page(house)
    for user in house.organization()["users"]:
        row = f"<td><code>{user['username']}</code></td><td><code>{user['password']}</code></td>"
        standing = "admin" if user["admin"] else "" if user["active"] else "inactive"
        assert f"{row}<td>{standing}</td>" in text
    assert house.organization()["client_secret"] in text


def test_it_shows_the_outbox_deliveries_and_faults(house: House, admin: Caller) -> None:
    owner = house.officers()[0]
    actions = [{"item": "CONTACT", "action": "CREATED"}]
    subscription = {"url": "https://receiver.example/hooks/", "secret": "s3cr3t", "actions": actions}
    admin.create("webhook-subscriptions", **subscription)
    groups = [{"group_name": "Newsletter"}]
    id = admin.create("contacts", **ada(owner={"id": owner["id"]}, contact_groups=groups)).json()["id"]
    house.steer("faults", [{"path": "/v1/<b>nowhere", "status": 500}, {"status": 503, "times": 0}])
    house.steer("webhooks", {"drop_rate": 0.25, "repeat": 2, "shuffle": True, "hold": True})
    text = page(house)
    assert "ada.birch@mail.example" in text
    assert f"CONTACT CREATED {id}" in text
    assert "pending" in text
    assert "s3cr3t" not in text
    assert "/v1/&lt;b&gt;nowhere" in text
    assert "503" not in text
    assert "held until released, each repeated 2 times, 25% lost on purpose, out of order" in text


def test_what_is_empty_says_so(house: House) -> None:
    text = page(house)
    assert text.count("None yet.") == 3
    assert "<p>None.</p>" in text


def test_everything_that_came_from_outside_is_escaped(house: House, admin: Caller) -> None:
    owner = {"id": house.officers()[0]["id"]}
    hostile = '<img src=x onerror="alert(1)">'
    actions = [{"item": "CONTACT", "action": "CREATED"}]
    admin.create("webhook-subscriptions", url=f"https://receiver.example/?{hostile}", actions=actions)
    admin.create("webhook-subscriptions", url="https://receiver.example/?<img", actions=actions)
    body = ada(owner=owner, email=f"{hostile}@mail.example", contact_groups=[{"group_name": "Newsletter"}])
    assert admin.create("contacts", **body).status_code == 201
    text = page(house)
    assert "<img" not in text
    assert "&lt;img" in text


def test_it_asks_nothing_of_anybody_else(house: House) -> None:
    answer = house.session().get(f"{BASE}/", timeout=5)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for word in ("<script", "src=", "url(", "@import", "<link"):
        assert word not in answer.text


def test_a_world_of_many_organizations_shows_the_first_twenty_in_full() -> None:
    text = page(House(organizations=23, contacts=1))
    assert text.count("<details>") == 20
    assert "These are not all" in text
