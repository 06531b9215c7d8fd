"""What befalls a script of the Architect Agent, from its first word to the end of a situation."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

from conformance.protocols.architect.desk import Desk, Reply, plainly
from conformance.protocols.architect.oddities import BINARIES, NON_MAPS
from conformance.protocols.architect.playbook import Playbook
from conformance.protocols.architect.scripts import messages
from conformance.stage import Stage

__all__ = [
    "Scene",
    "calm",
    "catalogue_of",
    "duplicates",
    "errors",
    "late_replies",
    "normal_life",
    "reordered",
    "strange_frames",
    "strange_tokens",
    "with_company",
]

Scene = Callable[[Desk], Awaitable[None]]
"""A play from a desk."""

_PAUSE = 0.04
"""Seconds between something odd and the reply behind it, in which a script may go wrong."""

_HELD = 0.25
"""Seconds for which replies are held: less than anybody waits."""

_A_WHILE = 0.6
"""Seconds that show whether a script repeats itself without a pause."""

_LIVELY, _LIVELY_FOR = 60, 2.5
"""Messages and seconds that tell enough of a script that goes on and on."""


async def normal_life(book: Playbook, name: str, stage: Stage) -> None:
    """The mock as it is, with its events and its errors; but nothing takes it long. How long the
    script thinks before a call tells how long it is waited for.
    """
    desk = Desk(stage, book, name)
    desk.hurry()
    await desk.arrive()
    began = time.monotonic()

    def seen_enough() -> bool:
        enough = time.monotonic() - began > _LIVELY_FOR
        return enough and len(messages(stage.frames)) >= _LIVELY

    if await stage.until(lambda: messages(stage.frames), stage.pace.first):
        stage.pace.answered(time.monotonic() - began)
    await stage.until(seen_enough)
    book.habits.learn(stage.frames, began)
    stage.pace.answered(book.habits.pause)
    book.patience = stage.patience


def with_company(kind: str, company: Callable[[int], str], greetings: int = 2) -> Scene:
    """A play in which something odd comes before the first call, and before every reply."""

    async def play(desk: Desk) -> None:
        numbers = count()
        await desk.arrive()
        for _ in range(greetings):
            desk.strike(kind, company(next(numbers)))

        async def turn(desk: Desk, reply: Reply) -> None:
            desk.strike(kind, company(next(numbers)))
            await asyncio.sleep(_PAUSE)
            desk.give(reply)

        await desk.serve(turn)

    return play


async def reordered(desk: Desk) -> None:
    """Replies are held for a while, and then given the other way round."""
    await desk.arrive()
    end = time.monotonic() + desk.stage.patience
    rounds, given = 0, 0
    while time.monotonic() < end and not desk.quiet and rounds < 8 and given < 120:
        replies = desk.fresh()
        if replies:
            await asyncio.sleep(_HELD if rounds < 5 else _PAUSE)
            replies += desk.fresh()
            rounds, given = rounds + 1, given + len(replies)
            for reply in reversed(replies):
                desk.give(reply)
            if len(replies) > 1:
                desk.befall("reordered")
        await asyncio.sleep(0.01)
    await desk.settle()


async def duplicates(desk: Desk) -> None:
    """Each reply comes again: behind the next call, or a moment later where none follows."""
    before: dict[int, Reply] = {}

    def again(connection: int) -> None:
        reply = before.pop(connection, None)
        if reply is not None:
            desk.strike("twice", json.dumps(reply.said), at=connection)

    async def turn(desk: Desk, reply: Reply) -> None:
        again(reply.connection)
        await asyncio.sleep(_PAUSE)
        desk.give(reply)
        before[reply.connection] = reply
        said = desk.said
        await desk.stage.until(lambda: desk.said > said, 2 * _PAUSE)
        if desk.said == said:
            again(reply.connection)

    await desk.arrive()
    await desk.serve(turn)


def _strange(token: Any, number: int) -> Any:
    """A token that nobody sent; some are the beginning of the one that waits."""
    if isinstance(token, str) and number % 3 == 2 and len(token) > 8:
        return token[:-1]
    return (f"{number:08x}" + "5e" * 12, f"nobody-{number}")[number % 2]


async def strange_tokens(desk: Desk) -> None:
    """Replies to somebody else stand before those to the script."""
    numbers = count()
    await desk.arrive()
    desk.strike("strange", json.dumps({"idempotence": "nobody", "parameters": {}}))

    async def turn(desk: Desk, reply: Reply) -> None:
        token = _strange(reply.said.get("idempotence"), next(numbers))
        said = {"idempotence": token, "action": "assay_other", "parameters": {"x": [1]}}
        desk.strike("strange", json.dumps(said), at=reply.connection)
        await asyncio.sleep(_PAUSE)
        desk.give(reply)

    await desk.serve(turn)


async def strange_frames(desk: Desk) -> None:
    """JSON that is no map, and then binary frames, once the catalogue is told."""
    numbers = count()

    async def turn(desk: Desk, reply: Reply) -> None:
        number = next(numbers)
        if reply.catalogue is None and number < 2 * len(NON_MAPS) + 1:
            if number % 2:
                desk.strike("non-map", NON_MAPS[number // 2 % len(NON_MAPS)], at=reply.connection)
            else:
                desk.strike("binary", BINARIES[number // 2 % len(BINARIES)], "binary")
            await asyncio.sleep(_PAUSE)
        desk.give(reply)

    await desk.arrive()
    await desk.serve(turn)


async def errors(desk: Desk) -> None:
    """The first action that is called fails, and of the others each third, each time."""
    what = {"code": "failed", "message": "this cannot be done just now"}
    shapes: tuple[Mapping[str, Any], ...] = (
        {"error": what, "parameters": {}},
        {"status": "error", "error": what["message"], "parameters": what},
    )
    order: list[str] = []

    async def turn(desk: Desk, reply: Reply) -> None:
        action = str(reply.said.get("action"))
        if reply.catalogue is None and action not in order:
            order.append(action)
        number = order.index(action) if action in order else 1
        if number % 3:
            desk.give(reply)
        else:
            said = {**reply.said, **shapes[number // 3 % 2]}
            desk.strike("error", json.dumps(said), at=reply.connection)

    await desk.arrive()
    await desk.serve(turn)
    await desk.linger(_A_WHILE)


async def late_replies(desk: Desk) -> None:
    """A reply does not come until the script has given it up, or half the patience is over."""
    numbers = count()
    patient = False

    async def turn(desk: Desk, reply: Reply) -> None:
        nonlocal patient
        if next(numbers) % 3 != 2 or patient:
            desk.give(reply)
            return
        for other in desk.fresh():
            desk.give(other)
        desk.befall("unanswered")
        said = desk.said
        await desk.stage.until(lambda: desk.said > said, desk.stage.patience / 2)
        patient = desk.said == said
        late = "unanswered" if patient else "late"
        desk.strike(late, json.dumps(reply.said), at=reply.connection)
        await asyncio.sleep(_PAUSE)

    await desk.arrive()
    await desk.serve(turn)
    await desk.linger(_A_WHILE)


async def calm(desk: Desk) -> None:
    """Nothing happens: each call is replied to at once."""

    async def turn(desk: Desk, reply: Reply) -> None:
        await plainly(desk, reply)
        if reply.catalogue is not None:
            desk.befall("null")

    await desk.arrive()
    await desk.serve(turn)


def catalogue_of(kind: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Scene:
    """A play in which each entry of the catalogue is changed so."""

    async def turn(desk: Desk, reply: Reply) -> None:
        if reply.catalogue is None:
            desk.give(reply)
            return
        actions = {name: change(entry) for name, entry in reply.catalogue.items()}
        said = {**reply.said, "parameters": {"actions": actions}}
        desk.strike(kind, json.dumps(said), at=reply.connection)

    async def play(desk: Desk) -> None:
        await desk.arrive()
        await desk.serve(turn)

    return play
