"""Faults in what an agent makes of messages that are no instruction, or are none any more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from tests.mutants.echocenter_agents.model import (
    Chat,
    Cue,
    Do,
    Fault,
    Incoming,
    Json,
    Memory,
    React,
    Say,
    Step,
)
from tests.mutants.echocenter_agents.replies import said
from tests.mutants.echocenter_agents.words import chat, log

__all__ = ["STURDY_FAULTS"]

_Test = Callable[[Incoming], bool]
_bad = partial(Fault, section="3.B Receiving Instructions")


def _members(heard: Incoming) -> Mapping[str, Json]:
    return heard.data if isinstance(heard.data, Mapping) else {}


def _type(heard: Incoming) -> Json:
    return _members(heard).get("type")


def _is_malformed(heard: Incoming) -> bool:
    return heard.broken and isinstance(heard.raw, str) and heard.raw.lstrip()[:1] != "["


def _is_deep(heard: Incoming) -> bool:
    return isinstance(heard.raw, str) and heard.raw.startswith("[" * 99)


def _is_no_object(heard: Incoming) -> bool:
    return not heard.broken and not isinstance(heard.data, Mapping)


def _is_null(heard: Incoming) -> bool:
    return not heard.broken and heard.data is None


def _is_untyped(heard: Incoming) -> bool:
    return isinstance(heard.data, Mapping) and not isinstance(_type(heard), str)


def _is_other(heard: Incoming) -> bool:
    own = _type(heard)
    return isinstance(own, str) and own != "CHAT"


def _is_log(heard: Incoming) -> bool:
    return _type(heard) == "SYSTEM_LOG"


def _is_stream(heard: Incoming) -> bool:
    return str(_type(heard)).startswith("CHAT_STREAM")


def _is_auth(heard: Incoming) -> bool:
    return str(_type(heard)).startswith("AUTH_")


def _is_binary(heard: Incoming) -> bool:
    return isinstance(heard.raw, bytes)


def _lacks(name: str) -> _Test:
    return lambda heard: _type(heard) == "CHAT" and name not in _members(heard)


def _has_null(name: str) -> _Test:
    return lambda heard: _type(heard) == "CHAT" and _members(heard).get(name, 0) is None


def _has_object_payload(heard: Incoming) -> bool:
    return _type(heard) == "CHAT" and isinstance(_members(heard).get("payload"), Mapping)


def _has_number_payload(heard: Incoming) -> bool:
    return _type(heard) == "CHAT" and isinstance(_members(heard).get("payload"), int | float)


_TROUBLES: Final[tuple[tuple[str, str, Cue, _Test, tuple[Do, ...]], ...]] = (
    ("malformed", "a text that is no JSON", Cue.MALFORMED, _is_malformed, (Do.HANG, Do.QUIT)),
    ("deep", "JSON nested very deeply", Cue.DEEP, _is_deep, ()),
    ("no_object", "JSON that is no object", Cue.NOT_OBJECT, _is_no_object, (Do.HANG, Do.QUIT)),
    ("null", "JSON null", Cue.NOT_OBJECT, _is_null, ()),
    ("untyped", "an object without a type", Cue.NO_TYPE, _is_untyped, (Do.HANG,)),
    ("unknown_type", "a type it does not know", Cue.OTHERS, _is_other, (Do.HANG, Do.QUIT, Do.SPIN)),
    ("log", "somebody's SYSTEM_LOG", Cue.OTHERS, _is_log, (Do.HANG,)),
    ("stream", "somebody's CHAT_STREAM", Cue.OTHERS, _is_stream, (Do.HANG,)),
    ("auth", "an AUTH_STATUS_UPDATE", Cue.OTHERS, _is_auth, ()),
    ("binary", "a binary message", Cue.BINARY, _is_binary, (Do.HANG,)),
    ("no_sender", "a CHAT without sender_id", Cue.BAD_CHAT, _lacks("sender_id"), (Do.HANG,)),
    ("no_name", "a CHAT without sender_name", Cue.BAD_CHAT, _lacks("sender_name"), (Do.HANG,)),
    ("no_payload", "a CHAT without payload", Cue.BAD_CHAT, _lacks("payload"), (Do.HANG,)),
    ("null_payload", "a CHAT with payload null", Cue.BAD_CHAT, _has_null("payload"), (Do.HANG,)),
    ("null_sender", "a CHAT from null", Cue.BAD_CHAT, _has_null("sender_id"), ()),
    ("object_payload", "a CHAT with an object in it", Cue.BAD_CHAT, _has_object_payload, ()),
    ("number_payload", "a CHAT with a number in it", Cue.BAD_CHAT, _has_number_payload, (Do.HANG,)),
)


def _when(test: _Test, do: Do) -> React:
    return lambda heard, _memory: (do,) if test(heard) else None


def _troubles() -> Iterator[Fault]:
    for word, event, cue, test, others in _TROUBLES:
        for do in (Do.CRASH, *others):
            yield _bad(
                name=f"{do.name.lower()}.on_{word}",
                summary=f"on {event}, the agent {do.value}",
                cue=cue,
                react=_when(test, do),
                implied=True,
            )


def _deaf_after(test: _Test) -> React:
    """Says nothing any more, though it reads on."""

    def react(heard: Incoming, memory: Memory) -> Iterable[Step] | None:
        if test(heard):
            memory.texts["deaf"] = "yes"
        return () if memory.texts.get("deaf") else None

    return react


def _has_more(heard: Incoming) -> bool:
    return bool(set(_members(heard)) - {"type", "sender_id", "sender_name", "payload"})


def _deafness() -> Iterator[Fault]:
    for word, event, cue, test, _others in _TROUBLES[:10]:
        if word in {"deep", "null", "auth", "untyped"}:
            continue
        yield _bad(
            name=f"deaf.after_{word}",
            summary=f"after {event} it reads on, but answers nobody",
            cue=cue,
            react=_deaf_after(test),
            implied=True,
        )
    yield _bad(
        name="deaf.after_extra",
        summary="after a CHAT with a field it does not know it reads on, but answers nobody",
        cue=Cue.SHAPES,
        react=_deaf_after(_has_more),
        implied=True,
    )
    yield _bad(
        name="drop.on_unknown_type",
        summary="cuts the connection on a type it does not know",
        cue=Cue.OTHERS,
        react=_when(_is_other, Do.DROP),
        implied=True,
    )


def _answering(test: _Test) -> React:
    """Answers what is no instruction, as if it were one."""

    def react(heard: Incoming, memory: Memory) -> Iterable[Step] | None:
        if not test(heard):
            return None
        members = _members(heard)
        to = Chat(
            sender_id=members.get("sender_id", 1),
            payload=members.get("payload"),
            frame=members,
            n=len(memory.chats),
            connection=memory.connection - 1,
        )
        return (chat(to, said(to)),)

    return react


def _is_chunk(heard: Incoming) -> bool:
    return _type(heard) == "CHAT_STREAM"


def _is_stream_end(heard: Incoming) -> bool:
    return _type(heard) == "CHAT_STREAM_END"


def _is_foreign(heard: Incoming) -> bool:
    return _is_other(heard) and not (_is_log(heard) or _is_stream(heard) or _is_auth(heard))


def _is_lower_case(heard: Incoming) -> bool:
    return _type(heard) == "chat"


def _too_eager() -> Iterator[Fault]:
    for word, event, test in (
        ("log", "SYSTEM_LOGs of others", _is_log),
        ("chunk", "each CHAT_STREAM chunk", _is_chunk),
        ("stream_end", "CHAT_STREAM_ENDs", _is_stream_end),
        ("unknown_type", "messages of a type it does not know", _is_foreign),
        ("auth", "AUTH_STATUS_UPDATEs", _is_auth),
        ("lower_case", "messages of type 'chat'", _is_lower_case),
    ):
        yield _bad(
            name=f"answers.{word}",
            summary=f"answers {event} by a CHAT",
            cue=Cue.OTHERS,
            react=_answering(test),
            implied=True,
        )
    yield _bad(
        name="answers.malformed",
        summary="answers a text that is no JSON by a text that is none either",
        cue=Cue.MALFORMED,
        react=lambda heard, _memory: _complaint(heard) if heard.broken else None,
        implied=True,
    )
    yield _bad(
        name="answers.with_error_log",
        summary="reports each unknown type in a log whose payload is the message itself",
        section="3.A Sending Status Logs",
        cue=Cue.OTHERS,
        react=lambda heard, _memory: _report(heard) if _is_other(heard) else None,
    )


def _complaint(_heard: Incoming) -> Iterable[Step]:
    said_so = log("ERROR", "no JSON")
    yield Say(kind=said_so.kind, message=said_so.message, raw="error: no JSON")


def _report(heard: Incoming) -> Iterable[Step]:
    said_so = log("ERROR", "")
    message: Json = {"type": "SYSTEM_LOG", "payload": json.dumps(heard.data)}
    yield Say(kind=said_so.kind, message=message)


STURDY_FAULTS: Final[tuple[Fault, ...]] = (*_troubles(), *_deafness(), *_too_eager())
