"""Which commands a script sends, in every situation, held against what it was told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import read_json
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.architect.playbook import Playbook
from conformance.protocols.architect.scripts import LIST, Request, is_said, read_requests
from conformance.protocols.architect.situations import CALM, HELD, NAMES, NORMAL, SMALL
from mockserver.transcript import Frame as Heard

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_TYPES: Mapping[str, type] = {"str": str, "int": int, "bool": bool, "list": list, "map": dict}

_MISSPELT = 0.85
"""How alike a word is to `list_actions` when it is meant to be that (1.0 is the same)."""

_PLAIN = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, slots=True)
class _Told:
    """What a script has been told at some point: the catalogue, and which game servers there are.

    `actions` is empty before.
    """

    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    servers: frozenset[str] = frozenset()

    def and_then(self, heard: Heard) -> _Told:
        said = read_json(heard.data)
        parameters = said.get("parameters") if isinstance(said, dict) else None
        actions = parameters.get("actions") if isinstance(parameters, dict) else None
        new = actions if isinstance(actions, dict) else {}
        servers = {str(value) for value in _values_of(said, "server_id")}
        return _Told({**self.actions, **new} if new else self.actions, self.servers | servers)


def _values_of(node: Any, name: str) -> Iterator[Any]:
    if isinstance(node, dict) and name in node:
        yield node[name]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _values_of(child, name)


def _with_what_was_told(seen: Observation) -> Iterator[tuple[Request, _Told]]:
    """Each command, with what had been told before it."""
    requests = {each.heard.number: each for each in read_requests(seen.frames)}
    told = _Told()
    for heard in seen.frames:
        if heard.number in requests:
            yield requests[heard.number], told
        elif is_said(heard) and heard.kind == "text":
            told = told.and_then(heard)


@requirement("ARCH-AGENT-ACT-004", "ARCH-AGENT-ACT-005", "ARCH-AGENT-ACT-006", "ARCH-AGENT-ACT-007")
@pytest.mark.parametrize("situation", [name for name in NAMES if name != SMALL])
async def test_flow_actions_are_those_listed(
    situation: str, examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for request, told in _with_what_was_told(seen):
        name, shown = request.action, seen.shown(request.heard)
        listed = set(told.actions) or book.listed
        meant = "" if name in listed else _meant(name, listed)
        if LIST in (name, meant):
            judge.holds("ARCH-AGENT-ACT-004", name == LIST, f"{name!r} is called", *shown)
            continue
        judge.holds("ARCH-AGENT-ACT-005", not meant, f"{name!r} is called, not {meant!r}", *shown)
        if not meant:
            row = "ARCH-AGENT-ACT-006" if told.actions else "ARCH-AGENT-ACT-007"
            judge.holds(row, name in listed, f"{name!r} is called, which is not listed", *shown)


@requirement("ARCH-AGENT-ACT-016")
async def test_short_catalogue_is_kept_to(examiner: Examiner, book: Playbook, judge: Judge) -> None:
    """Where one action is listed, the others are not called, though the coordinator knows them."""
    seen = await examiner.observe(SMALL)
    for request, told in _with_what_was_told(seen):
        if told.actions and request.action != LIST and request.action in book.listed:
            judge.holds(
                "ARCH-AGENT-ACT-016",
                request.action in told.actions,
                f"{request.action} is called, and the catalogue does not list it",
                *seen.shown(request.heard),
            )


def _meant(name: str, listed: set[str] | frozenset[str]) -> str:
    """The action that a name is another spelling of."""
    if SequenceMatcher(None, _plain(name), _plain(LIST)).ratio() > _MISSPELT:
        return LIST
    return next((each for each in listed if _plain(each) == _plain(name)), "")


def _plain(name: str) -> str:
    return _PLAIN.sub("", name.lower())


@requirement("ARCH-AGENT-ACT-008", "ARCH-AGENT-ACT-009", "ARCH-AGENT-ACT-010", "ARCH-AGENT-ACT-011")
@requirement("ARCH-AGENT-ACT-014", "ARCH-AGENT-ACT-015")
@_EVERY_SITUATION
async def test_flow_calls_are_as_the_catalogue_says(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for request, told in _with_what_was_told(seen):
        if request.action == LIST:
            given = ", ".join(request.parameters)
            shown = seen.shown(request.heard)
            judge.holds("ARCH-AGENT-ACT-014", not given, f"it is asked with {given}", *shown)
        entry = told.actions.get(request.action)
        if entry is None or request.action == LIST:
            continue
        shown = seen.shown(request.heard)
        judge.holds(
            "ARCH-AGENT-ACT-010",
            not entry.get("cloud_controller_only"),
            f"{request.action} is for the cloud controller only",
            *shown,
        )
        wanted = entry.get("required_parameters") or []
        absent = [name for name in wanted if request.parameters.get(name) is None]
        if wanted:
            told_of = f"{request.action} requires {', '.join(absent)}"
            judge.holds("ARCH-AGENT-ACT-008", not absent, told_of, *shown)
        _judge_values(request, entry, told, seen, judge)


def _judge_values(
    request: Request, entry: Mapping[str, Any], told: _Told, seen: Observation, judge: Judge
) -> None:
    kinds = entry.get("data_types") or {}
    for name, value in request.parameters.items():
        kind = _TYPES.get(kinds.get(name, ""))
        if kind is not None and value is not None:
            judge.holds(
                "ARCH-AGENT-ACT-009",
                type(value) is kind,
                f"{name} of {request.action} is {value!r}, and the catalogue says {kinds[name]}",
                *seen.shown(request.heard),
                pointer=f"/parameters/{name}",
            )
    if "data_types" in entry:
        judge.holds(
            "ARCH-AGENT-ACT-015",
            not (unknown := request.parameters.keys() - kinds.keys()),
            f"of {', '.join(unknown)} the catalogue tells nothing for {request.action}",
            *seen.shown(request.heard),
            pointer="/parameters",
        )
    server = request.parameters.get("server_id")
    if server is not None:
        judge.holds(
            "ARCH-AGENT-ACT-011",
            str(server) in told.servers,
            f"no reply told of a game server {server!r}",
            *seen.shown(request.heard),
            pointer="/parameters/server_id",
        )


@requirement("ARCH-AGENT-CAT-001")
@pytest.mark.parametrize("situation", [NORMAL, CALM, HELD])
async def test_catalogue_is_waited_for(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    opened = {heard.connection for heard in seen.exchanges if heard.connection}
    requests = read_requests(seen.frames)
    first = next((each for each in requests if each.action == LIST), None)
    if first is None or first.heard.connection not in opened:
        raise UnjudgeableError("the script never asked for the catalogue")
    calls = [
        each
        for each in requests
        if each.heard.connection == first.heard.connection and each.action != LIST
    ]
    beside = [
        each
        for each in calls
        if first.waits_at(each.heard.number) or each.waits_at(first.heard.number)
    ]
    judge.holds(
        "ARCH-AGENT-CAT-001",
        not beside,
        "an action is called, and the catalogue, which was asked for, has not come yet",
        *seen.shown(first.heard, *(each.heard for each in beside[:1])),
    )
