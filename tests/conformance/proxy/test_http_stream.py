"""HTTP in passing: every byte comes back once, and messages end where they do."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.proxy.http_stream import Data, End, Event, Garbage, Head, HttpStream

POST = b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /b HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    b"4;ext=1\r\nwiki\r\n0A\r\n0123456789\r\n0\r\nTrailer: yes\r\n\r\n"
)
GET = b"\r\nGET /c?d HTTP/1.0\nX: 1\n folded\n\n"


def events(side: Literal["request", "response"], *pieces: bytes, asked: str = "GET") -> list[Event]:
    stream = HttpStream(side)
    stream.expect(asked)
    stream.expect("GET")
    found = []
    for piece in pieces:
        stream.receive(piece)
        while (event := stream.next()) is not None:
            found.append(event)
    return found


def raw(found: list[Event]) -> bytes:
    return b"".join(event.raw for event in found)


def payload(found: list[Event]) -> bytes:
    return b"".join(event.payload for event in found if isinstance(event, Data))


@given(st.lists(st.integers(0, 250), max_size=12))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    whole = POST + CHUNKED + GET
    ends = sorted({min(cut, len(whole)) for cut in cuts} | {0, len(whole)})
    pieces = [whole[a:b] for a, b in pairwise(ends)]
    found = events("request", *pieces)
    assert raw(found) == whole
    assert payload(found) == b"hello" + b"wiki0123456789"
    heads = [event for event in found if isinstance(event, Head)]
    assert [(head.method, head.target) for head in heads] == [
        ("POST", "/a"),
        ("POST", "/b"),
        ("GET", "/c?d"),
    ]
    assert heads[2].values("x") == ["1 folded"]
    assert sum(isinstance(event, End) for event in found) == 3


@pytest.mark.parametrize("asked", ["HEAD", "GET"])
def test_answer_to_head_has_no_body(asked: str) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No Content\r\n\r\n"
    if asked == "HEAD":
        answer = answer.replace(b"abc", b"")
    found = events("response", answer, asked=asked)
    assert [event.status for event in found if isinstance(event, Head)] == [200, 204]
    assert payload(found) == (b"" if asked == "HEAD" else b"abc")


def test_informational_answers_come_before_the_real_one() -> None:
    found = events(
        "response", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    assert [event.status for event in found if isinstance(event, Head)] == [100, 200]
    assert sum(isinstance(event, End) for event in found) == 1


def test_answer_without_a_length_lasts_as_long_as_its_connection() -> None:
    stream = HttpStream("response")
    stream.expect("GET")
    stream.receive(b"HTTP/1.0 200 OK\r\n\r\nabc")
    assert isinstance(stream.next(), Head)
    assert stream.next() == Data(b"abc", b"abc")
    assert stream.until_end


def test_upgrade_is_known_on_both_sides() -> None:
    asked = b"GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n"
    head = events("request", asked)[0]
    assert isinstance(head, Head)
    assert head.upgrades
    granted = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    head = events("response", granted + b"\x81\x00")[0]
    assert isinstance(head, Head)
    assert head.upgrades


@pytest.mark.parametrize(
    "text",
    [
        b"\x16\x03\x01\x02\x00",  # a TLS handshake
        b"GET /\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    ],
)
def test_what_is_no_http_passes_unseen_and_is_told_once(text: bytes) -> None:
    found = events("request", text, b"more")
    assert raw(found) == text + b"more"
    told = [event for event in found if isinstance(event, Garbage)]
    assert told[0].why
    assert not any(event.why for event in told[1:])


def test_endless_head_is_given_up() -> None:
    found = events("request", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 60_000)
    assert isinstance(found[0], Garbage)
    assert "longer than" in found[0].why
