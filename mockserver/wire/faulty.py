"""Answers over HTTP that a fault struck: late, in pieces, cut off, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from mockserver.faults.manner import Manner
from mockserver.passage import Outcome
from mockserver.wire.reset import reset

__all__ = ["send_faulty"]


async def send_faulty(
    raw: web.BaseRequest, outcome: Outcome, body: bytes, gone: Callable[[], Awaitable[None]]
) -> web.StreamResponse:
    """Answer in the manner of an outcome. `gone` waits until the client is."""
    manner = outcome.manner
    if manner.delay:
        await asyncio.sleep(manner.delay)
    if manner.end == "half_open":
        await gone()
    if manner.end:
        _end(raw, manner)
        return web.Response()  # it leads nowhere: the connection is gone
    if not (body and (manner.dribble or manner.promised)):
        return web.Response(status=outcome.status, headers=outcome.headers, body=body)
    return await _in_pieces(raw, outcome, body)


def _end(raw: web.BaseRequest, manner: Manner) -> None:
    if raw.transport is None:
        return
    if manner.end == "reset":
        reset(raw.transport)
    else:
        raw.transport.close()


async def _in_pieces(raw: web.BaseRequest, outcome: Outcome, body: bytes) -> web.StreamResponse:
    manner = outcome.manner
    answer = web.StreamResponse(status=outcome.status, headers=outcome.headers)
    answer.content_length = manner.promised or len(body)
    size = manner.dribble.size if manner.dribble else len(body)
    await answer.prepare(raw)
    for start in range(0, len(body), size):
        if start and manner.dribble:
            await asyncio.sleep(manner.dribble.pause)
        await answer.write(body[start : start + size])
    if manner.promised and raw.transport is not None:
        raw.transport.close()
    return answer
