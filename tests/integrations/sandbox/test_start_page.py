"""The page at the root."""

from .clients import BASE, Caller, House


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
