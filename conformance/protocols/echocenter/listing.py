"""What must hold of a list of agents, in whatever form it comes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from conformance.disguises import holds_secret
from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge, same
from conformance.protocols.echocenter.dialogue import incomplete, numbers_in, objects_in, rows_of
from conformance.protocols.echocenter.principals import Cast, Person

__all__ = [
    "LISTED",
    "hint_of",
    "judge_hints_together",
    "judge_list",
    "nameless",
    "no_raw_token",
    "shows",
]

LISTED = (
    "ECHO-LIST-001",
    "ECHO-LIST-002",
    "ECHO-LIST-003",
    "ECHO-LIST-004",
    "ECHO-LIST-005",
    "ECHO-LIST-006",
    "ECHO-LIST-007",
    "ECHO-LIST-008",
    "ECHO-LIST-009",
    "ECHO-LIST-011",
)
"""What `judge_list` judges."""

_SHORTEST_PIECE = 4
"""Signs in a row that are a piece of a token, and no chance."""

_MOST = 0.7
"""The share of a token that is more than a hint."""

_ENOUGH = 3
"""Agents whose hints can't all be the same by chance."""


def judge_list(judge: Judge, said: Exchange, agents: Sequence[Person], cast: Cast) -> None:
    """Judge one list, in which these agents must be."""
    ok = said.ok and said.json is not MISSING
    judge.holds("ECHO-LIST-001", ok, f"the list was answered {_outcome(said)}", said)
    if not ok:
        return
    for each in cast.dialogue.lists:  # the first may be another than those that are asked here
        no_raw_token(judge, each, cast.known)
    cast.dialogue.lists.clear()
    found = {agent: rows_of(said.json, agent.name) for agent in agents}
    whole = not incomplete(said)
    for agent, rows in found.items():
        if rows or whole:
            wrong = f"{agent.name} is registered and not in the list"
            judge.holds("ECHO-LIST-002", bool(rows), wrong, *_made(agent), said)
        else:
            judge.inconclusive("ECHO-LIST-002", "the list says that it goes on elsewhere")
        if rows:
            _row(judge, said, agent, rows, cast)
    hints = {agent: hint_of(rows[0]) for agent, rows in found.items() if rows}
    if len(hints) >= _ENOUGH:
        _hints(judge, said, hints, cast)


def _hints(judge: Judge, said: Exchange, hints: dict[Person, Any], cast: Cast) -> None:
    """Not all are the same; and where they show how tokens begin or end, each shows its own's."""
    first = next(iter(hints.values()))
    wrong = f"all {len(hints)} agents have the token_hint {first!r}"
    judge.holds("ECHO-LIST-007", any(hint != first for hint in hints.values()), wrong, said)
    own = [agent for agent, hint in hints.items() if _is_of(hint, agent.token)]
    strange = [
        agent
        for agent, hint in hints.items()
        if any(_is_of(hint, one.token) for one in cast.known if one is not agent)
    ]
    if own or len(strange) == len(hints):
        wrong = f"the token_hint {hints[strange[0]]!r} is of another's token" if strange else ""
        judge.holds("ECHO-LIST-011", bool(own), wrong, said)
    if len(own) > len(hints) // 2:  # then it is clear what hints are
        for agent in strange:
            wrong = f"the token_hint {hints[agent]!r} of {agent.name} is of another's token"
            judge.holds("ECHO-LIST-011", agent in own, wrong, said)


def _is_of(hint: Any, token: str) -> bool:
    """Does a hint show how that token begins or ends?"""
    shown = re.findall(r"[0-9A-Za-z_-]{3,}", str(hint))
    return any(token.startswith(piece) or token.endswith(piece) for piece in shown)


def _outcome(said: Exchange) -> str:
    return f"{said.status}, and not in JSON" if said.ok else said.outcome


def _made(agent: Person) -> tuple[Exchange, ...]:
    return () if agent.registration is None else (agent.registration,)


def _row(
    judge: Judge, said: Exchange, agent: Person, rows: Sequence[dict[str, Any]], cast: Cast
) -> None:
    hint = hint_of(rows[0])
    wrong = f"the token_hint of {agent.name} is {'missing' if hint is MISSING else repr(hint)}"
    judge.holds("ECHO-LIST-003", hint not in (MISSING, None, ""), wrong, said)
    if hint not in (MISSING, None, ""):
        judge.holds("ECHO-LIST-004", isinstance(hint, str), wrong, said)
    wrong = f"the list tells of the token of {agent.name} more than a hint"
    judge.holds("ECHO-LIST-006", not _amounts_to(agent, rows[0]), wrong, said)
    wrong = f"{agent.name} is in the list {len(rows)} times"
    judge.holds("ECHO-LIST-008", len(rows) == 1, wrong, said)
    number = cast.number(agent)
    told = numbers_in(rows[0], agent.name)
    if number is not None and told:
        wrong = f"{agent.name} is {number}, and {told} in the list"
        judge.holds("ECHO-LIST-009", number in told, wrong, said)
    elif number is not None and any(same(value, str(number)) for value in rows[0].values()):
        judge.holds("ECHO-LIST-009", False, f"the number of {agent.name} is text", said)


def hint_of(row: dict[str, Any]) -> Any:
    """The token_hint of a row, at whatever depth, or `MISSING`."""
    return next((each["token_hint"] for each in objects_in(row) if "token_hint" in each), MISSING)


def judge_hints_together(judge: Judge, lists: Sequence[Exchange], agents: Sequence[Person]) -> None:
    """Hints that are others each time must not amount to a token in the end either."""
    for agent in agents:
        rows = [row for said in lists if said.ok for row in rows_of(said.json, agent.name)[:1]]
        hints = {hint for row in rows if isinstance(hint := hint_of(row), str)}
        wrong = f"{len(hints)} hints together tell most of the token of {agent.name}"
        told = _covered(agent.token, sorted(hints)) > _MOST
        judge.holds("ECHO-LIST-006", not told, wrong, *lists[-1:])


def nameless(data: Any, known: str) -> int:
    """How many rows of a list are called nothing, by the key under which that name stands."""
    keys = {key for row in rows_of(data, known) for key, value in row.items() if value == known}
    rows = [each for each in objects_in(data) if "token_hint" in each and keys & each.keys()]
    return sum(all(row.get(key) in (None, "") for key in keys) for row in rows)


def no_raw_token(judge: Judge, said: Exchange, known: Iterable[Person]) -> None:
    """Judge what the list says, to whoever asks: a refusal shows no token either."""
    leaked = [one for one in known if not one.human and shows(said, one.token)]
    wrong = f"the list shows the token of {leaked[0].name}" if leaked else ""
    judge.holds("ECHO-LIST-005", not leaked, wrong, said)


def shows(said: Exchange, token: str) -> bool:
    """Does an answer hold the token, in its body or in a header?"""
    body = said.answer.decode("utf-8", "replace")
    plain = "" if said.json is MISSING else json.dumps(said.json, ensure_ascii=False)
    return any(token in text for text in (body, plain, *said.answer_headers.values()))


def _amounts_to(agent: Person, row: dict[str, Any]) -> bool:
    """Can the token be had from what a row tells, beside the name that may be a part of it?"""
    token = agent.token
    told = [text for text in _texts(row) if text != agent.name]
    whole = "\n".join(told)
    if holds_secret(whole, token) or token.lower() in whole.lower():
        return True
    return _covered(token, told) > _MOST


def _covered(token: str, told: Sequence[str]) -> float:
    """The share of a token's signs that stand, a few in a row at least, in one of the texts."""
    known: set[int] = set()
    for at in range(len(token) - _SHORTEST_PIECE + 1):
        piece = token[at : at + _SHORTEST_PIECE]
        if any(piece in text for text in told):
            known.update(range(at, at + _SHORTEST_PIECE))
    return len(known) / len(token)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield str(key)
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)
