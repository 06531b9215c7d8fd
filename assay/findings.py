"""What a test is told whose client does not keep its protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["found", "nothing_judged"]

_View = Mapping[str, Any]

_OF_NO_REQUIREMENT = ("json", "websocket")
"""Keywords of what no requirement about a message's fields can own."""


def nothing_judged(url: str, exchanges: Sequence[_View], frames: Sequence[_View]) -> str:
    """Why nothing can be said of the client, or nothing: a request that the protocol knows, a
    WebSocket that was opened, or a message on one is something.
    """
    if any(map(_counts, exchanges)) or any(map(_is_message, frames)):
        return ""
    if not exchanges:
        return f"nothing to judge: no request has come to {url}"
    first, answer = exchanges[0]["request"], exchanges[0]["response"]
    return (
        f"nothing to judge: none of {len(exchanges)} requests was for an endpoint of the protocol "
        f"or opened a WebSocket; the first: {first['method']} {first['path']}, "
        f"answered {answer['status']}: {_short(answer['body'])}\n"
        f"    hint: the client's base URL is {url}"
    )


def found(
    verdicts: Mapping[str, _View],
    exchanges: Sequence[_View],
    frames: Sequence[_View],
    *,
    strict: bool,
) -> list[str]:
    """A paragraph for each requirement that is broken, and for each message beside all of them."""
    bad = ("fail", "warn") if strict else ("fail",)
    broken = {id_: row for id_, row in verdicts.items() if row["verdict"] in bad}
    entries = {entry["number"]: entry for entry in (*exchanges, *frames)}
    told = [_broken_requirement(id_, row, entries) for id_, row in broken.items()]
    known = {text for row in broken.values() for text in row["violations"]}
    beside = (_beside_the_point(entries[number], known) for number in sorted(entries))
    return [*told, *filter(None, beside)]


def _counts(exchange: _View) -> bool:
    """A handshake that was turned away shows nothing of what the client would have said, unless it
    was a fault that turned it away.
    """
    headers = {
        name.lower(): value.lower() for name, value in exchange["request"]["headers"].items()
    }
    if headers.get("upgrade") == "websocket" and not exchange["violations"]:
        return exchange["response"]["status"] == 101 or bool(exchange["faults"])
    return bool(exchange["operation"])


def _is_message(frame: _View) -> bool:
    return frame["sender"] == "agent" and frame["kind"] in ("text", "binary")


def _broken_requirement(id_: str, row: _View, entries: Mapping[int, _View]) -> str:
    lines = [f"  {id_} ({row['verdict']})", f"    {row['text']}"]
    lines += [f"    - {violation}" for violation in row["violations"]]
    first = entries.get(row["frame"] if "frame" in row else row.get("exchange", 0))
    return "\n".join([*lines, *(_shown(first) if first else [])])


def _beside_the_point(entry: _View, known: set[str]) -> str:
    """What is no JSON or no handshake, or whose path holds what it must not, as far as not told."""
    wrong = [
        f"{violation['pointer'] or '(whole body)'}: {violation['message']}"
        for violation in entry["violations"]
        if violation["keyword"] in _OF_NO_REQUIREMENT or violation["pointer"].startswith("/path/")
    ]
    if not set(wrong) - known:
        return ""
    head = f"  {entry['operation']} was called" if "operation" in entry else "  a message was said"
    return "\n".join([f"{head} unlawfully", *(f"    - {text}" for text in wrong), *_shown(entry)])


def _shown(entry: _View) -> list[str]:
    if "request" not in entry:
        who = f"on connection {entry['connection']} of {entry['principal'] or '?'}"
        kind = "" if entry["kind"] == "text" else f" ({entry['kind']})"
        what = entry["message"] or "a message that the protocol does not know"
        said = _short(entry["body"])
        return [f"    in frame {entry['number']}, {who}: {what}{kind}", f"      {said}"]
    request, response = entry["request"], entry["response"]
    query = f"?{request['query']}" if request["query"] else ""
    return [
        f"    in request {entry['number']}: {request['method']} {request['path']}{query}",
        f"      {_short(request['body'])}",
        f"    answered {response['status']}: {_short(response['body'])}",
    ]


def _short(body: object, most: int = 600) -> str:
    text = "(no body)" if body is None else json.dumps(body, ensure_ascii=False)
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
