"""The sandbox as a process: killed, under load, cut off, and stopped."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.integrations.sandbox.clients import ada
from tests.integrations.sandbox.processes import Process

OPEN = ("--organizations", "1", "--contacts", "150", "--calls-per-minute", "0", "--tokens-per-hour", "0")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A sandbox over a file, without limits."""
    with Process(*OPEN, "--data", str(tmp_path_factory.mktemp("sandbox") / "sandbox.db")) as running:
        yield running


def test_everything_survives_a_kill(tmp_path: Path) -> None:
    options = (*OPEN, "--data", str(tmp_path / "sandbox.db"))
    with Process(*options) as first:
        caller = first.caller()
        owner = first.get_control("credentials")["organizations"][0]["users"][1]
        id = caller.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
        first.post_control("clock", {"advance": 1000})
        first.post_control("faults", [{"path": "/v1/heartbeat", "status": 503, "times": 3}])
        assert requests.get(f"{first.base}/v1/heartbeat", timeout=60).status_code == 503
        state, credentials = first.get_control("state"), first.get_control("credentials")
        requests_before = first.get_control("requests")
        first.popen.kill()
    with Process(*options, "--seed", "99", "--contacts", "5") as second:
        assert second.get_control("state")["organizations"] == state["organizations"]
        assert second.get_control("credentials") == credentials
        assert second.get_control("requests") == requests_before
        assert second.get_control("clock")["offset"] == 1000
        assert second.get_control("faults")[0]["times"] == 2
        assert second.caller(caller.token).get(f"contacts/{id}")["last_name"] == "Birch"


def test_an_acknowledged_write_survives_a_kill(tmp_path: Path) -> None:
    options = (*OPEN, "--data", str(tmp_path / "sandbox.db"))
    answered: list[int] = []
    with Process(*options) as first:
        caller = first.caller()
        owner = first.get_control("credentials")["organizations"][0]["users"][1]

        def write() -> None:
            number = 0
            while True:
                number += 1
                body = ada(owner={"id": owner["id"]}) | {"email": f"ada{number}@mail.example"}
                try:
                    answered.append(caller.create("contacts", **body).json()["id"])
                except requests.RequestException:
                    return

        writer = threading.Thread(target=write)
        writer.start()
        while len(answered) < 40:
            writer.join(0.01)
        first.popen.kill()
        writer.join()
    with Process(*options) as second:
        there = {
            item["id"] for item in second.caller(caller.token).items("contacts", filter="last_name=Birch")
        }
    assert set(answered) <= there
    assert len(there) <= len(answered) + 1


def test_acknowledged_writes_of_many_clients_survive_a_kill(tmp_path: Path) -> None:
    options = (*OPEN, "--data", str(tmp_path / "sandbox.db"))
    created: dict[int, str] = {}
    renamed: dict[int, str] = {}
    deleted: set[int] = set()
    with Process(*options) as first:
        token = first.token()
        users = first.get_control("credentials")["organizations"][0]["users"][1:]

        def write(number: int) -> None:
            caller = first.caller(token)
            for turn in range(10_000):
                email = f"{number}.{turn}@mail.example"
                try:
                    id = caller.create(
                        "contacts", **ada(owner={"id": users[number]["id"]}, email=email)
                    ).json()["id"]
                    created[id] = email
                    if turn % 3 == 1 and caller.update(f"contacts/{id}", title=email).status_code == 200:
                        renamed[id] = email
                    if turn % 3 == 2:
                        del created[id]
                        if caller.delete(f"contacts/{id}").status_code == 200:
                            deleted.add(id)
                except requests.RequestException:
                    return

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        while len(deleted) < 30:
            threads[0].join(0.01)
        first.popen.kill()
        for thread in threads:
            thread.join(120)
    with Process(*options) as second:
        caller = second.caller(token)
        there = {item["id"]: item for item in caller.items("contacts", filter="last_name=Birch")}
        in_order = [item["id"] for item in caller.items("contacts", sort="internal_updated_at")]
        count = second.get_control("state")["organizations"]["Cedar Home Lending"]["contacts"]["count"]
    assert {id: there[id]["email"] for id in created} == created
    assert {id: there[id]["title"] for id in renamed} == renamed
    assert deleted.isdisjoint(there)
    assert len(in_order) == len(set(in_order)) == count


def test_thirty_two_concurrent_clients_get_no_error(process: Process) -> None:
    token = process.token()
    users = process.get_control("credentials")["organizations"][0]["users"][1:]
    failures: list[str] = []

    def work(number: int) -> None:
        caller = process.caller(token)
        owner = {"id": users[number % 11]["id"]}
        for turn in range(6):
            body = ada(owner=owner) | {
                "first_name": f"Client {number}",
                "email": f"{number}.{turn}@mail.example",
            }
            created = caller.create("contacts", **body)
            answers = [created, caller.call("GET", "contacts?page[size]=50&sort=-internal_updated_at")]
            path = f"contacts/{created.json().get('id')}"
            answers += [caller.update(path, city="Lakemont"), caller.call("GET", path), caller.delete(path)]
            failures.extend(
                f"{response.status_code} {response.text}"
                for response in answers
                if response.status_code > 201
            )

    before = process.get_control("state")["organizations"]
    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert process.get_control("state")["organizations"] == before


def test_a_limit_is_exact_with_many_concurrent_clients(tmp_path: Path) -> None:
    options = ("--organizations", "1", "--contacts", "1", "--calls-per-minute", "50")
    with Process(*options, "--data", str(tmp_path / "sandbox.db")) as limited:
        statuses: list[int] = []

        def work() -> None:
            with requests.Session() as session:
                for _ in range(10):
                    statuses.append(session.get(f"{limited.base}/v1/heartbeat", timeout=60).status_code)

        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert (statuses.count(200), statuses.count(429)) == (50, 110)


def test_a_dropped_connection_is_really_cut(process: Process) -> None:
    process.post_control("faults", [{"path": "/v1/heartbeat", "drop": "after", "times": 1}])
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{process.base}/v1/heartbeat", timeout=60)
    assert requests.get(f"{process.base}/v1/heartbeat", timeout=60).status_code == 200


def test_one_connection_serves_many_requests(process: Process) -> None:
    connection = http.client.HTTPConnection(urlsplit(process.base).netloc, timeout=60)
    connection.connect()
    local = connection.sock.getsockname()
    for path in ("/v1/heartbeat", "/v1/contacts", "/v1/heartbeat"):
        connection.request("GET", path)
        connection.getresponse().read()
        assert connection.sock is not None
        assert connection.sock.getsockname() == local
    connection.close()


def test_a_response_says_that_the_connection_closes_if_the_client_asked_for_it(process: Process) -> None:
    for _ in range(3):
        response = requests.get(f"{process.base}/v1/heartbeat", headers={"Connection": "close"}, timeout=60)
        assert (response.status_code, response.headers["Connection"]) == (200, "close")
    assert "Connection" not in requests.get(f"{process.base}/v1/heartbeat", timeout=60).headers


def test_a_client_that_trusts_the_header_can_make_twenty_calls_in_a_row(process: Process) -> None:
    """Like Node's fetch, this client keeps a connection unless the response says that it closes."""
    connection: http.client.HTTPConnection | None = None
    for _ in range(20):
        connection = connection or http.client.HTTPConnection(urlsplit(process.base).netloc, timeout=60)
        connection.auto_open = 0
        if connection.sock is None:
            connection.connect()
        connection.request("GET", "/v1/heartbeat", headers={"Connection": "close"})
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
        if answer.getheader("Connection") == "close":
            connection.close()
            connection = None


def test_a_chunked_body_is_read(process: Process) -> None:
    connection = http.client.HTTPConnection(urlsplit(process.base).netloc, timeout=60)
    pieces = iter([b"grant_type=client", b"_credentials"])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/v1/token", body=pieces, headers=headers, encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, b"invalid_client" in response.read()) == (400, True)
    connection.close()


def test_a_client_that_disconnects_does_not_affect_others(process: Process) -> None:
    host, port = urlsplit(process.base).netloc.split(":")
    for rest in (b"", b"GET /v1/heart", b"POST /v1/token HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"):
        with socket.create_connection((host, int(port)), timeout=60) as client:
            client.sendall(rest)
    assert requests.get(f"{process.base}/v1/heartbeat", timeout=60).status_code == 200


def test_it_stops_at_once() -> None:
    with Process("--organizations", "1", "--contacts", "1") as running:
        with requests.Session() as held:
            held.get(f"{running.base}/v1/heartbeat", timeout=60)
            assert running.stop() < 30  # idle connections are kept for 120 s
        assert running.popen.returncode == 0
