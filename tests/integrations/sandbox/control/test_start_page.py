"""The start page."""

from tests.integrations.sandbox.clients import BASE, Caller, InProcessSandbox, ada


def test_it_says_what_this_is_and_lists_the_organizations(sandbox: InProcessSandbox) -> None:
    response = sandbox.session().get(f"{BASE}/", timeout=5)
    assert response.status_code == 200
    for text in (
        "emulator",
        "Not affiliated",
        "Cedar Home Lending",
        "/_sandbox/credentials",
        f"{BASE}/v1/token",
    ):
        assert text in response.text
    assert "<td class=number>40</td>" in response.text


def test_it_shows_the_latest_twenty_requests(sandbox: InProcessSandbox, admin: Caller) -> None:
    for number in range(25):
        admin.call("GET", f"nowhere{number}")
    text = sandbox.session().get(f"{BASE}/", timeout=5).text
    assert "/v1/nowhere24" in text
    assert "/v1/nowhere5" in text
    assert "/v1/nowhere4<" not in text


def test_a_requested_path_is_escaped(sandbox: InProcessSandbox) -> None:
    sandbox.session().get(f"{BASE}/v1/<script>", timeout=5)
    assert "<script>" not in sandbox.session().get(f"{BASE}/", timeout=5).text


def test_it_rejects_post(sandbox: InProcessSandbox) -> None:
    assert sandbox.session().post(f"{BASE}/", timeout=5).status_code == 405


def page(sandbox: InProcessSandbox) -> str:
    response = sandbox.session().get(f"{BASE}/", timeout=5)
    assert response.status_code == 200
    return response.text


def test_it_shows_users_with_password_and_status(sandbox: InProcessSandbox) -> None:
    text = page(sandbox)
    for user in sandbox.organization()["users"]:
        row = f"<td><code>{user['username']}</code></td><td><code>{user['password']}</code></td>"
        standing = "admin" if user["admin"] else "" if user["active"] else "inactive"
        assert f"{row}<td>{standing}</td>" in text
    assert sandbox.organization()["client_secret"] in text


def test_it_shows_the_outbox_deliveries_and_faults(sandbox: InProcessSandbox, admin: Caller) -> None:
    owner = sandbox.officers()[0]
    actions = [{"item": "CONTACT", "action": "CREATED"}]
    subscription = {"url": "https://receiver.example/hooks/", "secret": "s3cr3t", "actions": actions}
    admin.create("webhook-subscriptions", **subscription)
    groups = [{"group_name": "Newsletter"}]
    id = admin.create("contacts", **ada(owner={"id": owner["id"]}, contact_groups=groups)).json()["id"]
    sandbox.post_control("faults", [{"path": "/v1/<b>nowhere", "status": 500}, {"status": 503, "times": 0}])
    sandbox.post_control("webhooks", {"drop_rate": 0.25, "repeat": 2, "shuffle": True, "hold": True})
    text = page(sandbox)
    assert "ada.birch@mail.example" in text
    assert f"CONTACT CREATED {id}" in text
    assert "pending" in text
    assert "s3cr3t" not in text
    assert "/v1/&lt;b&gt;nowhere" in text
    assert "503" not in text
    assert "held until released, each repeated 2 times, 25% lost on purpose, out of order" in text


def test_empty_tables_say_so(sandbox: InProcessSandbox) -> None:
    text = page(sandbox)
    assert text.count("None yet.") == 3
    assert "<p>None.</p>" in text


def test_values_from_requests_are_escaped(sandbox: InProcessSandbox, admin: Caller) -> None:
    owner = {"id": sandbox.officers()[0]["id"]}
    hostile = '<img src=x onerror="alert(1)">'
    actions = [{"item": "CONTACT", "action": "CREATED"}]
    admin.create("webhook-subscriptions", url=f"https://receiver.example/?{hostile}", actions=actions)
    admin.create("webhook-subscriptions", url="https://receiver.example/?<img", actions=actions)
    body = ada(owner=owner, email=f"{hostile}@mail.example", contact_groups=[{"group_name": "Newsletter"}])
    assert admin.create("contacts", **body).status_code == 201
    text = page(sandbox)
    assert "<img" not in text
    assert "&lt;img" in text


def test_it_loads_nothing_from_elsewhere(sandbox: InProcessSandbox) -> None:
    response = sandbox.session().get(f"{BASE}/", timeout=5)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for word in ("<script", "src=", "url(", "@import", "<link"):
        assert word not in response.text


def test_only_the_first_twenty_organizations_are_listed_in_full() -> None:
    text = page(InProcessSandbox(organizations=23, contacts=1))
    assert text.count("<details>") == 20
    assert "This list is shortened" in text
