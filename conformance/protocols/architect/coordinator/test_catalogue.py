"""What `list_actions` tells: whole, the same each time, and true."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from conformance.conversation import Conversation
from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.architect.catalogue import read_catalogue
from conformance.protocols.architect.coordinator.complaints import complaints_of
from conformance.protocols.architect.coordinator.listings import (
    judge_again,
    judge_requirements,
    judge_types,
    lacks,
)
from conformance.protocols.architect.dialogue import Asked, Dialogue, echoes, last, message_of
from conformance.protocols.architect.replies import kind
from conformance.protocols.architect.survey import Call, Survey, survey_of

_AGAIN = 4

_NO = {"false", "no", "0", "off", "none", "null"}
"""Texts that say that something is not so, and are true all the same."""


@requirement("ARCH-CAT-001", "ARCH-CAT-021", "ARCH-CORR-010")
async def test_flow_first_request_of_a_connection(script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    asked = await script.list_actions(line)
    told = f"list_actions has no reply: {script.why(line)}"
    judge.holds("ARCH-CAT-001", asked.heard is not None, told, asked.sent, *last(line))
    if asked.heard is None:
        raise UnjudgeableError("list_actions has no reply")
    judge.holds(
        "ARCH-CORR-010",
        isinstance(asked.listed, dict),
        "the first message with the token is not the reply to list_actions",
        *asked.frames,
    )
    await script.list_actions(line)  # whatever belongs to the first has come by now
    more = [frame for frame in _with_catalogue(line, asked) if frame is not asked.heard]
    whole = all(
        same(sorted(message_of(frame)["parameters"]["actions"]), sorted(asked.listed))
        for frame in more
        if isinstance(asked.listed, dict)
    )
    judge.holds(
        "ARCH-CAT-021",
        whole,
        "a second message with the token lists other actions: the first was not all",
        *asked.frames,
        *more,
    )


def _with_catalogue(line: Conversation, asked: Asked) -> list[Frame]:
    """All that echoed the token and lists actions."""
    return [
        frame
        for frame in line.frames
        if frame.sender == "peer"
        and echoes(frame, asked.request.token)
        and isinstance(Asked(request=asked.request, sent=asked.sent, heard=frame).listed, dict)
    ]


@requirement("ARCH-CAT-001", "ARCH-CAT-013", "ARCH-CAT-017", "ARCH-CAT-018", "ARCH-CAT-020")
async def test_flow_asked_again(script: Dialogue, judge: Judge) -> None:
    """On one connection and on others: the version of the agent stays what it is."""
    beside = await script.side_by_side()
    lines = [await script.connect(f"reader {n + 1}") for n in range(2 if beside else 1)]
    seen: list[Asked] = []
    for line in lines:
        for _ in range(2 if script.lore.slow else _AGAIN):
            asked = await script.list_actions(line)
            told = f"list_actions has no reply: {script.why(line)}"
            judge.holds("ARCH-CAT-001", asked.heard is not None, told, *asked.frames, *last(line))
            if asked.heard is None:
                break
            seen.append(asked)
            _judge_names(asked, judge)
    listings = [each for each in seen if isinstance(each.listed, dict)]
    if not listings:
        raise UnjudgeableError("the agent's catalogue could not be read")
    first = script.lore.first or listings[0]
    await judge_again(first, listings, lines[0], script, judge)
    judge_requirements(listings, await survey_of(script), judge)


def _judge_names(asked: Asked, judge: Judge) -> None:
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.extend(name for name, count in Counter(key for key, _ in found).items() if count > 1)
        return dict(found)

    assert asked.heard is not None
    try:
        json.loads(asked.heard.data, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return
    told = f"a name stands twice in one map: {', '.join(twice[:3])}"
    judge.holds("ARCH-CAT-020", not twice, told, *asked.frames)


@requirement("ARCH-CAT-010", "ARCH-CAT-011", "ARCH-CAT-012", "ARCH-CAT-016", "ARCH-CAT-019")
@requirement("ARCH-CAT-022")
async def test_flow_entries(script: Dialogue, judge: Judge) -> None:
    listing = (await survey_of(script)).listing
    entries = read_catalogue(listing.listed)
    judge.holds("ARCH-CAT-016", "servers" in entries, "servers is not listed", *listing.frames)
    judge.holds(
        "ARCH-CAT-019",
        any(not each.cloud_only for each in entries.values()),
        "every action is for the cloud controller only",
        *listing.frames,
    )
    for name, entry in listing.listed.items():
        flag = entry.get("cloud_controller_only") if isinstance(entry, dict) else None
        judge.holds(
            "ARCH-CAT-022",
            not (isinstance(flag, str) and flag.strip().lower() in _NO),
            f"a script takes {flag!r} for true, and leaves {name} alone",
            *listing.frames,
            pointer=f"/parameters/actions/{name}/cloud_controller_only",
        )
        required = entry.get("required_parameters") if isinstance(entry, dict) else None
        listed = required if isinstance(required, list) else []
        names = [each for each in listed if isinstance(each, str)]
        judge.holds(
            "ARCH-CAT-010",
            len(names) == len(set(names)),
            f"{name} lists a required parameter twice",
            *listing.frames,
            pointer=f"/parameters/actions/{name}/required_parameters",
        )
    judge_types(listing, entries, judge)


@requirement("ARCH-CAT-013")
async def test_all_that_is_required_is_listed(script: Dialogue, judge: Judge) -> None:
    """A call with all that is listed as required is not told that something is missing."""
    survey = await survey_of(script)
    for call in survey.full.values():
        if not call.answered or not survey.manners.tells_error(
            call.asked.request, call.asked.reply
        ):
            judge.holds("ARCH-CAT-013", True, "")
            continue
        judge.holds(
            "ARCH-CAT-013",
            not (lacks(call) and _as_if_lacking(call, survey)),
            f"{call.action.name} says that something is missing, with all that is listed given",
            *call.asked.frames,
        )


def _as_if_lacking(call: Call, survey: Survey) -> bool:
    """Is the error of the sort that leaving something out brings? Where nothing can be left out
    the words must do: parameters are told, and they were not required.
    """
    lacking = {each.kind for each in survey.lacking if each.changed == "nothing given"}
    return call.kind in lacking or not call.action.required


@requirement("ARCH-CAT-014")
async def test_told_types_are_taken(script: Dialogue, judge: Judge) -> None:
    """A value of the told type is not refused as an ill-typed one, while another is taken."""
    survey = await survey_of(script)
    complaints = complaints_of(survey)
    taken = _taken(survey, complaints)
    if not survey.illtyped:
        judge.holds("ARCH-CAT-014", True, "")
    for call in survey.illtyped:
        full = survey.full.get(call.action.name)
        if full is None or not full.answered or not call.answered:
            continue
        judge.holds(
            "ARCH-CAT-014",
            not (full.kind in complaints and call.kind in taken and call.changed != "null"),
            f"{call.action.name} refuses {call.parameter} of the told type "
            f"{call.action.types.get(call.parameter)!r}, and takes {call.changed}",
            survey.listing.sent,
            *full.asked.frames,
            *call.asked.frames,
        )


def _taken(survey: Survey, complaints: set[str]) -> set[str]:
    """The kinds of reply that calls with sound parameters get, whether they succeed or not: those
    of full calls, and those that the same sort of value gets of several actions.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for call in survey.illtyped:
        if call.answered and not lacks(call):
            found.setdefault((call.kind, call.changed), set()).add(call.action.name)
    several = {told for (told, _), actions in found.items() if len(actions) > 1}
    full = {each.kind for each in survey.full.values() if each.answered}
    good = {each.kind for each in survey.illtyped if each.answered and not survey.fails(each)}
    return (full | several | good) - complaints - survey.strangers


@requirement("ARCH-CAT-015")
async def test_listed_actions_are_known(script: Dialogue, judge: Judge) -> None:
    """What is listed is not answered as an action that nobody knows."""
    survey = await survey_of(script)
    strangers = survey.strangers
    if not strangers:
        raise UnjudgeableError("unknown actions have no reply to compare with")
    calls = [*survey.full.values()]
    alone = [each for each in calls if _as_stranger(each, survey)]
    errors = [*survey.lacking, *survey.illtyped, *(each for each in calls if each.action.required)]
    particular = any(each.answered and each.kind not in strangers for each in errors)
    all_unknown = bool(survey.plain) and all(each in alone for each in survey.plain.values())
    for call in calls:
        ghost = call in alone and (particular or all_unknown)
        ghost = ghost and not await _known_otherwise(call, script)
        judge.holds(
            "ARCH-CAT-015",
            not ghost,
            f"{call.action.name} is listed, and answered as an action that nobody knows",
            *survey.unknown[0].frames,
            *call.asked.frames,
        )


def _as_stranger(call: Call, survey: Survey) -> bool:
    """Is every reply to this action one that an unknown action gets?"""
    wrong = survey.wrong(call.action.name)
    told = [each.kind for each in (call, *wrong) if each.answered]
    enough = not call.action.required or bool(wrong)
    return enough and bool(told) and set(told) <= survey.strangers


async def _known_otherwise(call: Call, script: Dialogue) -> bool:
    """Does a call with parameters that are no map show that the action is known?"""
    if call.action.drastic:
        return True
    line = await script.connect("prober")
    odd, stranger = await asyncio.gather(
        script.ask(line, call.action.name, "assay"),
        script.ask(line, script.new("no-such-action"), "assay"),
    )
    if odd.reply is MISSING or stranger.reply is MISSING:
        return False
    return kind(odd.reply, odd.request) != kind(stranger.reply, stranger.request)
