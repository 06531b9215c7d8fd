"""A connection without sockets: what goes on, what is seen, and who is blamed."""

from __future__ import annotations

import gzip

import orjson
from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from tests.conformance.proxy.watching import Seen, answer, connection, request

HEALTHY = orjson.dumps({"status": "healthy", "version": "1", "timestamp": "2026-01-01T00:00:00Z"})
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
HANDSHAKE = request("GET", "/api/ws?token=x", b"", *UPGRADE, f"Sec-WebSocket-Key: {KEY}")
GRANTED = (
    "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    f"Sec-WebSocket-Accept: {accept_key(KEY)}\r\n\r\n"
).encode()


def text(data: bytes, *, mask: bool) -> bytes:
    return bytes(Frame(Opcode.TEXT, data).serialize(mask=mask))


def test_request_goes_on_with_another_host_and_is_seen_with_its_answer() -> None:
    seen = Seen()
    line = connection(seen)
    out = line.from_client(request("GET", "/health"))
    assert out == request("GET", "/health").replace(b"proxy", b"up:80")
    assert not seen.passed, "what is passed on is looked at afterwards"
    line.digest()
    assert [each.answered for each in seen.passed] == [False]
    assert line.pending
    assert line.from_coordinator(answer(200, HEALTHY)) == b""
    line.digest()
    (exchange,) = seen.exchanges
    assert (exchange.operation, exchange.status, exchange.answer) == ("getHealth", 200, HEALTHY)
    assert not seen.breaches
    assert not line.pending


def test_pipelined_requests_find_their_answers() -> None:
    seen = Seen()
    line = connection(seen)
    line.from_client(request("GET", "/health") + request("GET", "/tasks/queues"))
    line.from_coordinator(answer(200, HEALTHY) + answer(404, b"{}"))
    line.digest()
    assert [(each.path, each.status) for each in seen.exchanges] == [
        ("/health", 200),
        ("/tasks/queues", 404),
    ]


def test_both_sides_are_judged_by_their_own_rows() -> None:
    seen = Seen()
    line = connection(seen)
    line.from_client(request("POST", "/agents/register", b'{"agent_id": 5}'))
    line.from_coordinator(answer(422, b'{"detail": "no"}'))
    line.from_client(request("GET", "/health"))
    line.from_coordinator(answer(200, b'{"status": 7}'))
    line.digest()
    assert {each.who for each in seen.breaches} == {"agent", "coordinator"}
    for each in seen.breaches:
        assert each.requirement.startswith("AITBC-AGENT") == (each.who == "agent")
        assert "/" in each.message


def test_compressed_answer_is_read_and_an_unknown_coding_is_not_judged() -> None:
    seen = Seen()
    line = connection(seen)
    for coding, body in (("gzip", gzip.compress(b'{"status": 7}')), ("br", b"whatever")):
        line.from_client(request("GET", "/health"))
        line.from_coordinator(answer(200, body, f"Content-Encoding: {coding}"))
    line.digest()
    assert [each.answer for each in seen.exchanges] == [b'{"status": 7}', b""]
    assert {each.subject for each in seen.breaches} == {"GET /health -> 200"}
    assert all(passed.entry is not seen.exchanges[1] for passed in seen.passed if passed.breaches)


def test_garbage_goes_on_and_is_the_clients_fault() -> None:
    seen = Seen()
    line = connection(seen)
    assert line.from_client(b"\x16\x03\x01") == b"\x16\x03\x01"
    assert line.from_client(b"more") == b"more"
    line.from_coordinator(answer(400))
    line.digest()
    assert {each.who for each in seen.breaches} == {"agent"}


def test_answer_that_is_no_http_is_the_coordinators_fault() -> None:
    seen = Seen()
    line = connection(seen)
    line.from_client(request("GET", "/health"))
    line.from_coordinator(b"SSH-2.0-OpenSSH\r\n\r\n")
    line.digest()
    assert "not HTTP" in seen.failures[0]
    assert [each.who for each in seen.breaches] == ["coordinator"]


def test_coordinator_that_ends_without_an_answer_is_at_fault() -> None:
    for said in (b"", answer(200, HEALTHY)[:-5]):
        seen = Seen()
        line = connection(seen)
        line.from_client(request("GET", "/health") * 2)
        line.from_coordinator(said)
        assert line.cut == bool(said)
        line.coordinator_left()
        assert len(seen.failures) == 2
        assert [each.who for each in seen.breaches] == ["coordinator"], "once: for the first"


def test_client_that_does_not_wait_is_nobodys_fault() -> None:
    seen = Seen()
    line = connection(seen)
    line.from_client(request("GET", "/health"))
    line.client_left()
    line.coordinator_left()
    assert seen.failures
    assert not seen.breaches


def test_answer_without_a_length_ends_with_its_connection() -> None:
    seen = Seen()
    line = connection(seen)
    line.from_client(request("GET", "/health"))
    head = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
    line.from_coordinator(head + HEALTHY)
    assert not line.cut
    line.coordinator_left()
    assert seen.exchanges[0].answer == HEALTHY
    assert not seen.breaches
    assert not seen.failures


def test_frames_are_seen_in_both_directions() -> None:
    seen = Seen("echocenter")
    line = connection(seen)
    line.from_client(HANDSHAKE)
    chat = orjson.dumps({"type": "CHAT", "sender_id": 1, "sender_name": "a", "payload": "b"})
    assert line.from_coordinator(GRANTED + text(chat, mask=False)) == b""
    log = orjson.dumps({"type": "SYSTEM_LOG", "payload": {"level": "INFO", "content": "x"}})
    data = text(log, mask=True)
    assert line.from_client(data) == data
    line.digest()
    assert [exchange.connection for exchange in seen.exchanges] == [1]
    assert [(frame.sender, frame.kind, frame.message) for frame in seen.frames] == [
        ("coordinator", "text", "deliveredChat"),
        ("agent", "text", "systemLog"),
    ]
    assert not seen.breaches


def test_unlawful_message_is_its_senders_fault() -> None:
    seen = Seen("echocenter")
    line = connection(seen)
    line.from_client(HANDSHAKE)
    line.from_coordinator(GRANTED)
    line.from_client(text(b'{"type": "SYSTEM_LOG", "payload": {"level": "LOUD"}}', mask=True))
    line.from_coordinator(text(b'{"type": "CHAT"}', mask=False))
    line.digest()
    assert [each.who for each in seen.breaches].count("agent") >= 1
    assert [each.who for each in seen.breaches].count("coordinator") >= 1
    assert all(each.requirement for each in seen.breaches)


def test_what_comes_behind_a_handshake_waits_for_the_answer() -> None:
    seen = Seen("echocenter")
    line = connection(seen)
    early = text(b"{}", mask=True)
    assert line.from_client(HANDSHAKE + early) == HANDSHAKE.replace(b"proxy", b"up:80")
    assert line.from_client(bytes(70_000)) == b""
    assert line.waits
    assert line.from_coordinator(GRANTED) == early + bytes(70_000)
    assert not line.waits


def test_refused_handshake_lets_http_go_on() -> None:
    seen = Seen("echocenter")
    line = connection(seen)
    line.from_client(HANDSHAKE + request("GET", "/api/users/agents"))
    assert line.from_coordinator(answer(401)) != b"", "the next request was waiting"
    line.from_coordinator(answer(200, b"[]"))
    line.digest()
    assert [each.status for each in seen.exchanges] == [401, 200]
    assert line.line is None


def test_loss_belongs_to_who_left_first() -> None:
    for leaves in ("agent", "coordinator"):
        seen = Seen("echocenter")
        line = connection(seen)
        line.from_client(HANDSHAKE)
        line.from_coordinator(GRANTED)
        ends = [line.client_left, line.coordinator_left]
        for end in ends if leaves == "agent" else reversed(ends):
            end()
        assert [(frame.sender, frame.kind) for frame in seen.frames] == [(leaves, "lost")]


def test_close_in_order_is_no_loss() -> None:
    seen = Seen("echocenter")
    line = connection(seen)
    line.from_client(HANDSHAKE)
    line.from_coordinator(GRANTED)
    line.from_client(bytes(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)))
    line.from_coordinator(bytes(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=False)))
    line.coordinator_left()
    line.client_left()
    assert [(frame.sender, frame.kind, frame.code) for frame in seen.frames] == [
        ("agent", "close", 1000),
        ("coordinator", "close", 1000),
    ]
    assert not seen.breaches


def test_nobody_is_blamed_for_what_follows_another_ones_breach() -> None:
    seen = Seen("stella")
    line = connection(seen)
    path = "/api/v1/agents/a/task-stream"
    line.from_client(HANDSHAKE.replace(b"/api/ws?token=x", path.encode()))
    line.from_coordinator(GRANTED)
    line.from_client(text(b"{}", mask=False))
    line.digest()
    line.coordinator_left()
    assert {each.who for each in seen.breaches} == {"agent"}
    assert seen.frames[-1].kind == "lost"


def test_channel_that_the_document_lacks_passes_unjudged() -> None:
    seen = Seen("echocenter")
    line = connection(seen)
    line.from_client(HANDSHAKE.replace(b"/api/ws", b"/other"))
    line.from_coordinator(GRANTED + text(b"no json", mask=False))
    line.digest()
    assert [frame.kind for frame in seen.frames] == ["text"]
    assert not [each for each in seen.breaches if each.who == "coordinator"]
