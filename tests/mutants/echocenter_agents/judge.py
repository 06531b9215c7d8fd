"""A second, independent reading of the document: what an agent breaks in so many words.

It says nothing about what is only implied, so it tells which faults deserve that mark. It knows
that the agents of this package repeat what they were told, and holds them to it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.mutants.echocenter_agents.model import LEVELS, Cue
from tests.mutants.echocenter_agents.stage import Line, Seen, Stage

__all__ = ["complaints"]

_CLOSES: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012})
# After these the agent may be gone, or owes no answers.
_NO_ANSWERS: Final = frozenset({Cue.BAD_FRAMES, Cue.CLOSE, Cue.OUTAGE, Cue.REFUSAL, Cue.BAD_ACCEPT})


def complaints(
    stage: Stage, token: str, cue: Cue, *, alive: bool, result: object, said: Sequence[str]
) -> Iterator[str]:
    """Every plain breach in what ``stage`` has seen."""
    if not stage.heads:
        yield "it never came"
    if any(token in text for text in said):
        yield "it prints its token"
    for post in stage.posts:
        yield from _registration(post)
    for head in stage.heads:
        yield from _head(head, token)
    for line in stage.lines:
        yield from _wire(line.frames)
        yield from _exchange(line)
        if cue not in _NO_ANSWERS:
            yield from _answers(line, cue)
    if not alive and (isinstance(result, Exception) or result == 0 or not said):
        yield f"it has left: {result!r}"
    if alive and cue is Cue.RESTART and len(stage.lines) < 2:
        yield "it neither comes back nor says why"


def _head(head: list[str], token: str) -> Iterator[str]:
    method, resource, version = [*head[0].split(" "), "", ""][:3]
    parts = urlsplit("http://x" + resource)
    tokens = [value for name, value in parse_qsl(parts.query) if name == "token"]
    if method != "GET" or version != "HTTP/1.1" or parts.path.rstrip("/") != "/api/ws":
        yield f"request line: {head[0]}"
    if token not in tokens:
        yield f"token: {parts.query!r}"
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:]}
    for name, value in (
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-version", "13"),
    ):
        if value not in headers.get(name, "").lower():
            yield f"{name}: {headers.get(name)!r}"
    if len(headers.get("sec-websocket-key", "")) != 24 or not headers.get("host"):
        yield "key or host"


def _registration(body: bytes) -> Iterator[str]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    name = said.get("username") if isinstance(said, dict) else None
    if not isinstance(name, str) or not name:
        yield f"a registration with {body!r}"


def _wire(frames: Sequence[Seen]) -> Iterator[str]:
    within = over = False
    for frame in frames:
        if over and frame.opcode not in {9, 10}:
            yield "a frame after the close frame"
        if not frame.masked or frame.rsv or frame.opcode not in {0, 1, 2, 8, 9, 10}:
            yield f"illegal frame: {frame}"
        if not frame.minimal:
            yield "a length that is not minimal"
        if frame.opcode >= 8:
            yield from _control(frame)
            over = over or frame.opcode == 8
            continue
        if within == (frame.opcode != 0):
            yield "fragments out of order"
        within = not frame.fin
    if within:
        yield "a message without an end"


def _control(frame: Seen) -> Iterator[str]:
    if not frame.fin or len(frame.payload) > 125:
        yield "an illegal control frame"
    if frame.opcode != 8 or not frame.payload:
        return
    code = int.from_bytes(frame.payload[:2], "big")
    if len(frame.payload) == 1 or not (code in _CLOSES or 3000 <= code < 5000):
        yield f"close payload {frame.payload!r}"
    elif frame.payload[2:].decode(errors="replace").count("\ufffd"):
        yield "a close reason that is no UTF-8"


def _exchange(line: Line) -> Iterator[str]:
    for message in line.messages():
        if not isinstance(message, dict):
            yield f"no JSON object: {str(message)[:60]}"
        elif not isinstance(message.get("type"), str):
            yield "a message without a type"
        elif message["type"] == "SYSTEM_LOG":
            yield from _log(message.get("payload"))
        elif message["type"] == "CHAT":
            yield from _chat(line, message)
    yield from _streams(line)
    pongs = [frame.payload for frame in line.frames if frame.opcode == 10]
    if not line.closed and [ping for ping in line.pings if ping not in pongs]:
        yield "a ping without its pong"
    if line.closed and not any(frame.opcode == 8 for frame in line.frames):
        yield "a close without an answer"


def _log(payload: Any) -> Iterator[str]:
    if not isinstance(payload, dict):
        yield "a log whose payload is no object"
    elif payload.get("level") not in LEVELS or not isinstance(payload.get("content"), str):
        yield f"a log with {payload}"


def _chat(line: Line, message: dict[str, Any]) -> Iterator[str]:
    if not isinstance(message.get("payload"), str):
        yield f"payload {message.get('payload')!r}"
    target = message.get("target_id")
    if not isinstance(target, int | str) or (line.asked and not _is_known(line, target)):
        yield f"target {target!r}"


def _is_known(line: Line, target: Any) -> bool:
    return target in [sender for sender, _ in line.asked] or target == 7


def _streams(line: Line) -> Iterator[str]:
    """Chunks, one final CHAT of the same id, then the END."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for message in line.messages():
        own = str(message.get("type")) if isinstance(message, dict) else ""
        if own.upper().startswith("CHAT") and (own != "CHAT" or "stream_id" in message):
            parts.setdefault(str(message.get("stream_id")), []).append(message)
    for stream in parts.values():
        types = [str(message.get("type")) for message in stream]
        middle = types[:-2]
        if types[-2:] != ["CHAT", "CHAT_STREAM_END"] or set(middle) != {"CHAT_STREAM"}:
            yield f"a stream of {types}"
        elif len({str(message.get("target_id")) for message in stream}) > 1:
            yield "a stream with several targets"
        else:
            yield from _text(*[str(message.get("payload")) for message in stream[:-1]])


def _text(*pieces: str) -> Iterator[str]:
    """The final CHAT is the whole, the rest, or the last piece again."""
    *chunks, last = pieces
    joined = "".join(chunks)
    if last not in {joined, chunks[-1]} and not (joined + last).startswith(
        ("You said: ", "There was no")
    ):
        yield f"chunks that make {joined!r}, and then {last!r}"


def _answers(line: Line, cue: Cue) -> Iterator[str]:
    """Each instruction brings a CHAT to its sender; the odd words of a few styles are known."""
    asked = Counter(str(sender) for sender, _ in line.asked)
    heard = Counter(str(message.get("target_id")) for message in line.chats())
    if cue is Cue.SHAPES:
        asked["7"] += 4
    if cue is Cue.DIRECTIVE:
        asked["7"] += 1
    for sender, count in asked.items():
        if heard[sender] < count:
            yield f"{sender} asked {count} times and heard {heard[sender]}"
    for target, text in line.asked:
        own = [str(m.get("payload")) for m in line.chats() if m.get("target_id") == target]
        echoing = [words for words in own if words.startswith("You said: ")]
        if echoing and text and not any(words[10:].startswith(text) for words in echoing):
            yield f"{target} never heard about {text[:30]!r}"
