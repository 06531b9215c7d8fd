"""Answers that no document draws so, though it leaves room for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from conformance.protocols.caxton.calm import Scene
from conformance.protocols.caxton.keeper import Edit, Keeper, Serve, plain
from conformance.protocols.caxton.seeds import crowd
from mockserver.coordinator import Answer, Call, Later

__all__ = ["ODD_ANSWERS", "bare_calls", "garbled", "odd_answers"]

_BESIDE = {"x_unheard_of": {"since": ["a later", None, 1.5e3, {"version": True}]}}

_ENOUGH = 3
"""Requests after which an odd answer has done what it can."""

_ODD = "{default}%41"
"""What an id begins with that must be encoded in a path, whatever standard for URLs one goes by,
and stays as it is everywhere else. Some libraries encode the first half unasked, and none the rest.
"""

_NAMING = ("agent_id", "task_id", "deployment_id")
"""Where the id of what was made is told."""

_BRIEFLY = 2
"""How often the same thing is in a state that nobody knows, before it is in another."""


def _each(change: Callable[[Call, Any], Any]) -> Edit:
    """An edit of the bodies of successful answers over REST."""

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        said = serve(call)
        if "." in call.operation or not isinstance(said, Answer):
            return said
        if plain(said) is None or not isinstance(said.body, dict):
            return said
        return replace(said, body=change(call, said.body))

    return edit


def _more(call: Call, /, serve: Serve) -> Answer | Later:
    """Fields that no document knows, in what is told and in what is refused."""
    said = serve(call)
    if "." in call.operation or not isinstance(said, Answer) or not isinstance(said.body, dict):
        return said
    return replace(said, body=_fuller(said.body))


def _fuller(value: Any) -> Any:
    if isinstance(value, list):
        return [_fuller(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {**{k: v if k == "content" else _fuller(v) for k, v in value.items()}, **_BESIDE}


def _accepted(call: Call, /, serve: Serve) -> Answer | Later:
    """What the document shows no status for: 200, 201 and 202 in turn."""
    said = serve(call)
    if "." in call.operation or plain(said) is None:
        return said
    assert isinstance(said, Answer)
    changes = call.operation[:3] not in ("get", "lis", "que")
    return replace(said, status=202 if changes else 200)


def _other_times(_: Call, body: Any) -> Any:
    """The same times, as RFC 3339 writes them elsewhere."""
    return _texts_in(body, _elsewhere)


def _elsewhere(said: str) -> str:
    if len(said) < len("2026-01-01T00:00:00Z") or said[10] != "T":
        return said
    try:
        told = datetime.fromisoformat(said).astimezone(timezone(timedelta(hours=5, minutes=30)))
    except ValueError:
        return said
    return told.replace(microsecond=123456).isoformat()


def _odd_ids() -> Edit:
    """What is made has ids that a path must encode, in whatever is told of it."""
    known: set[str] = set()

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        plainly = replace(
            call,
            parameters=_texts_in(call.parameters, _plain_id),
            query=_texts_in(call.query, _plain_id),
            body=_texts_in(call.body, _plain_id),
        )
        said = serve(plainly)
        if not isinstance(said, Answer) or not isinstance(said.body, dict):
            return said
        told = (said.body.get(name) for name in _NAMING)
        known.update(each for each in told if isinstance(each, str))
        body = _texts_in(said.body, lambda text: _ODD + text if text in known else text)
        return replace(said, body=body)

    return edit


def _plain_id(text: str) -> str:
    return text.removeprefix(_ODD)


def _texts_in(value: Any, change: Callable[[str], str]) -> Any:
    """A value with other texts; the content of messages stays as it is."""
    if isinstance(value, Mapping):
        return {k: v if k == "content" else _texts_in(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts_in(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def _unknown_states() -> Edit:
    """Everything is in a state that nobody knows, for the first times that it is looked at."""
    shown: dict[tuple[str, str], int] = {}

    def change(call: Call, body: Any) -> Any:
        key = (call.operation, "".join(call.parameters.values()))
        shown[key] = shown.get(key, 0) + 1
        return _hibernating(body) if shown[key] <= _BRIEFLY else body

    return _each(change)


def _hibernating(value: Any) -> Any:
    if isinstance(value, list):
        return [_hibernating(each) for each in value]
    if not isinstance(value, dict):
        return value
    states = ("status", "lifecycle_state")
    return {k: "hibernating" if k in states else _hibernating(v) for k, v in value.items()}


def _sparse() -> Edit:
    """What need not be there is left out; a list ends with a page that holds nothing."""
    asked: dict[str, int] = {}

    def change(call: Call, body: Any) -> Any:
        asked[call.operation] = asked.get(call.operation, 0) + 1
        if call.operation == "listAgents":
            return _last_page(call, body)
        if call.operation == "queryMessages":
            nothing = {"messages": [], "total": 0}
            left = {k: v for k, v in body.items() if v is not None}
            return nothing if asked[call.operation] == 1 else left
        return body

    return _each(change)


def _last_page(call: Call, body: Mapping[str, Any]) -> Any:
    offset = call.query.get("offset", "0")
    if body.get("next_offset") is not None or not offset.isdecimal():
        return body
    ends = int(offset) + len(body["agents"])
    if body["agents"] and int(offset) == 0:
        return {**body, "next_offset": ends}
    return {k: v for k, v in body.items() if k != "next_offset"}


ODD_ANSWERS: Mapping[str, Callable[[], Edit]] = {
    "unknown fields": lambda: _more,
    "other successes": lambda: _accepted,
    "other times": lambda: _each(_other_times),
    "odd ids": _odd_ids,
    "unknown states": _unknown_states,
    "sparse answers": _sparse,
}


def odd_answers(name: str) -> Scene:
    """Every answer is of that kind, from the first on."""

    async def play(keeper: Keeper) -> None:
        crowd(keeper, 2)
        keeper.edits.append(ODD_ANSWERS[name]())
        keeper.befall(name)
        await keeper.arrive()
        await keeper.seen(keeper.book.asks, keeper.stage.patience)
        await keeper.lively(_ENOUGH)

    return play


def _bare(call: Call, /, serve: Serve) -> Answer | Later:
    """Types that the document leaves open hold nothing."""
    said = serve(call)
    found = plain(said) if "." in call.operation else None
    if found is None:
        return said
    body = found.body
    if call.operation.endswith("DeployAgent"):
        return replace(found, body={"agent_id": body["agent_id"]})
    if call.operation.endswith("ListAgents"):
        return replace(found, body={"agents": [{} for _ in body["agents"]], "total": body["total"]})
    return replace(found, body={})


async def bare_calls(keeper: Keeper) -> None:
    """Procedures answer with what the document defines, and no more."""
    crowd(keeper, 2)
    keeper.befall("bare calls")
    await keeper.arrive()
    if any("." in operation for operation in keeper.book.asks):
        keeper.edits.append(_bare)
        await keeper.seen((o for o in keeper.book.asks if "." in o), keeper.stage.patience)
        await keeper.lively()


_PAGE = Answer(status=200, raw=b"<html>Back soon</html>", media_type="text/html")


def _fields(said: Answer) -> Iterator[Answer]:
    """What nobody can read, and what lacks everything."""
    yield _PAGE
    yield replace(said, body={})


async def garbled(keeper: Keeper) -> None:
    """The first answer of each operation is no JSON, and the second one holds nothing."""
    crowd(keeper, 2)
    turns: dict[str, int] = {}

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        said = serve(call)
        found = None if "." in call.operation else plain(said)
        if found is None:
            return said
        turn = turns[call.operation] = turns.get(call.operation, 0) + 1
        forms = list(_fields(found))
        return forms[turn - 1] if turn <= len(forms) else said

    keeper.edits.append(edit)
    keeper.befall("garbled")
    await keeper.arrive()
    await keeper.seen(keeper.book.asks, keeper.stage.patience)
    await keeper.lively()
