"""Faults of whole endpoints and of their delivery: absent, broken, hanging, not JSON, cut off."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .fault import Aimed, Fault
from .model import Answer, Call, Env, Op, RefusalError, Reply, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .reading import Reading

__all__ = ["WIRE_FAULTS"]

_SHOWN: Final = (
    Op.REGISTER,
    Op.DISCOVER,
    Op.GET,
    Op.UPDATE,
    Op.SUBMIT,
    Op.STATUS,
    Op.HEALTH,
    Op.OPENAPI,
)
"""Endpoints whose answers the document shows or names a format for."""


class _EndpointBroken(Aimed):
    """One endpoint fails always; `target` is `op:manner`."""

    async def perform(self, call: Call) -> Reply:
        op, manner = self.target.split(":")
        if call.op is None or call.op.value != op:
            return await super().perform(call)
        if manner == "absent":
            raise RefusalError(404, "Not Found")
        if manner == "crash":
            message = "'NoneType' object is not subscriptable"
            raise AttributeError(message)
        if manner == "unavailable":
            raise RefusalError(503, "Service Unavailable")
        return self._bent(await super().perform(call), manner)

    @staticmethod
    def _bent(reply: Reply, manner: str) -> Reply:
        if reply.status != 200:
            return reply
        forms = {
            "html": replace(reply, text="<html><body>It works!</body></html>", media="text/html"),
            "no_body": replace(reply, text=""),
            "null": replace(reply, body=None),
            "listed": replace(reply, body=[reply.body]),
            "enveloped": replace(reply, body={"data": reply.body}),
            "201": replace(reply, status=201),
        }
        return forms[manner]


class _Delivered(Aimed):
    """The answers of one endpoint are delivered badly; `target` is `op:manner`."""

    def encode(self, call: Call, reply: Reply) -> Answer:
        answer = super().encode(call, reply)
        op, manner = self.target.split(":")
        if call.op is not None and call.op.value == op:
            return replace(answer, wire=Wire(manner))
        return answer


class _Text(Aimed):
    """Every JSON answer is encoded wrongly."""

    def encode(self, call: Call, reply: Reply) -> Answer:
        answer = super().encode(call, reply)
        if reply.text is None and answer.body:
            return replace(answer, body=TEXTS[self.target](answer.body))
        return answer


def _camel(body: bytes) -> bytes:
    for name in (b"agent_id", b"registered_at", b"last_heartbeat", b"task_id", b"queue_sizes"):
        head, tail = name.split(b"_")
        body = body.replace(b'"' + name + b'"', b'"' + head + tail.title() + b'"')
    return body


TEXTS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {
        "python": lambda body: repr(json.loads(body)).encode(),
        "trailing_comma": lambda body: body.rstrip()[:-1] + b",}",
        "byte_order_mark": lambda body: b"\xef\xbb\xbf" + body,
        "twice": lambda body: body + body,
        "trailing_debris": lambda body: body + b"None",
        "quoted": lambda body: json.dumps(body.decode()).encode(),
        "guarded": lambda body: b")]}',\n" + body,
        "padded": lambda body: b"callback(" + body + b");",
        "utf_16": lambda body: body.decode().encode("utf-16"),
        "latin_1": lambda body: body.decode().encode("latin-1", "replace"),
        "not_a_number": lambda body: body.replace(b"0.0", b"NaN").replace(b"1.0,", b"NaN,"),
        "cut_short": lambda body: body[:-1],
        "camel_case": _camel,
        "nothing": lambda _: b"",
    }
)


class _Headers(Aimed):
    """Every answer has a header that lies about the body."""

    def headers(self, reply: Reply) -> Mapping[str, str]:
        headers = dict(super().headers(reply))
        match self.target:
            case "encoding_gzip":
                headers["Content-Encoding"] = "gzip"
            case "type_missing":
                headers.pop("Content-Type", None)
            case "type_charset":
                headers["Content-Type"] = "application/json; charset=utf-16"
            case _:
                headers["Content-Type"] = self.target
        return headers


class _Counting(Aimed):
    """Fails by number, by place on the connection, or after a bad body."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._handled = 0
        self._hurt = False

    async def handle(self, call: Call) -> Answer:
        self._handled += 1
        answer = await super().handle(call)
        hurt, self._hurt = self._hurt, self._hurt or _is_malformed(call)
        manner, _, number = self.target.partition(":")
        if manner == "drop_turn":
            return replace(answer, wire=Wire.DROP) if call.turn == int(number) else answer
        if manner == "die_after":
            return replace(answer, wire=Wire.DIE) if self._handled > int(number) else answer
        if manner == "every":
            return self._failed() if self._handled % int(number) == 0 else answer
        if manner == "hurt_500":
            return self._failed() if hurt else answer
        return replace(answer, wire=Wire(number)) if (hurt or self._hurt) else answer

    def _failed(self) -> Answer:
        body = {"detail": "Internal error: connection pool exhausted"}
        return self.encode(Call(method="", path=""), Reply(status=500, body=body))


def _is_malformed(call: Call) -> bool:
    try:
        json.loads(call.body or b"{}")
    except (ValueError, RecursionError):
        return True
    return False


def _endpoints() -> Iterator[Fault]:
    for op in Op:
        for manner in ("absent", "crash", "unavailable"):
            yield Fault(
                name=f"endpoint.{op}.{manner}",
                summary=f"{op} always fails: {manner}",
                section="General",
                make=partial(_EndpointBroken, target=f"{op}:{manner}"),
                implied=manner == "unavailable" and op is not Op.HEALTH,
            )
        yield Fault(
            name=f"endpoint.{op}.hang",
            summary=f"{op} never answers",
            section="General",
            make=partial(_Delivered, target=f"{op}:hang"),
            kind="hang",
        )
    for op in _SHOWN:
        for manner in ("html", "no_body", "null", "listed", "enveloped", "201"):
            yield Fault(
                name=f"endpoint.{op}.{manner}",
                summary=f"a success of {op} is wrong as a whole: {manner}",
                section="General",
                make=partial(_EndpointBroken, target=f"{op}:{manner}"),
            )
    yield Fault(
        name="endpoint.docs.no_body",
        summary="the page is empty",
        section="OpenAPI Specification",
        make=partial(_EndpointBroken, target="docs:no_body"),
    )


def _deliveries() -> Iterator[Fault]:
    broken = [wire for wire in Wire if wire not in (Wire.NORMAL, Wire.HANG, Wire.DIE)]
    for wire in broken:
        for op in (Op.REGISTER, Op.GET, Op.STATUS):
            yield Fault(
                name=f"wire.{op}.{wire}",
                summary=f"the answer of {op} is delivered badly: {wire}",
                section="General",
                make=partial(_Delivered, target=f"{op}:{wire}"),
                kind="hang" if wire in (Wire.OVERLONG, Wire.FLOOD) else "wire",
            )


def _forms() -> Iterator[Fault]:
    for target in TEXTS:
        yield Fault(
            name=f"json.{target}",
            summary=f"JSON answers are encoded wrongly: {target}",
            section="General",
            make=partial(_Text, target=target),
            kind="wire",
        )
    lies = ("type_missing", "type_charset", "text/plain", "text/html", "application/xml")
    for target in ("encoding_gzip", *lies):
        yield Fault(
            name=f"header.{target.replace('/', '_')}",
            summary=f"a header does not tell the truth: {target}",
            section="General",
            make=partial(_Headers, target=target),
            implied=target in lies,
            kind="wire",
        )


def _counted() -> Iterator[Fault]:
    rows = (
        ("wire.drops_second", "drop_turn:2", "the second request of a connection is dropped"),
        ("wire.drops_tenth", "drop_turn:10", "the tenth request of a connection is dropped"),
        ("wire.dies_after_20", "die_after:20", "the peer dies with the 21st request"),
        ("wire.fails_every_tenth", "every:10", "every tenth request fails with 500"),
        ("wire.fails_every_third", "every:3", "every third request fails with 500"),
        ("malformed.then_500", "hurt_500:", "everything fails after a malformed body"),
        ("malformed.dies", "hurt:die", "a malformed body kills the peer"),
        ("malformed.drops", "hurt:drop", "a malformed body ends all connections"),
    )
    for name, target, summary in rows:
        yield Fault(
            name=name,
            summary=summary,
            section="General",
            make=partial(_Counting, target=target),
            kind="wire",
        )
    yield Fault(
        name="malformed.hangs",
        summary="a malformed body hangs the peer",
        section="General",
        make=partial(_Counting, target="hurt:hang"),
        kind="hang",
    )


WIRE_FAULTS: Final = (*_endpoints(), *_deliveries(), *_forms(), *_counted())
