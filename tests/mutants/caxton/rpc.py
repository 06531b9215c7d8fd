"""gRPC without a server: bytes go in, bytes or a status come out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from . import agents, gate, limits, messages, roster
from .model import Message, Obj, Refusal, RefusedError
from .protos import protos

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["Reply", "invoke"]

_OPS = {
    "DeployAgent": "deploy",
    "ListAgents": "list",
    "SendMessage": "send",
    "SendMessageAndWait": "send",
}
_CODES = {
    "AGENT_NOT_FOUND": "NOT_FOUND",
    "AGENT_ALREADY_EXISTS": "ALREADY_EXISTS",
    "INVALID_WASM": "INVALID_ARGUMENT",
    "RESOURCE_LIMIT_EXCEEDED": "RESOURCE_EXHAUSTED",
    "RATE_LIMITED": "RESOURCE_EXHAUSTED",
    "DEPLOYMENT_FAILED": "INTERNAL",
    "UNAUTHORIZED": "UNAUTHENTICATED",
    "FORBIDDEN": "PERMISSION_DENIED",
    "INTERNAL_ERROR": "INTERNAL",
    "BAD_BYTES": "INTERNAL",
    "ODD_BYTES": "UNKNOWN",
}
_BAD_BYTES = {
    "INVALID_ARGUMENT": "INVALID_REQUEST",
    "INTERNAL": "BAD_BYTES",
    "UNKNOWN": "ODD_BYTES",
}
"""How bytes are refused that do not parse: servers of grpc.aio say UNKNOWN by themselves."""
_PATIENCE = 30.0
"""Seconds that a reply is waited for, where the caller names no time."""


@dataclass(kw_only=True, slots=True)
class Reply:
    """A status by its name, and the answer where it is OK; `HANG` never comes."""

    code: str = "OK"
    words: str = ""
    body: bytes = b""
    trailers: Obj = field(default_factory=dict)


async def invoke(
    desk: Desk, method: str, raw: bytes, metadata: Mapping[str, str], patience: float | None = None
) -> Reply:
    """One call; `patience` is the time that its caller leaves, in seconds."""
    desk.clock.settle()
    early: Reply | None = desk.bent("grpc.early", None, method=method, raw=raw)
    if early is not None:
        return early
    try:
        token = _admitted(desk, method, metadata)
        request = _parsed(desk, method, raw)
        perform = _METHODS[method]
        told = await perform(desk, request, patience)
    except RefusedError as refused:
        return _failed(desk, method, refused.refusal)
    told = desk.bent("grpc.told", told, method=method, token=token)
    answer = protos(desk.reading).answer(method)
    json_format.ParseDict(told, answer, ignore_unknown_fields=True)
    return Reply(body=answer.SerializeToString())


def _failed(desk: Desk, method: str, refusal: Refusal) -> Reply:
    if refusal.code == "MESSAGE_DELIVERY_FAILED":
        code: str = desk.reading.undelivered
    elif refusal.code == "DEADLINE":
        code = "DEADLINE_EXCEEDED"
    else:
        code = _CODES.get(refusal.code) or ("ABORTED" if refusal.status == 409 else "")
        code = code or "INVALID_ARGUMENT"
    reply = Reply(code=code, words=refusal.words, trailers={"caxton-code": refusal.code})
    return desk.bent("grpc.failed", reply, method=method, refusal=refusal)


def _admitted(desk: Desk, method: str, metadata: Mapping[str, str]) -> str:
    token = gate.bearer(metadata.get("authorization", ""))
    refusal = gate.judged(desk, token)
    refusal = desk.bent("grpc.auth", refusal, method=method, token=token, metadata=metadata)
    if refusal is None:
        refusal = limits.take(desk, _OPS[method], token or "", "grpc")
    if refusal is None:
        refusal = gate.forced(desk, _OPS[method])
    if refusal is not None:
        raise RefusedError(refusal)
    return token or ""


def _parsed(desk: Desk, method: str, raw: bytes) -> Any:
    request = protos(desk.reading).request(method)
    try:
        request.ParseFromString(raw)
    except DecodeError:
        code = _BAD_BYTES[desk.reading.bad_bytes]
        raise RefusedError(
            Refusal(status=400, code=code, words="the request does not parse")
        ) from None
    return request


async def _deploy(desk: Desk, request: Any, patience: float | None) -> Obj:
    given: Obj = {
        "environment": dict(request.config.environment),
        "capabilities": list(request.config.capabilities),
        "resources": _resources(request.config.resources),
    }
    if request.config.name:
        given["name"] = request.config.name
    agent = await agents.enrol(desk, request.wasm_module, given, op="grpc")
    return {
        "agent_id": agent.id,
        "status": protos(desk.reading).status(agent.state),
        "deployed_at": _moment(agent.born),
    }


def _resources(limits_of: Any) -> Obj:
    shown: Obj = {}
    if limits_of.memory:
        shown["memory"] = limits_of.memory
    cpu = getattr(limits_of, "cpu", "") or getattr(limits_of, "cpu_fuel", 0)
    if cpu:
        shown["cpu"] = str(cpu)
    return shown


def _moment(seconds: float) -> str:
    """As the JSON form of a Timestamp has it."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


async def _list(desk: Desk, request: Any, patience: float | None) -> Obj:
    known = protos(desk.reading)
    if request.limit < 0 or request.offset < 0:
        words = "limit and offset must not be negative"
        raise RefusedError(Refusal(status=400, code="INVALID_REQUEST", words=words))
    status = known.state(request.status_filter)
    limit = roster.limit_of(desk, request.limit or desk.reading.default_limit)
    shown, total, _ = roster.page(desk, status, limit, request.offset, "grpc")
    rows = [
        {
            "agent_id": one.id,
            "id": one.id,
            "name": one.name,
            "display_name": one.name,
            "status": known.status(one.state),
            "state": known.status(one.state),
            "created_at": _moment(one.born),
            "capabilities": list(one.capabilities),
        }
        for one in shown
    ]
    return {"agents": rows, "total": total}


def _message(desk: Desk, request: Any) -> Obj:
    given = request.message
    data = {
        name: getattr(given, name)
        for name in (
            "performative",
            "sender",
            "receiver",
            "conversation_id",
            "reply_with",
            "in_reply_to",
            "ontology",
            "language",
        )
        if getattr(given, name)
    }
    if given.HasField("content"):
        data["content"] = json_format.MessageToDict(given.content)
    return desk.bent("grpc.message", data)


async def _send(desk: Desk, request: Any, patience: float | None) -> Obj:
    message = messages.send(desk, _message(desk, request), "grpc")
    return {
        "message_id": message.id,
        "id": message.id,
        "status": "delivered",
        "delivered": True,
        "delivered_at": _moment(message.at),
    }


async def _wait(desk: Desk, request: Any, patience: float | None) -> Obj:
    data = _message(desk, request)
    message = messages.send(desk, data, "grpc")
    number = message.more.get("reply_with", message.id)
    reply = await _replied(desk, number, desk.bent("grpc.patience", _time(request, patience)))
    fipa: Obj = {
        "performative": reply.performative,
        "sender": reply.sender,
        "receiver": reply.receiver,
        **reply.more,
    }
    if isinstance(reply.content, dict):
        fipa["content"] = reply.content
    if reply.conversation_id:
        fipa["conversation_id"] = reply.conversation_id
    return {
        "message_id": reply.id,
        "in_reply_to": number,
        "message": fipa,
        "reply": fipa,
        "received_at": _moment(reply.at),
    }


def _time(request: Any, patience: float | None) -> float:
    options = request.options
    own = getattr(options, "timeout_ms", 0) / 1000 or getattr(options, "timeout_seconds", 0)
    return min(own or _PATIENCE, _PATIENCE if patience is None else patience)


async def _replied(desk: Desk, number: str, patience: float) -> Message:
    arrived: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    desk.waiters[number] = arrived.set_result
    try:
        return await asyncio.wait_for(arrived, patience)
    except TimeoutError:
        words = "nobody has replied in time"
        raise RefusedError(Refusal(status=504, code="DEADLINE", words=words)) from None
    finally:
        desk.waiters.pop(number, None)


_METHODS = {
    "DeployAgent": _deploy,
    "ListAgents": _list,
    "SendMessage": _send,
    "SendMessageAndWait": _wait,
}
