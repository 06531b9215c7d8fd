"""Faults in the fields of a plain reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tests.mutants.echocenter_agents.edits import (
    as_text,
    drop,
    late,
    on,
    put,
    put_from,
    rename,
    whole,
)
from tests.mutants.echocenter_agents.model import Cue, Edit, Fault, Json, Kind, Memory, Say

__all__ = ["CHAT_FAULTS", "sender"]

_CHAT: Final = (Kind.CHAT,)
_bad = partial(Fault, section="3.C Replying to Instructions")


def sender(say: Say, _memory: Memory) -> Json:
    """Whose instruction a message answers."""
    return say.chat.sender_id if say.chat else None


def _from_frame(name: str) -> Callable[[Say, Memory], Json]:
    return lambda say, _memory: say.chat.frame.get(name) if say.chat else None


def _previous(say: Say, memory: Memory) -> Json:
    n = say.chat.n if say.chat else 0
    return memory.chats[max(0, n - 1)].sender_id


def _first(_say: Say, memory: Memory) -> Json:
    return memory.chats[0].sender_id


def _next(say: Say, memory: Memory) -> Json:
    own = sender(say, memory)
    return own + 1 if isinstance(own, int) else own


def _rounded(say: Say, memory: Memory) -> Json:
    own = sender(say, memory)
    return int(float(f"{own:.15g}")) if isinstance(own, int) else own


def _short(say: Say, memory: Memory) -> Json:
    own = sender(say, memory)
    return own & 0x7FFFFFFF if isinstance(own, int) else own


def _targets() -> Iterator[Fault]:
    for word, summary, edit, implied in (
        ("missing", "a reply names no target", drop("target_id"), False),
        ("null", "a reply's target is null", put("target_id", None), False),
        ("zero", "a reply's target is 0, which means everybody", put("target_id", 0), False),
        ("one", "every reply goes to 1, as in the example", put("target_id", 1), False),
        ("broadcast", "a reply's target is '*'", put("target_id", "*"), False),
        ("previous", "goes to whoever sent the instruction before", _target(_previous), False),
        ("first", "goes to whoever sent the very first instruction", _target(_first), False),
        ("plus_one", "goes to the sender's id plus one", _target(_next), False),
        ("name", "the target is the sender's name", _target(_from_frame("sender_name")), False),
        ("itself", "the target is the agent's own id", _target(_from_frame("target_id")), False),
        ("message_id", "the target is the instruction's id", _target(_from_frame("id")), False),
        ("string", "the target is the id as a text", _target(_as_string), False),
        ("list", "the target is a list of one id", _target(lambda s, m: [sender(s, m)]), False),
        ("object", "the target is an object", _target(lambda s, m: {"id": sender(s, m)}), False),
        ("sender_id", "target_id is called sender_id", rename("target_id", "sender_id"), False),
        ("camel_case", "target_id is called targetId", rename("target_id", "targetId"), False),
        ("short_name", "target_id is called target", rename("target_id", "target"), False),
        (
            "recipient",
            "target_id is called recipient_id",
            rename("target_id", "recipient_id"),
            False,
        ),
        ("capitals", "target_id is called TARGET_ID", rename("target_id", "TARGET_ID"), False),
        ("in_payload", "the target is inside the payload", whole(_target_inside), False),
        ("rounded", "ids of more than 15 digits lose the last", _target(_rounded), True),
        ("short", "ids are cut to 31 bits", _target(_short), True),
    ):
        cue = {"previous": Cue.SENDERS, "first": Cue.SENDERS, "rounded": Cue.SHAPES}.get(word)
        cue = Cue.SHAPES if word in {"short", "itself", "message_id"} else cue
        name = f"chat.target.{word}"
        yield _bad(
            name=name,
            summary=summary,
            edit=on(_CHAT, edit),
            implied=implied,
            cue=cue or Cue.CHAT,
        )


def _target(make: Callable[[Say, Memory], Json]) -> Edit:
    return put_from("target_id", make)


def _as_string(say: Say, memory: Memory) -> Json:
    return str(sender(say, memory))


def _target_inside(message: object, say: Say, memory: Memory) -> Json:
    members = message if isinstance(message, dict) else {}
    payload = {"target_id": sender(say, memory), "content": members.get("payload")}
    return {"type": "CHAT", "payload": payload}


def _payload(make: Callable[[Json], Json]) -> Edit:
    def made(say: Say, _memory: Memory) -> Json:
        return make(say.message.get("payload") if isinstance(say.message, dict) else None)

    return put_from("payload", made)


def _payloads() -> Iterator[Fault]:
    for word, summary, edit in (
        ("missing", "a reply has no payload", drop("payload")),
        ("null", "a reply's payload is null", put("payload", None)),
        ("number", "a reply's payload is a number", put("payload", 200)),
        ("boolean", "a reply's payload is true", put("payload", True)),
        ("list", "a reply's payload is a list", _payload(lambda text: [text])),
        ("object", "a reply's payload has level and content like a log", _payload(_as_log)),
        ("content", "a reply's payload is an object with a content", _payload(_as_content)),
        ("flat", "the text is called content, beside the type", rename("payload", "content")),
        ("message", "the text is called message", rename("payload", "message")),
        ("capital", "the text is called Payload", rename("payload", "Payload")),
    ):
        yield _bad(name=f"chat.payload.{word}", summary=summary, edit=on(_CHAT, edit))


def _as_log(text: Json) -> Json:
    return {"level": "INFO", "content": text}


def _as_content(text: Json) -> Json:
    return {"content": text}


def _types() -> Iterator[Fault]:
    for word, summary, edit in (
        ("lower_case", "replies are of type chat", put("type", "chat")),
        ("title_case", "replies are of type Chat", put("type", "Chat")),
        ("reply", "replies are of type REPLY", put("type", "REPLY")),
        ("message", "replies are of type CHAT_MESSAGE", put("type", "CHAT_MESSAGE")),
        ("log", "replies are of type SYSTEM_LOG", put("type", "SYSTEM_LOG")),
        ("response", "replies are of type CHAT_RESPONSE", put("type", "CHAT_RESPONSE")),
        ("missing", "replies have no type", drop("type")),
        ("null", "the type of replies is null", put("type", None)),
        ("key_capital", "replies have a Type in place of a type", rename("type", "Type")),
        ("nested", "a reply is inside an envelope", whole(lambda m, _s, _m: {"message": dict(m)})),
    ):
        yield _bad(name=f"chat.type.{word}", summary=summary, edit=on(_CHAT, edit))
    yield _bad(
        name="chat.type.as_log",
        summary="answers by a log only, never by a CHAT",
        edit=on(_CHAT, whole(_as_log_message)),
    )


def _as_log_message(message: object, _say: Say, _memory: Memory) -> Json:
    members = message if isinstance(message, dict) else {}
    return {"type": "SYSTEM_LOG", "payload": _as_log(members.get("payload"))}


def _forgeries() -> Iterator[Fault]:
    for word, summary, edit, cue in (
        ("sender", "a reply claims to come from the one it answers", _forged(sender), Cue.CHAT),
        ("other", "a reply claims to come from the sender before", _forged(_previous), Cue.SENDERS),
        ("one", "a reply claims to come from user 1", put("sender_id", 1), Cue.CHAT),
    ):
        name = f"chat.sender_id.{word}"
        yield _bad(name=name, summary=summary, edit=on(_CHAT, edit), implied=True, cue=cue)
    for word, summary, edit in (
        ("sender", "a reply bears the asker's name", _named(_from_frame("sender_name"))),
        ("admin", "a reply bears the name of the admin", put("sender_name", "admin")),
    ):
        name = f"chat.sender_name.{word}"
        yield _bad(name=name, summary=summary, edit=on(_CHAT, edit), implied=True)


def _forged(make: Callable[[Say, Memory], Json]) -> Edit:
    return put_from("sender_id", make)


def _named(make: Callable[[Say, Memory], Json]) -> Edit:
    return put_from("sender_name", make)


def _spliced(say: Say, _memory: Memory) -> Iterator[Say]:
    """As a program that writes JSON by pasting texts together."""
    text = say.chat.text if say.chat else ""
    target = json.dumps(say.chat.sender_id) if say.chat else "0"
    raw = f'{{"type": "CHAT", "target_id": {target}, "payload": "You said: {text}"}}'
    yield replace(say, raw=raw)


def _texts() -> Iterator[Fault]:
    yield _bad(
        name="chat.json.spliced",
        summary="the text is pasted into the JSON unescaped: quotes and line ends break it",
        edit=on(_CHAT, _spliced),
        cue=Cue.PAYLOADS,
    )
    for word, summary, edit in (
        ("quotes", "replies are written with single quotes", as_text(repr)),
        ("cut", "a reply lacks its last brace", as_text(lambda m: json.dumps(m)[:-1])),
        ("in_list", "a reply is inside a list", as_text(lambda m: json.dumps([m]))),
        ("plain_text", "a reply is only its text", as_text(lambda m: m["payload"])),
    ):
        yield _bad(name=f"chat.json.{word}", summary=summary, edit=on(_CHAT, edit))
    for word, summary, edit in (
        ("target_null", "from the eleventh on, replies go to null", put("target_id", None)),
        ("payload_null", "from the eleventh on, replies have no text", put("payload", None)),
        ("target_one", "from the eleventh on, replies go to 1", put("target_id", 1)),
        ("cut", "from the eleventh on, JSON is cut", as_text(lambda m: json.dumps(m)[:-1])),
    ):
        later = on(_CHAT, late(edit, 10))
        yield _bad(name=f"chat.eleventh.{word}", summary=summary, edit=later, cue=Cue.MANY)
    for word, summary, edit in (
        ("target_missing", "from the second on, replies have no target", drop("target_id")),
        ("payload_list", "from the second on, payloads are lists", put("payload", ["again"])),
        ("type_reply", "from the second on, replies are of type REPLY", put("type", "REPLY")),
    ):
        later = on(_CHAT, late(edit, 1))
        yield _bad(name=f"chat.second.{word}", summary=summary, edit=later, cue=Cue.SENDERS)


CHAT_FAULTS: Final[tuple[Fault, ...]] = (
    *_targets(),
    *_payloads(),
    *_types(),
    *_forgeries(),
    *_texts(),
)
