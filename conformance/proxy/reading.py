"""What passes, as the document sees it: which operation or channel it is for, and what is wrong."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Sequence
from typing import Any

from multidict import CIMultiDict
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol

from conformance.proxy.frame_stream import LARGEST_KEPT
from conformance.proxy.http_stream import Head
from conformance.proxy.rewriting import path_and_query
from mockserver.bodies import Bodies
from mockserver.router import Channels, Match, Router
from mockserver.transcript import HttpExchange
from schemas.spec import Channel, Protocol
from schemas.validation import Validators, Violation

__all__ = ["Reader", "plain_body"]

_QUIET = logging.getLogger("conformance.proxy")
_QUIET.setLevel(logging.CRITICAL)


class Reader:
    """Reads the requests and answers of one protocol."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.validators = Validators(protocol)
        self._bodies = Bodies(protocol)
        self._router = Router(protocol)
        self._channels = Channels(protocol)

    def request(self, head: Head, body: bytes | None, number: int, at: float) -> HttpExchange:
        """A request that came whole. A body of `None` was not kept, and is not judged."""
        path, query = path_and_query(head.target)
        headers = CIMultiDict((field.name, field.value) for field in head.fields)
        found = self._channels.match(path)
        if found is not None:
            wrong = _unsound(head)
            return _exchange(head, path, query, number, at)._replace(
                headers=headers, operation=found[0].id, parameters=found[1], violations=wrong
            )
        match = self._router.match(head.method, path)
        label = headers.get("content-type", "")
        plain = None if body is None else plain_body(body, headers.get("content-encoding", ""))
        said, wrong = (None, []) if plain is None else self.body(match, plain, label)
        return _exchange(head, path, query, number, at)._replace(
            headers=headers,
            body=plain or b"",
            operation=match.operation.id if match.operation else "",
            parameters=match.parameters,
            allowed=match.allowed,
            violations=[*self._wrong_path(match), *wrong],
            said=said,
        )

    def procedure(
        self, path: str, headers: CIMultiDict[str], body: bytes, number: int, at: float
    ) -> HttpExchange:
        """The call of a procedure."""
        match = self._router.match("RPC", path)
        said, wrong = self.body(match, body, "")
        head = Head(raw=b"", fields=(), method="RPC", target=path)
        return _exchange(head, path, "", number, at)._replace(
            headers=headers,
            body=body,
            operation=match.operation.id if match.operation else "",
            violations=wrong,
            said=said,
        )

    def garbled(self, why: str, number: int, at: float) -> HttpExchange:
        """What is no HTTP."""
        wrong = Violation(pointer="", keyword="http", message=why, value=None)
        head = Head(raw=b"", fields=())
        return _exchange(head, "", "", number, at)._replace(violations=(wrong,))

    def body(self, match: Match, body: bytes, label: str) -> tuple[Any, list[Violation]]:
        """What a request's body says, where it came in another form than JSON, and its flaws."""
        operation = match.operation
        if operation is None or operation.request is None:
            return None, []
        if not (body or operation.request_required or operation.is_rpc):
            return None, []
        try:
            said = self._bodies.read(operation, body, label)
        except ValueError as error:
            shown = body[:80].decode("utf-8", "backslashreplace")
            what = f"cannot be read: {error}" if body else "is missing"
            return None, [Violation(pointer="", keyword="json", message=what, value=shown)]
        shape = self.validators.at(operation.request)
        wrong = [] if shape is None or shape.accepts(said) else shape.explain(said)
        return None if operation.media_type == "application/json" else said, wrong

    def answer_of(self, operation: str, body: bytes) -> bytes:
        """What a procedure answered, in JSON form; as it came where it is no such message."""
        known = self.protocol.operations.get(operation)
        procedure = self._bodies.codec.procedure(known.path) if known else None
        if procedure is None:
            return body
        try:
            return json.dumps(self._bodies.codec.decode(procedure.answer, body)).encode()
        except ValueError:
            return body or b"(an empty message that is none)"

    def channel(self, target: str) -> Channel | None:
        """The channel that a handshake was for, if the document knows it."""
        found = self._channels.match(path_and_query(target)[0])
        return found[0] if found else None

    def _wrong_path(self, match: Match) -> list[Violation]:
        wrong = []
        for name, value in match.parameters.items():
            reference = match.operation.parameters.get(name) if match.operation else None
            shape = self.validators.at(reference)
            if shape is not None and not shape.accepts(value):
                wrong += [
                    Violation(
                        pointer=f"/path/{name}{each.pointer}",
                        keyword=each.keyword,
                        message=each.message,
                        value=each.value,
                    )
                    for each in shape.explain(value)
                ]
        return wrong


def _exchange(head: Head, path: str, query: str, number: int, at: float) -> HttpExchange:
    return HttpExchange(
        number=number,
        at=at,
        real=0.0,
        took=0.0,
        method=head.method,
        path=path,
        query=query,
        headers={},
        body=b"",
        operation="",
        parameters={},
        allowed=(),
        violations=(),
        status=0,
        answer_headers={},
        answer=b"",
    )


def _unsound(head: Head) -> Sequence[Violation]:
    """What RFC 6455 has against a handshake."""
    headers = Headers()
    for field in head.fields:
        headers[field.name] = field.value
    request = Request(
        path=head.target, headers=headers, method=head.method, protocol=f"HTTP/1.{head.minor}"
    )
    protocol = ServerProtocol(logger=_QUIET)
    protocol.receive_data(b"GET / HTTP/1.1\r\n\r\n")  # the real head was read already
    protocol.events_received()
    answer = protocol.accept(request)
    if answer.status_code == 101:
        return ()
    what = bytes(answer.body or b"").decode("utf-8", "replace").strip()
    return (Violation(pointer="", keyword="websocket", message=what, value=None),)


def plain_body(body: bytes, coding: str) -> bytes | None:
    """A body without its content coding; `None` where that cannot be undone here."""
    for name in reversed([word.strip().lower() for word in coding.split(",") if word.strip()]):
        if name in ("identity", ""):
            continue
        if name not in ("gzip", "x-gzip", "deflate"):
            return None
        try:
            body = _inflated(body, gzip=name != "deflate")
        except (zlib.error, ValueError):
            return None
    return body


def _inflated(body: bytes, *, gzip: bool) -> bytes:
    if not body:
        return body
    # "deflate" is zlib's format by the standard, and bare for some who read it otherwise.
    bare = not gzip and (body[0] & 0x0F) != 8
    inflater = zlib.decompressobj(31 if gzip else -15 if bare else 15)
    plain = inflater.decompress(body, LARGEST_KEPT)
    if inflater.unconsumed_tail:
        raise ValueError("it is too large")
    return plain
