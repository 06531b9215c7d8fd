"""Calls everything that an agent lists, once in a run, for checks to judge what came of it.

What is called, `catalogue.py` decides. The calls are made on two connections: what one of them, or
the calls before, have given must not make up for what a call leaves out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.conversation import Conversation
from conformance.exchange import MISSING
from conformance.marks import UnjudgeableError
from conformance.protocols.architect.catalogue import (
    Action,
    Kind,
    made_up,
    misfits,
    of_anything,
    read_catalogue,
)
from conformance.protocols.architect.dialogue import Asked, Dialogue, new_token
from conformance.protocols.architect.replies import Manners, Request, kind

__all__ = ["Call", "Survey", "survey_of"]

_TOGETHER = 8
_SECONDS = 6.0
"""Seconds that all the calls which merely repeat a question may take."""

_UNKNOWN = 3

_OF_A_KIND = 3
"""Calls that try the same sort of value: one check of types is made for all parameters."""

_UNUSUAL: Mapping[Kind, tuple[str, Any]] = {
    "str": ("digits", "42"),
    "int": ("a number below zero", -1),
    "float": ("a whole number", 2),
    "list": ("a list of numbers and maps", [1, {"assay": 1}]),
    "map": ("a map of lists and maps", {"assay": [1], "inner": {"assay": 1}}),
}

_EMPTY: Mapping[Kind, tuple[str, Any]] = {
    "str": ("an empty text", ""),
    "list": ("an empty list", []),
    "map": ("an empty map", {}),
}

_CLEARLY = {"a text", "a number", "a list", "a map"}

_EASILY_MISSED: Mapping[Kind, tuple[str, Any]] = {
    "str": ("a text beyond ASCII", "größe-世界"),
    "int": ("zero", 0),
    "float": ("zero", 0.0),
    "bool": ("false", False),
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: what was changed in it, of which parameter, if anything was."""

    action: Action
    asked: Asked
    changed: str = ""
    parameter: str = ""

    @property
    def kind(self) -> str:
        return kind(self.asked.reply, self.asked.request)

    @property
    def answered(self) -> bool:
        return self.asked.heard is not None


@dataclass(kw_only=True)
class Survey:
    """What came of it. `full` are calls with all that is required and no more; `lacking` and
    `illtyped` those with one thing wrong, `bare` those without `parameters`; `real` those with ids
    that are there; `again` those with nothing wrong, where all sorts of things were wrong before;
    `given`, `odd` and `empty` those with a lawful value that is odd, in one way or another; and in
    `optional` something is given that need not be, of the told type or not. `lines` are the
    connections on which all this was said.
    """

    listing: Asked
    actions: dict[str, Action]
    unknown: list[Asked] = field(default_factory=list)
    plain: dict[str, Call] = field(default_factory=dict)
    full: dict[str, Call] = field(default_factory=dict)
    real: dict[str, Call] = field(default_factory=dict)
    lacking: list[Call] = field(default_factory=list)
    bare: list[Call] = field(default_factory=list)
    illtyped: list[Call] = field(default_factory=list)
    again: list[Call] = field(default_factory=list)
    given: list[Call] = field(default_factory=list)
    odd: list[Call] = field(default_factory=list)
    empty: list[Call] = field(default_factory=list)
    optional: list[Call] = field(default_factory=list)
    lines: list[Conversation] = field(default_factory=list)
    manners: Manners = field(default_factory=lambda: Manners(()))

    @property
    def strangers(self) -> set[str]:
        """The kinds of reply that an unknown action gets."""
        return {kind(each.reply, each.request) for each in self.unknown if each.heard}

    def best(self, action: str) -> Call | None:
        """The call that went best: with ids that are there, where there is one."""
        return self.real.get(action) or self.full.get(action)

    def fails(self, call: Call) -> bool:
        """Is it answered with an error?"""
        return self.manners.tells_error(call.asked.request, call.asked.reply)

    def wrong(self, action: str) -> list[Call]:
        return [each for each in (*self.lacking, *self.illtyped) if each.action.name == action]


async def survey_of(dialogue: Dialogue) -> Survey:
    """What came of calling everything. Raises `UnjudgeableError` where nothing is listed."""
    lore = dialogue.lore
    if "survey" not in lore.facts:
        lore.facts["survey"] = None
        lore.facts["survey"] = await _survey(dialogue)
    found = lore.facts["survey"]
    if not isinstance(found, Survey) or not isinstance(found.listing.listed, dict):
        raise UnjudgeableError("the agent's catalogue could not be read")
    return found


async def _survey(dialogue: Dialogue) -> Survey:
    beside = await dialogue.side_by_side()
    async with await dialogue.connect("surveyor") as line:
        listing = await dialogue.list_actions(line)
        survey = Survey(listing=listing, actions=read_catalogue(listing.listed))
        if survey.actions:
            other = await dialogue.connect("other") if beside else line
            survey.lines = [line, other] if beside else [line]
            await _Surveyor(dialogue, survey).go(line, other)
            await other.close()
        return survey


class _Surveyor:
    def __init__(self, dialogue: Dialogue, survey: Survey) -> None:
        self.dialogue = dialogue
        self.survey = survey
        self.end = time.monotonic() + _SECONDS

    async def go(self, line: Conversation, other: Conversation) -> None:
        survey = self.survey
        for _ in range(_UNKNOWN):
            request = Request(action=self.dialogue.new("no-such-action"), token=new_token())
            survey.unknown.append(await self.dialogue.put(line, request, patience="unknown"))
        open_ones = [each for each in survey.actions.values() if each.callable]
        plain = [each for each in open_ones if not each.required]
        for call in await self._calls(line, [(each, {}, "", "") for each in plain]):
            survey.plain[call.action.name] = survey.full[call.action.name] = call
        survey.manners = self._manners()
        needy = [each for each in open_ones if each.required]
        wanted = [(each, each.filled(self.dialogue.new("no-such")), "", "") for each in needy]
        for call in await self._calls(line, wanted):
            survey.full[call.action.name] = call
        for call in await self._calls(line, [*self._real(needy)]):
            survey.real[call.action.name] = call
        gentle = [each for each in needy if not each.drastic]
        lacking = [*self._lacking(gentle)]
        survey.lacking += await self._calls(line, lacking, "lacking")
        survey.lacking += await self._calls(other, lacking, "lacking")
        bare = [(each, MISSING, "nothing given", each.required[0]) for each in gentle[:_TOGETHER]]
        survey.bare += await self._calls(line, bare, "no member")
        survey.illtyped += await self._calls(other, [*self._illtyped(gentle)], "ill-typed")
        whole = [(each, self._best(each), "", "") for each in gentle]
        survey.again += await self._calls(other, whole)
        pairs = [
            (each, given, "", "") for each in gentle for given in ({}, self._best(each))
        ]  # a sound call in the very footsteps of one that lacks something
        survey.again += (await self._calls(other, pairs, "lacking"))[1::2]
        given = [*self._given(gentle, _EASILY_MISSED)]
        survey.given += await self._calls(other, given, "given")
        survey.odd += await self._calls(other, [*self._few(gentle, _UNUSUAL)], "given")
        survey.empty += await self._calls(other, [*self._few(gentle, _EMPTY)], "given")
        survey.optional += await self._calls(other, [*self._optional(gentle)], "given")

    def _manners(self) -> Manners:
        """Learnt from the catalogue, and from what does not contradict it."""
        survey = self.survey
        listing = (survey.listing.request, survey.listing.reply)
        first = Manners([listing])
        answered = [each for each in survey.plain.values() if each.answered]
        pairs = [
            (each.asked.request, each.asked.reply)
            for each in answered
            if each.kind not in survey.strangers
        ]
        return Manners([listing, *(pair for pair in pairs if not first.contradicts(*pair))])

    async def _calls(
        self,
        line: Conversation,
        wanted: Sequence[tuple[Action, Any, str, str]],
        patience: str = "calls",
    ) -> list[Call]:
        done: list[Call] = []
        for at in range(0, len(wanted), _TOGETHER):
            if line.closed or (done and time.monotonic() > self.end):
                break
            few = wanted[at : at + _TOGETHER]
            requests = [
                Request(
                    action=action.name,
                    parameters=parameters,
                    token=new_token(),
                    names=(*action.required, *action.types),
                )
                for action, parameters, _, _ in few
            ]
            replies = await self.dialogue.put_all(line, requests, patience=patience)
            done += [
                Call(action=action, asked=asked, changed=changed, parameter=name)
                for (action, _, changed, name), asked in zip(few, replies, strict=True)
            ]
        return done

    def _real(self, needy: list[Action]) -> Iterator[tuple[Action, Any, str, str]]:
        """What merely tells something, of a server that is there."""
        servers = self.survey.plain.get("servers")
        known = dict(_scalars_of(servers.asked.reply)) if servers else {}
        for action in needy:
            if action.telling and any(name in known for name in action.required):
                filled = action.filled(self.dialogue.new("no-such"))
                yield action, {k: known.get(k, v) for k, v in filled.items()}, "", ""

    def _best(self, action: Action) -> dict[str, Any]:
        call = self.survey.best(action.name)
        given = call.asked.request.parameters if call else None
        return given if isinstance(given, dict) else action.filled(self.dialogue.new("no-such"))

    def _lacking(self, actions: list[Action]) -> Iterator[tuple[Action, Any, str, str]]:
        for action in actions:
            whole = self._best(action)
            yield action, {}, "nothing given", action.required[0]
            for name in action.required:
                rest = {key: value for key, value in whole.items() if key != name}
                if rest:
                    yield action, rest, "left out", name
                yield action, {**rest, "assay_other": whole[name]}, "under another name", name
                other = name.upper() if name != name.upper() else name.lower()
                yield action, {**rest, other: whole[name]}, "in another case", name

    def _given(
        self, actions: list[Action], values: Mapping[Kind, tuple[str, Any]]
    ) -> Iterator[tuple[Action, Any, str, str]]:
        """What is lawful by its type, and easily taken for nothing, or for something else."""
        for action in actions:
            whole = self._best(action)
            for name in action.required:
                if action.kind(name) in values:
                    what, value = values[action.kind(name)]
                    yield action, {**whole, name: value}, what, name

    def _few(
        self, actions: list[Action], values: Mapping[Kind, tuple[str, Any]]
    ) -> Iterator[tuple[Action, Any, str, str]]:
        """The same a few times of each kind, where it goes well first."""
        count: Counter[str] = Counter()
        for call in self._given(sorted(actions, key=self._fails), values):
            action, _, what, name = call
            kind = action.kind(name)
            if kind in ("list", "map") and not of_anything(action.types.get(name)):
                continue  # a list of texts, say
            count[what] += 1
            if count[what] <= _OF_A_KIND:
                yield call

    def _optional(self, actions: list[Action]) -> Iterator[tuple[Action, Any, str, str]]:
        """What need not be given, beside what must, where that goes well."""
        for action in [each for each in actions if not self._fails(each)][:_TOGETHER]:
            whole = self._best(action)
            for name in action.options[:2]:
                kind, word = action.kind(name), action.types.get(name)
                if kind in _UNUSUAL:  # not a flag, which may do anything
                    value = made_up(kind, word, self.dialogue.new("no-such"))
                    yield action, {**whole, name: value}, "", name
                    for what, wrong in misfits(kind):
                        if what in _CLEARLY:
                            yield action, {**whole, name: wrong}, what, name

    def _fails(self, action: Action) -> bool:
        call = self.survey.best(action.name)
        return call is None or not call.answered or self.survey.fails(call)

    def _illtyped(self, actions: list[Action]) -> Iterator[tuple[Action, Any, str, str]]:
        """Each sort of mistake once before any is made a second time."""
        rows = []
        for action in actions:
            whole = self._best(action)
            for name in action.required:
                for turn, (what, value) in enumerate(misfits(action.kind(name))):
                    rows.append((turn, (action, {**whole, name: value}, what, name)))
        yield from (row for _, row in sorted(rows, key=lambda each: each[0]))


def _scalars_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Names with plain values, the first servers last, so that those are kept."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str | int) and not isinstance(item, bool) and key != "idempotence":
                yield key, item
            yield from _scalars_of(item)
    elif isinstance(value, list):
        for item in reversed(value):
            yield from _scalars_of(item)
