"""How messages are answered that a client sends: late and crosswise, by strangers, or never."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from conformance.protocols.caxton.keeper import Keeper, Serve
from conformance.protocols.caxton.seeds import crowd, hosted
from mockserver.coordinator import Answer, Call, Later
from mockserver.transcript import HttpExchange

__all__ = ["crosswise_replies", "no_replies"]

_PATIENT = 1.2
"""Seconds for which a single message waits for another that its answer may cross."""

_WAIT = "MessageService.SendMessageAndWait"
_SENDS = ("sendMessage", "MessageService.SendMessage")

_NEVER = 3600

_EVER = 70.0
"""Seconds from which on to wait is to wait for ever: the document's own example waits for 30, and
many a client for 60.
"""

_GOES_ON = 3
"""Requests by which a client shows that it goes on."""

_THOROUGH = 4.0
"""Seconds of patience from which on there is time for that; who goes on needs none of it."""


def _hush(keeper: Keeper, *, silent: bool = True) -> None:
    for agent in hosted(keeper):
        agent.silent = silent


async def crosswise_replies(keeper: Keeper) -> None:
    """Of two messages the later one is answered first; some answers belong to no message."""
    crowd(keeper, 2)
    waiting: list[tuple[float, dict[str, Any]]] = []

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        _hush(keeper, silent=call.operation != _WAIT)
        said = serve(call)
        if call.operation in _SENDS and isinstance(said, Answer) and said.status < 300:
            message = call.body if call.operation == "sendMessage" else call.body["message"]
            waiting.append((time.monotonic(), message))
        return said

    keeper.edits.append(edit)
    keeper.befall("crosswise")
    await keeper.arrive()
    end = time.monotonic() + keeper.stage.patience + 1
    while time.monotonic() < end and keeper.stage.running:
        ready = len(waiting) > 1 or (waiting and time.monotonic() - waiting[0][0] > _PATIENT)
        if ready:
            _stray(keeper, waiting[0][1])
            for _, message in reversed(waiting):
                _reply(keeper, message)
            waiting.clear()
        await keeper.live(0.1)
    await keeper.lively()


def _reply(keeper: Keeper, asked: dict[str, Any]) -> None:
    own = f"back-{len(keeper.coordinator.realm.post.messages.of(''))}"
    _write(
        keeper,
        performative="inform",
        sender=asked["receiver"],
        receiver=asked.get("sender") or "client",
        content={"about": asked.get("content")},
        conversation_id=asked.get("conversation_id") or "conv-of-nobody",
        in_reply_to=asked.get("reply_with") or "",
        reply_with=own,
    )


def _stray(keeper: Keeper, asked: dict[str, Any]) -> None:
    """An answer to a question that the client never asked."""
    _write(
        keeper,
        performative="inform",
        sender=asked["receiver"],
        receiver=asked.get("sender") or "client",
        content={"about": None},
        conversation_id=asked.get("conversation_id") or "conv-of-nobody",
        in_reply_to="asked-by-nobody",
    )


def _write(keeper: Keeper, **message: Any) -> None:
    keeper.coordinator.realm.post.write(message)
    keeper.stage.mock.mock.sockets.flush(keeper.stage.session)


async def no_replies(keeper: Keeper) -> None:
    """No agent says a word."""
    crowd(keeper, 2)
    endless: set[Later] = set()

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        _hush(keeper)
        if call.operation != _WAIT:
            return serve(call)
        # Not even the coordinator gives up: only a deadline of the client's own ends it.
        said = serve(replace(call, body={**call.body, "options": {"timeout_seconds": _NEVER}}))
        if isinstance(said, Later) and "grpc-timeout" not in call.headers:
            endless.add(said)
        return said

    keeper.edits.append(edit)
    keeper.befall("no replies")
    await keeper.arrive()
    if not any(operation.endswith(("sendMessage", "AndWait")) for operation in keeper.book.asks):
        return
    await keeper.seen((*_SENDS, _WAIT), keeper.stage.patience)
    keeper.befall("asked")
    ever = _EVER if keeper.stage.patience >= _THOROUGH else keeper.book.patience + 2
    end = time.monotonic() + ever
    before = len(_other_things(keeper))
    await keeper.stage.until(lambda: len(_other_things(keeper)) >= before + _GOES_ON, ever)
    await keeper.stage.until(
        lambda: not endless & keeper.stage.session.waiting, end - time.monotonic()
    )


def _other_things(keeper: Keeper) -> list[HttpExchange]:
    """What it asked that was no look for a reply, as far as that can be told."""
    looks = ("queryMessages",) if keeper.book.looks_for_replies else ()
    return [heard for heard in keeper.asked() if heard.operation not in looks]
