"""Finding the end of an HTTP request while it arrives."""

import random

import pytest

from portal.request_framing import MAX_BODY, MAX_HEAD, Framing, InvalidFraming

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
COMPLETE = [
    GET,
    b"GET / HTTP/1.0\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\ncontent-LENGTH:5\r\nX: y\r\n\r\nhel\r\n",
    b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n00\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhel\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\nZ: 1\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", COMPLETE)
def test_a_request_is_complete_with_its_last_byte_however_it_is_cut(request_bytes: bytes) -> None:
    for seed in range(20):
        cuts, framing, received = random.Random(seed), Framing(), bytearray()
        while len(received) < len(request_bytes) - 1:
            size = cuts.randint(1, 1 + seed)
            received += request_bytes[len(received) : min(len(received) + size, len(request_bytes) - 1)]
            assert not framing.is_complete(received)
        received += request_bytes[-1:]
        assert framing.is_complete(received)


@pytest.mark.parametrize("request_bytes", COMPLETE)
def test_bytes_of_the_next_request_change_nothing(request_bytes: bytes) -> None:
    assert Framing().is_complete(bytearray(request_bytes + GET[:10]))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
        (b"Content-Length: 5\r\nContent-Length: 5", 400),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        (b"Transfer-Encoding: gzip, chunked", 400),
        (b"Transfer-Encoding: identity", 400),
        (b"Content-Length: five", 400),
        (b"Content-Length: -5", 400),
        (b"Content-Length: +5", 400),
        (b"Content-Length: 5, 5", 400),
        (b"Content-Length:", 400),
        (b"Content-Length : 5\r\nContent-Length: 6", 400),
        (b"Content-Length: 5\r\n Content-Length: 6", 400),
        (b"Content-Length: " + b"9" * 30, 400),
        (b"Content-Length: %d" % (MAX_BODY + 1), 413),
        (b"X: " + b"y" * MAX_HEAD, 400),
    ],
)
def test_a_head_that_is_too_large_or_can_be_read_in_two_ways_is_refused(head: bytes, status: int) -> None:
    with pytest.raises(InvalidFraming) as error:
        Framing().is_complete(bytearray(b"POST / HTTP/1.1\r\n" + head + b"\r\n\r\n"))
    assert error.value.status == status


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        (b"x\r\n", 400),
        (b"\r\n", 400),
        (b"-1\r\n", 400),
        (b"0x5\r\nhello\r\n", 400),
        (b"5\r\nhelloX\r\n", 400),
        (b"fffffffff\r\n", 400),
        (b"ffffff\r\n", 413),
        (b"5;" + b"a" * 400, 400),
        (b"0\r\n" + b"X: y\r\n" * 3000 + b"Z", 400),
        (b"10000\r\n" + b"a" * 65536 + b"\r\n", 413),
        (b"1\r\na\r\n" * 500, 413),
    ],
)
def test_chunks_that_make_no_sense_or_too_large_a_body_are_refused(chunks: bytes, status: int) -> None:
    framing, received = Framing(), bytearray(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(InvalidFraming) as error:
        for _ in range(80):
            received += chunks
            assert not framing.is_complete(received)
    assert error.value.status == status


def test_a_client_that_asks_is_told_once_to_continue() -> None:
    framing = Framing()
    asking = bytearray(b"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n")
    assert not framing.is_complete(asking)
    assert (framing.must_continue(), framing.must_continue()) == (True, False)
    assert not Framing().must_continue()
