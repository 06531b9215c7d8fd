"""Of a request's head nothing changes but where it goes."""

from __future__ import annotations

import pytest

from conformance.proxy.http_stream import Head, HttpStream
from conformance.proxy.rewriting import Rewriting

REWRITING = Rewriting(
    host="upstream:81",
    origin="http://upstream:81",
    prefix="/base",
    own=frozenset({"http://localhost:5"}),
)


def rewritten(text: bytes, rewriting: Rewriting = REWRITING) -> bytes:
    stream = HttpStream("request")
    stream.receive(text)
    head = stream.next()
    assert isinstance(head, Head)
    return rewriting.request(head)


def test_order_case_and_repeats_stay() -> None:
    text = (
        b"GET /a?b=%20 HTTP/1.1\r\nx-ONE:  1 \r\nHOST: here\r\nX-One: 2\r\n"
        b"Connection: keep-alive, X-One\r\nTE: trailers\r\n\r\n"
    )
    expected = text.replace(b"/a?b", b"/base/a?b").replace(b"here", b"upstream:81")
    assert rewritten(text) == expected


def test_what_was_said_to_the_proxy_ends_there() -> None:
    said = b"Proxy-Authorization: Basic x\r\nProxy-Connection: y\r\n"
    text = b"GET http://any/a?b HTTP/1.1\r\n" + said + b"\r\n"
    assert rewritten(text) == b"GET /base/a?b HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [(b"http://localhost:5", b"http://upstream:81"), (b"http://evil", b"http://evil")],
)
def test_own_origin_becomes_the_coordinators(origin: bytes, expected: bytes) -> None:
    text = b"GET / HTTP/1.1\r\nOrigin: %s\r\n\r\n"
    assert rewritten(text % origin) == b"GET /base/ HTTP/1.1\r\nOrigin: %s\r\n\r\n" % expected


def test_bare_line_ends_stay() -> None:
    assert rewritten(b"GET / HTTP/1.1\nHost:x\n\n") == b"GET /base/ HTTP/1.1\nHost:upstream:81\n\n"


def test_other_targets_stay() -> None:
    assert rewritten(b"OPTIONS * HTTP/1.1\r\n\r\n") == b"OPTIONS * HTTP/1.1\r\n\r\n"
