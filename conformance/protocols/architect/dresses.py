"""One and the same reply, as any lawful coordinator might write it and send it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from conformance.protocols.architect.desk import Desk, Reply
from conformance.protocols.architect.oddities import PINGS

__all__ = ["dressed", "fragments", "huge_replies", "large_replies", "small_replies"]

_NOTE = "caf\u00e9 \u4e2d\u6587 \U0001f916 " * 6

_UNHEARD_OF = {"x_unheard_of": {"since": ["a later", None, 1.5e3, {"version": True}]}}

_SIZES = (16_000, 126, 4_000, 127, 1_500, 125)
"""Bytes that every reader takes, also where RFC 6455 begins to write lengths in another way."""

_HUGE = (65_536, 70_000, 65_535)
"""Bytes about where RFC 6455 writes lengths in a third way. No document says that a script must
take so much.
"""


def _turned(said: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(reversed([*said.items()]))


def _escaped(said: Mapping[str, Any]) -> str:
    text = json.dumps(said)
    return text.replace('"idempotence"', '"\\u0069dempotence"').replace("/", "\\/")


_WRITERS: Sequence[Callable[[Mapping[str, Any]], str]] = (
    lambda said: f"\r\n\t {json.dumps(_turned(said), indent=3)} \n",
    lambda said: json.dumps(said, separators=(",", ":"), ensure_ascii=False),
    _escaped,
)


async def dressed(desk: Desk) -> None:
    """White space, escapes and keys in any order; and fields that no document knows."""
    numbers = count()

    async def turn(desk: Desk, reply: Reply) -> None:
        number = next(numbers)
        kind, said = "dress", reply.said
        if number % 2:
            kind, said = "extra", {**_UNHEARD_OF, **reply.said, "": None}
        text = _WRITERS[number % len(_WRITERS)](said)
        desk.strike(kind, text, at=reply.connection)

    await desk.arrive()
    await desk.serve(turn)


async def fragments(desk: Desk) -> None:
    """Replies in a few frames or in many, cut inside of characters, with a ping in between."""
    numbers = count()

    async def turn(desk: Desk, reply: Reply) -> None:
        number = next(numbers)
        text = json.dumps({**reply.said, "x_note": _NOTE}, ensure_ascii=False)
        pieces = (3, 40, 7, 300)[number % 4]
        desk.give(reply, text=text, fragments=pieces, pinged=number % 2 == 1)
        desk.befall("fragments")

    await desk.arrive()
    await desk.serve(turn)


async def large_replies(desk: Desk) -> None:
    """Replies of many lengths, and a ping before each of them."""
    await _padded(desk, "large", _SIZES)


async def huge_replies(desk: Desk) -> None:
    """Replies so long that a script may find them too big."""
    await _padded(desk, "huge", _HUGE)


async def _padded(desk: Desk, kind: str, sizes: Sequence[int]) -> None:
    numbers = count()

    async def turn(desk: Desk, reply: Reply) -> None:
        number = next(numbers)
        desk.tell(reply.connection, PINGS[number % len(PINGS)], "ping")
        await asyncio.sleep(0.01)
        bare = len(json.dumps({**reply.said, "x_pad": ""}))
        pad = "p" * (sizes[number % len(sizes)] - bare)
        desk.give(reply, text=json.dumps({**reply.said, "x_pad": pad}) if pad else "")
        desk.befall(kind)

    await desk.arrive()
    await desk.serve(turn)


async def small_replies(desk: Desk) -> None:
    """Replies of no more than 125 bytes, unless the token alone is longer: one length that every
    reader knows.
    """

    async def turn(desk: Desk, reply: Reply) -> None:
        parameters: Mapping[str, Any] = (
            {} if reply.catalogue is None else {"actions": {"servers": {}}}
        )
        token = {name: reply.said[name] for name in ("idempotence",) if name in reply.said}
        desk.give(reply, text=json.dumps({**token, "parameters": parameters}))

    await desk.arrive()
    await desk.serve(turn)
