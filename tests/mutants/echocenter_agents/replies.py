"""Lawful ways to answer an instruction. Pure: each yields steps, time is somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Final
from uuid import UUID

from tests.mutants.echocenter_agents.model import Answer, Chat, Json, Memory, Pause, Say, Step
from tests.mutants.echocenter_agents.words import chat, chunk, end, final, log

__all__ = [
    "Minter",
    "constant",
    "counted",
    "directive",
    "echo",
    "empty",
    "long",
    "named",
    "pieces",
    "said",
    "streamed",
    "uuid",
]

DIRECTIVE: Final = "[DIRECTIVE] "
LONG: Final = 100 * 1024

Minter = Callable[[Memory], Json]


def said(to: Chat) -> str:
    """What most agents here answer: it repeats the instruction, so that answers can be told."""
    if not isinstance(to.payload, str):
        return "There was no text in your message."
    return f"You said: {to.payload}"


def echo(to: Chat, _memory: Memory) -> Iterable[Step]:
    """Repeat what was said."""
    yield chat(to, said(to))


def constant(text: str) -> Answer:
    """Always the same answer."""

    def answer(to: Chat, _memory: Memory) -> Iterable[Step]:
        yield chat(to, text)

    return answer


def empty(to: Chat, _memory: Memory) -> Iterable[Step]:
    """An answer of no characters: still a text."""
    yield chat(to, "")


def long(to: Chat, _memory: Memory) -> Iterable[Step]:
    """A hundred KiB."""
    yield chat(to, (said(to) + " - \u00e9\u4e2d\U0001f916 and so on. ").ljust(LONG, "=")[:LONG])


def directive(to: Chat, _memory: Memory) -> Iterable[Step]:
    """Do as a Butler says; the first CHAT that follows is the result."""
    order = to.text.removeprefix(DIRECTIVE)
    if order != to.text:
        yield log("INFO", f"executing: {order[:80]}", to)
        yield Pause(0.05)
        yield chat(to, f"Done: {order}")
        yield log("SUCCESS", "executed", to)
    else:
        yield chat(to, said(to))


def uuid(memory: Memory) -> Json:
    """A stream id nobody else has."""
    memory.streams += 1
    return str(UUID(int=memory.rng.getrandbits(128), version=4))


def counted(memory: Memory) -> Json:
    """1, 2, 3, as numbers."""
    memory.streams += 1
    return memory.streams


def named(memory: Memory) -> Json:
    """A readable stream id."""
    memory.streams += 1
    return f"{memory.name}/{memory.streams}"


def pieces(text: str, count: int) -> list[str]:
    """``text`` in ``count`` pieces, none of them empty where it is long enough."""
    count = max(1, min(count, len(text)))
    cuts = [len(text) * n // count for n in range(count + 1)]
    return [text[start:stop] for start, stop in pairwise(cuts)]


def streamed(
    mint: Minter,
    *,
    count: int,
    last: str = "whole",
    ending: Mapping[str, Json] | None = None,
    gap: float = 0.0,
) -> Answer:
    """A stream of ``count`` chunks.

    ``last`` is what the final CHAT holds: the ``whole`` text, the ``rest`` that no chunk has
    had, or the last chunk ``again``. ``ending`` is the END's payload, absent by default.
    """

    def answer(to: Chat, memory: Memory) -> Iterable[Step]:
        stream = mint(memory)
        parts = pieces(said(to), count + 1 if last == "rest" else count)
        rest = {"whole": said(to), "rest": parts[-1], "again": parts[-1]}[last]
        for part in parts[:-1] if last == "rest" else parts:
            yield chunk(to, stream, part)
            if gap:
                yield Pause(gap)
        yield final(to, stream, rest)
        yield _end(to, stream, ending)

    return answer


def _end(to: Chat, stream: Json, ending: Mapping[str, Json] | None) -> Say:
    if ending == {"payload": "{whole}"}:
        return end(to, stream, {"payload": said(to)})
    return end(to, stream, ending or {})
