"""Faults in calls over gRPC: metadata, methods, bytes, fields."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Final

from tests.mutants.caxton_agents.bugs import Bug
from tests.mutants.caxton_agents.edits import (
    drop,
    header,
    instead,
    number,
    path,
    put,
    put_from,
    raw,
    then,
    unheader,
    wasm,
)
from tests.mutants.caxton_agents.model import CALLS, Edit, Fault, What
from tests.mutants.caxton_agents.seeds import bugged, spoilt

__all__ = ["GRPC_FAULTS"]

_D, _L, _S, _W = What.CALL_DEPLOY, What.CALL_LIST, What.CALL_SEND, What.CALL_WAIT
_AUTH: Final = "authorization"


def _metadata() -> Iterator[Fault]:
    section = "Authentication"
    bare = unheader(_AUTH)
    for what in CALLS:
        yield spoilt(what, "token.missing", "comes without metadata", bare, section=section)
    rows: tuple[tuple[What, str, str, Edit, bool], ...] = (
        (_D, "lower", "a scheme in small letters", header(_AUTH, "bearer {token}"), True),
        (_S, "lower", "a scheme in small letters", header(_AUTH, "bearer {token}"), True),
        (_D, "bare", "a token without scheme", header(_AUTH, "{token}"), False),
        (_L, "bare", "a token without scheme", header(_AUTH, "{token}"), False),
        (_S, "basic", "the scheme Basic", header(_AUTH, "Basic {token}"), False),
        (_W, "token", "the scheme Token", header(_AUTH, "Token {token}"), False),
        (_L, "colon", "a colon behind the scheme", header(_AUTH, "Bearer: {token}"), False),
        (_W, "wrong", "another token", header(_AUTH, "Bearer not-{token}"), False),
        (_S, "empty", "an empty token", header(_AUTH, "Bearer "), False),
        (_D, "rest", "the header of REST", then(bare, header("x-caxton-token", "{token}")), False),
        (_L, "key", "the token as API key", then(bare, header("x-api-key", "{token}")), False),
        (_S, "leak", "the token in more metadata", header("x-token", "{token}"), True),
    )
    for what, word, summary, edit, implied in rows:
        name = f"token.{word}"
        yield spoilt(what, name, summary, edit, implied=implied, section=section)


def _methods() -> Iterator[Fault]:
    rows = (
        (_D, "no_package", "/AgentService/DeployAgent"),
        (_D, "no_version", "/caxton.AgentService/DeployAgent"),
        (_D, "v2", "/caxton.v2.AgentService/DeployAgent"),
        (_D, "lower", "/caxton.v1.AgentService/deployAgent"),
        (_D, "short", "/caxton.v1.AgentService/Deploy"),
        (_L, "service", "/caxton.v1.Agents/ListAgents"),
        (_L, "short", "/caxton.v1.AgentService/List"),
        (_S, "service", "/caxton.v1.AgentService/SendMessage"),
        (_S, "short", "/caxton.v1.MessageService/Send"),
        (_S, "messaging", "/caxton.v1.MessagingService/SendMessage"),
        (_W, "request", "/caxton.v1.MessageService/Request"),
        (_W, "snake", "/caxton.v1.MessageService/send_message_and_wait"),
    )
    for what, word, name in rows:
        yield spoilt(what, f"method.{word}", f"calls {name}", path(name))


def _messages() -> Iterator[Fault]:
    rows: tuple[tuple[What, str, str, Edit, bool], ...] = (
        (_D, "bytes.json", "JSON in place of a message", raw(json.dumps), False),
        (_S, "bytes.json", "JSON in place of a message", raw(json.dumps), False),
        (_S, "bytes.garbage", "bytes without sense", raw(lambda _body: b"\xff" * 9), False),
        (_W, "bytes.cut", "a message that breaks off", raw(lambda _body: b"\x0a\x30req"), False),
        (_D, "bytes.none", "an empty message", raw(lambda _body: b""), False),
        (_W, "bytes.none", "an empty message", raw(lambda _body: b""), False),
        (_D, "number.swapped", "module and config swapped", number(wasm_module=2, config=1), False),
        (_D, "number.from_zero", "numbers that are one too high", _higher(), False),
        (_D, "number.name", "the name has number 2", number(name=2), False),
        (_S, "number.message", "the message has number 3", number(message=3), False),
        (_S, "number.sender", "the sender has number 11", number(sender=11), True),
        (_S, "number.content", "content and conversation swapped", _swapped(), False),
        (_W, "number.receiver", "the receiver has number 12", number(receiver=12), False),
        (_L, "number.limit", "the limit has number 7", number(limit=7), False),
        (_D, "wasm.none", "no module", wasm(lambda _old: b""), False),
        (_D, "wasm.base64", "the module in base64", wasm(base64.b64encode), False),
        (_D, "wasm.text", "the module as text", wasm(lambda _old: b"(module)"), False),
        (_D, "config.none", "no config", drop("config"), True),
        (_D, "name.none", "no name", drop("config.name"), True),
        (_D, "name.number", "the name is a number", put("config.name", 5), False),
        (_D, "config.text", "the config is JSON", put("config", '{"name": "peer-5"}'), False),
        (_D, "name.leak", "the token as name", _with_token("config.name"), True),
        (_S, "message.none", "no message", instead({}), False),
        (_S, "performative.none", "no performative", drop("message.performative"), False),
        (_S, "performative.upper", "capitals", put("message.performative", "REQUEST"), True),
        (_S, "performative.unknown", "no FIPA word", put("message.performative", "ask"), True),
        (_S, "performative.enum", "performative a number", put("message.performative", 3), False),
        (_S, "sender.none", "no sender", drop("message.sender"), True),
        (_S, "receiver.none", "no receiver", drop("message.receiver"), False),
        (_S, "receiver.number", "the receiver is a number", put("message.receiver", 4), False),
        (_S, "content.none", "no content", drop("message.content"), False),
        (_S, "content.json", "content as JSON text", put("message.content", '{"a": 1}'), False),
        (_S, "conversation.none", "no conversation", drop("message.conversation_id"), True),
        (_S, "in_reply_to.none_asked", "in reply to nothing", _replying(), True),
        (_S, "content.leak", "the token in the content", _with_token("message.content.key"), True),
        (_W, "performative.none", "no performative", drop("message.performative"), False),
        (_W, "receiver.none", "no receiver", drop("message.receiver"), False),
        (_W, "content.none", "no content", drop("message.content"), False),
        (_W, "names.none", "neither reply_with nor conversation", _nameless(), True),
        (_L, "limit.negative", "a limit below zero", put("limit", -3), True),
        (_L, "offset.negative", "an offset below zero", put("offset", -1), True),
        (_L, "limit.text", "the limit is a text", put("limit", "ten"), False),
    )
    for what, name, summary, edit, implied in rows:
        yield spoilt(what, name, summary, edit, implied=implied)
    yield bugged("call.no_deadline", Bug.NO_DEADLINE, "Send Message", style="grpc")


def _higher() -> Edit:
    return number(wasm_module=2, config=3, name=2, environment=4, capabilities=5)


def _swapped() -> Edit:
    return number(content=5, conversation_id=4)


def _nameless() -> Edit:
    return then(drop("message.reply_with"), drop("message.conversation_id"))


def _replying() -> Edit:
    return put("message.in_reply_to", "msg_of_nobody")


def _with_token(where: str) -> Edit:
    return put_from(where, lambda _item, memory: memory.token)


GRPC_FAULTS: Final = (*_metadata(), *_methods(), *_messages())
