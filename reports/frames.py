"""What was said on WebSocket connections, made ready to be shown as one conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reports.body import Body, pretty, size
from reports.text import plural

__all__ = [
    "TINTS",
    "Connection",
    "Conversation",
    "Frame",
    "conversation",
    "conversation_size",
    "conversation_text",
    "judged_frame",
]

TINTS = 6
"""Colours that tell connections apart; with more connections they come again."""

_BODIES = 5  # a conversation may take as much room as so many bodies
_FRAME = 200  # characters that a frame takes beside its body, as even an empty one is shown
_KINDS = {"lost": "lost, without a close frame", "raw": "raw bytes, no legal frame"}

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection by the name of whose it is; `tint` is below `TINTS`."""

    name: str
    tint: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One thing said. `number` counts from 1 through all connections, what is left out included.

    `speaker` is the judged role, or assay; `kind` is in words; `when` is since the connection was
    opened.
    """

    number: int
    connection: Connection
    sender: Literal["peer", "assay"]
    speaker: str
    kind: str
    when: str
    body: Body

    def __str__(self) -> str:
        return f"{self.speaker} on {self.connection.name}, {self.kind}, after {self.when}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Frames in order; `earlier` and `later` say what is left out around them, if anything is.

    `judged` is the frame that pointers point into, `connections` are those of the frames here.
    """

    frames: tuple[Frame, ...] = ()
    connections: tuple[Connection, ...] = ()
    judged: Frame | None = None
    earlier: str = ""
    later: str = ""


def conversation(
    raw: Sequence[Raw], pointers: Sequence[str], role: str, limit: int
) -> Conversation:
    """The frames nearest to the judged one, else the last ones, as many as there is room for."""
    judged = judged_frame(raw) if pointers else None
    shown = _window(raw, len(raw) - 1 if judged is None else judged, limit)
    names = dict.fromkeys(raw[index]["connection"] for index in shown)
    connections = {
        name: Connection(name=name, tint=number % TINTS) for number, name in enumerate(names)
    }
    frames = {
        index: Frame(
            number=index + 1,
            connection=connections[raw[index]["connection"]],
            sender=raw[index]["sender"],
            speaker=role if raw[index]["sender"] == "peer" else "assay",
            kind=_KINDS.get(raw[index]["kind"]) or raw[index]["kind"],
            when=f"{raw[index]['seconds']:.3f} s",
            body=_body(raw[index]["body"], pointers if index == judged else [], limit),
        )
        for index in shown
    }
    return Conversation(
        frames=tuple(frames.values()),
        connections=tuple(connections.values()),
        judged=None if judged is None else frames[judged],
        earlier=_left_out(shown.start, "earlier"),
        later=_left_out(len(raw) - shown.stop, "later"),
    )


def judged_frame(raw: Sequence[Raw]) -> int | None:
    """The index of the frame that pointers point into: the peer's last one of kind text."""
    for index in reversed(range(len(raw))):
        if raw[index]["sender"] == "peer" and raw[index]["kind"] == "text":
            return index
    return None


def conversation_size(sizes: Iterable[int], limit: int) -> int:
    """How many characters a conversation takes, if its bodies have these sizes."""
    return min(sum(_cost(each, limit) for each in sizes), _BODIES * limit)


def conversation_text(talk: Conversation) -> Iterator[str]:
    """The lines of a conversation as plain text."""
    if talk.earlier:
        yield from ("", f"--- {talk.earlier}")
    for frame in talk.frames:
        yield from ("", f"--- frame {frame.number}: {frame}")
        if frame.body.lines:
            yield str(frame.body)
    if talk.later:
        yield from ("", f"--- {talk.later}")


def _window(raw: Sequence[Raw], centre: int, limit: int) -> range:
    """The indices around `centre` that have room, nearest first."""
    room = _BODIES * limit
    start = stop = max(centre, 0)
    for index in sorted(range(len(raw)), key=lambda index: abs(index - centre)):
        room -= _cost(size(raw[index]["body"]), limit)
        if room < 0:
            break
        start, stop = min(start, index), max(stop, index + 1)
    return range(start, stop)


def _cost(body: int, limit: int) -> int:
    return min(body, limit) + _FRAME


def _body(body: Any, pointers: Sequence[str], limit: int) -> Body:
    if body == "" and "" not in pointers:
        return Body()
    # Nothing was said is "" here: null is what a message says.
    return pretty("null" if body is None else body, pointers, limit)


def _left_out(count: int, which: str) -> str:
    return f"left out here: {plural(count, f'{which} frame')}, see results.json" if count else ""
