"""Calls of what is listed, and of what is not: what is answered, and how errors are told."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest

from conformance.conversation import Conversation
from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.architect.coordinator.listings import lacks
from conformance.protocols.architect.dialogue import (
    Asked,
    Dialogue,
    echoes,
    last,
    message_of,
    new_token,
)
from conformance.protocols.architect.replies import Request, kind, outline
from conformance.protocols.architect.survey import Call, Survey, survey_of

_REPEATED, _BOTH = 30, 12
_MOMENT = 0.3


@requirement("ARCH-ACT-001")
async def test_listed_actions_are_answered(script: Dialogue, judge: Judge) -> None:
    survey = await survey_of(script)
    for call in (*survey.full.values(), *survey.real.values()):
        told = f"{call.action.name} with all that it requires has no reply"
        judge.holds("ARCH-ACT-001", call.answered, told, *call.asked.frames)


@requirement("ARCH-ACT-002")
async def test_required_parameters(script: Dialogue, judge: Judge) -> None:
    survey = await survey_of(script)
    if not any(each.action.required for each in survey.full.values()):
        judge.holds("ARCH-ACT-002", True, "")
    # Without the member, it is not even of the form that all requests have: it may be ignored.
    for call in (*survey.lacking, *(each for each in survey.bare if each.answered)):
        full = survey.best(call.action.name)
        if full is None or not full.answered:
            continue
        told = f"{call.action.name}, {call.parameter} {call.changed}: no reply with its token"
        judge.holds("ARCH-ACT-002", call.answered, told, *call.asked.frames)
        if call.answered:
            told = f"{call.action.name}, {call.parameter} {call.changed}: not told from a good call"
            judge.holds("ARCH-ACT-002", _refused(call, full, survey), told, *call.asked.frames)


@requirement("ARCH-ACT-003")
async def test_data_types(script: Dialogue, judge: Judge) -> None:
    survey = await survey_of(script)
    typed = [
        each for each in survey.full.values() if any(map(each.action.kind, each.action.required))
    ]
    if not typed:
        judge.holds("ARCH-ACT-003", True, "")
    for call in survey.illtyped:
        full = survey.best(call.action.name)
        if full is None or not full.answered:
            continue
        told = f"{call.action.name}, {call.changed} for {call.parameter}: no reply with its token"
        judge.holds("ARCH-ACT-003", call.answered, told, *call.asked.frames)
        if call.answered:
            told = f"{call.action.name} takes {call.changed} for {call.parameter}"
            judge.holds("ARCH-ACT-003", _refused(call, full, survey), told, *call.asked.frames)


def _refused(call: Call, full: Call, survey: Survey) -> bool:
    """Is it told otherwise than a call with nothing wrong, and not as a success?"""
    return call.kind != full.kind and survey.manners.tells_error(
        call.asked.request, call.asked.reply
    )


@requirement("ARCH-ACT-004")
async def test_unknown_actions(script: Dialogue, judge: Judge) -> None:
    survey = await survey_of(script)
    for asked in survey.unknown:
        ok = asked.heard is not None
        ok = ok and not survey.manners.passes_for_success(asked.request, asked.reply)
        how = "is not told from a success" if asked.heard else "has no reply"
        judge.holds("ARCH-ACT-004", ok, f"an unknown action {how}", *asked.frames)


@requirement("ARCH-ACT-005")
async def test_names_nearly_right(script: Dialogue, judge: Judge) -> None:
    """Another name is another action, and a call without a name is none."""
    survey = await survey_of(script)
    line = await script.connect()
    for name in [each for each in ("list_actions", "servers") if each in survey.actions]:
        good = await script.ask(line, name)
        if good.heard is None:
            continue
        near = [each for each in _near(name) if not _listed(each, survey)]
        requests = [Request(action=each, token=new_token()) for each in near]
        mark = line.mark()
        for request in requests:
            await line.send(request.payload(), lawful=isinstance(request.action, str))
        await script.ask(line, name)
        tokens = [request.token for request in requests]
        await asyncio.gather(*(line.wait(partial(_carries, t), _MOMENT, mark) for t in tokens))
        for request in requests:
            heard = await line.wait(partial(_carries, request.token), 0, mark)
            if heard is not None:  # whether such errors are told is judged elsewhere
                alike = _outline(message_of(heard)) == _outline(good.reply)
                error = survey.manners.tells_error(good.request, message_of(heard))
                told = f"{request.action!r} is served as {name}"
                judge.holds("ARCH-ACT-005", error or not alike, told, *good.frames, heard)
    if not line.frames:
        raise UnjudgeableError("nothing could be called")


def _near(name: str) -> list[Any]:
    """Names that are nearly right, and what is no name."""
    texts = [name.upper(), name.title(), name[:-1], name[:-3], name + "x", name + "_", ""]
    texts += [name.replace("_", "-"), f"{name}.", f"{name};", f"{name}/"]
    return [*texts, f" {name} ", f"{name}\n", [name], {"name": name}, None, MISSING]


def _listed(name: Any, survey: Survey) -> bool:
    return isinstance(name, str) and name in survey.actions


def _carries(token: Any, frame: Frame) -> bool:
    return echoes(frame, token)


def _outline(reply: Any) -> str:
    return json.dumps(outline(reply, 2), sort_keys=True)


@requirement("ARCH-ACT-006")
async def test_parameters_that_are_no_map(script: Dialogue, judge: Judge) -> None:
    survey = await survey_of(script)
    line = await script.connect()
    names = [each for each in ("list_actions", "servers") if each in survey.actions]
    for name in names:
        for value in ("assay", 7, ["assay"], True):
            asked = await script.ask(line, name, value, patience="no map")
            if asked.heard is None:
                continue
            error = survey.manners.tells_error(asked.request, asked.reply)
            told = f"{name} with {value!r} for its parameters is told as a success"
            judge.holds("ARCH-ACT-006", error, told, *asked.frames)


@requirement("ARCH-ACT-007")
async def test_servers(script: Dialogue, judge: Judge) -> None:
    survey = await survey_of(script)
    asked = await script.ask(await script.connect(), "servers")
    told = "servers is not answered"
    judge.holds("ARCH-ACT-007", asked.heard is not None, told, *asked.frames)
    if asked.heard is not None:
        unknown = kind(asked.reply, asked.request) in survey.strangers
        listing = (survey.listing.request, survey.listing.reply)
        error = type(survey.manners)([listing]).tells_error(asked.request, asked.reply)
        told = "servers is answered with an error"
        judge.holds("ARCH-ACT-007", not unknown and not _failed(asked, error), told, *asked.frames)


def _failed(asked: Asked, differs: bool) -> bool:
    """An error by its own words: to differ from the catalogue is not enough."""
    said = json.dumps(outline(asked.reply, 2)).lower()
    told = asked.reply if isinstance(asked.reply, dict) else {}
    marks = {str(told.get(key)).lower() for key in ("status", "success", "ok", "action")}
    return differs and ("error" in said or bool(marks & {"error", "false", "failed"}))


@requirement("ARCH-ACT-008", "ARCH-ACT-009")
async def test_flow_after_errors(script: Dialogue, judge: Judge) -> None:
    """What follows an error is answered as before: here, elsewhere, and on new connections."""
    beside = await script.side_by_side()
    here = await script.connect("here")
    there = await script.connect("there") if beside else here
    before = {line: await script.list_actions(line) for line in (here, there)}
    if not all(isinstance(each.listed, dict) for each in before.values()):
        raise UnjudgeableError("the catalogue cannot be had at all")
    await script.ask(here, script.new("no-such-action"), patience="unknown")
    await here.send_text("{not json", lawful=False)
    new = await script.connect("new") if beside else here
    for row, line in (("ARCH-ACT-008", here), ("ARCH-ACT-009", there), ("ARCH-ACT-009", new)):
        if row == "ARCH-ACT-009" and not beside:
            continue
        asked = await script.list_actions(line)
        told = f"after an error list_actions is not answered as before: {script.why(line)}"
        judge.holds(row, isinstance(asked.listed, dict), told, *last(here), *asked.frames)


@requirement("ARCH-ACT-008")
async def test_sound_calls_after_unsound_ones(script: Dialogue, judge: Judge) -> None:
    """What an action lacked before does not count when it is called with all that it requires."""
    survey = await survey_of(script)
    for call in survey.again:
        told = f"{call.action.name} says, after calls that lacked something, that this one does"
        _judge_whole("ARCH-ACT-008", call, told, survey, judge)
    if not survey.again:
        judge.holds("ARCH-ACT-008", True, "")


@requirement("ARCH-ACT-014")
async def test_given_is_given(script: Dialogue, judge: Judge) -> None:
    """A value that is false, zero or beyond ASCII may be refused, but not for being missing."""
    survey = await survey_of(script)
    for call in survey.given:
        told = f"{call.action.name} takes {call.changed} for {call.parameter} as missing"
        _judge_whole("ARCH-ACT-014", call, told, survey, judge)
    if not survey.given:
        judge.holds("ARCH-ACT-014", True, "")


def _judge_whole(row: str, call: Call, told: str, survey: Survey, judge: Judge) -> None:
    """Nothing is missing in this call, by the words of one that is known to be whole."""
    before = survey.best(call.action.name)
    if before is not None and before.answered and call.answered:
        ok = lacks(before) or not lacks(call)
        judge.holds(row, ok, told, *before.asked.frames, *call.asked.frames)


@requirement("ARCH-ACT-010", "ARCH-ROB-022")
async def test_flow_many_requests(script: Dialogue, judge: Judge) -> None:
    """The same again and again on one connection, three hundred in all."""
    survey = await survey_of(script)
    line = await script.connect()
    names = [name for name in ("servers", "list_actions", *survey.plain) if name in survey.plain]
    names = names[:2] or ["list_actions"]
    turns, few = (5, 25) if script.lore.slow else (_REPEATED, 10)
    for turn in range(turns):
        names = names if turn < _BOTH else names[:1]  # a catalogue is much to read
        requests = [Request(action=names[n % len(names)], token=new_token()) for n in range(few)]
        for asked in await script.put_all(line, requests):
            told = f"request {turn * few + 1} or one soon after it has no reply: {script.why(line)}"
            answered = judge.holds("ARCH-ROB-022", asked.heard is not None, told, *last(line))
            if not answered:
                return
            _judge_as_ever(asked, survey, judge)


def _judge_as_ever(asked: Asked, survey: Survey, judge: Judge) -> None:
    known = survey.plain.get(str(asked.request.action))
    if known is None or not known.answered:
        return
    was = survey.manners.tells_error(known.asked.request, known.asked.reply)
    is_now = survey.manners.tells_error(asked.request, asked.reply)
    told = f"{asked.request.action} fails where it did not before"
    ok = was or (not is_now and kind(asked.reply, asked.request) not in survey.strangers)
    judge.holds("ARCH-ACT-010", ok, told, *known.asked.frames, *asked.frames)


@requirement("ARCH-ACT-011", "ARCH-CORR-012")
async def test_flow_without_a_token(script: Dialogue, judge: Judge) -> None:
    """The struct of a command has no token: without one a reply may come or not, but no error,
    and none that somebody waits for under another's token.
    """
    line = await script.connect()
    survey = await survey_of(script)
    before = await script.list_actions(line)
    again = await script.list_actions(line)
    mark, token = line.mark(), before.request.token
    await script.say(line, Request(action="list_actions", parameters={}, token=token))
    # Something more that follows the first reply is not the reply to the second.
    await line.wait(lambda f: _served(f) and echoes(f, token), script.timeout, mark)
    mark = line.mark()
    sent = await line.send({"action": "list_actions", "parameters": {}})
    asked = await script.list_actions(line)
    await line.wait(lambda f: _served(f) and not echoes(f, asked.request.token), 0.3, mark)
    came = [each for each in line.frames[mark:] if each.sender == "peer" and each.kind == "text"]
    own = [each for each in came if not echoes(each, asked.request.token)]
    served = [each for each in own if _served(each)]
    if len(served) == 1:
        script.lore.keep(Asked(request=Request(action="list_actions"), sent=sent, heard=served[0]))
    used = (before.request.token, again.request.token)
    sticky = [f for f in own if _served(f) and any(echoes(f, token) for token in used)]
    told = "the reply to a request without a token carries that of another"
    judge.holds("ARCH-CORR-012", not sticky, told, *before.frames, sent, *sticky)
    doubled = [each for each in came if _served(each) and echoes(each, asked.request.token)]
    usual = [f for f in line.frames[:mark] if _served(f) and echoes(f, again.request.token)]
    right = len(doubled) <= max(1, len(usual))  # some reply more than once, to all alike
    judge.holds("ARCH-CORR-012", right, told, sent, *asked.frames, *doubled)
    shapes = {_outline(each.reply) for each in survey.unknown if each.heard}
    tokenless = {_outline(_without(each.reply)) for each in survey.unknown if each.heard} | shapes
    errors = [
        each
        for each in own
        if _outline(each.json) in tokenless
        and survey.manners.tells_error(Request(action="list_actions"), each.json)
    ]
    refused = bool(errors) and not any(map(_served, own))
    judge.holds("ARCH-ACT-011", not refused, "a request without a token is refused", sent, *errors)


def _without(reply: Any) -> Any:
    return (
        {k: v for k, v in reply.items() if k != "idempotence"} if isinstance(reply, dict) else reply
    )


def _served(frame: Frame) -> bool:
    asked = Asked(request=Request(action="list_actions"), sent=frame, heard=frame)
    return isinstance(asked.listed, dict)


_PAYLOAD = {"action": "list_actions", "parameters": {}}
_SPELLINGS = {
    "pretty": {"indent": 2},
    "tabs and line feeds": {"indent": "\t", "separators": (" ,", " : ")},
    "compact": {"separators": (",", ":")},
    "spaces": {"separators": (", ", ": ")},
}


@pytest.mark.parametrize("spelling", _SPELLINGS)
@requirement("ARCH-ACT-012")
async def test_spelling_of_json(spelling: str, script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    for order in (("action", "parameters", "idempotence"), ("idempotence", "parameters", "action")):
        request = Request(action="list_actions", token=new_token())
        said = {name: request.payload()[name] for name in order}
        text = json.dumps(said, **_SPELLINGS[spelling])  # type: ignore[arg-type]
        text = f" \r\n{text}\n" if spelling == "spaces" else text
        await _judge_spelled(request, text, line, script, judge)


@requirement("ARCH-ACT-012")
async def test_escapes_in_json(script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    token = new_token()
    escaped = "".join(f"\\u{ord(char):04x}" for char in "list_actions")
    text = f'{{"\\u0061ction":"{escaped}","parameters":{{}},"idempotence":"{token}"}}'
    await _judge_spelled(Request(action="list_actions", token=token), text, line, script, judge)


async def _judge_spelled(
    request: Request, text: str, line: Conversation, script: Dialogue, judge: Judge
) -> None:
    asked = await script.put(line, request, text=text)
    told = f"the same request in another spelling of JSON is not served: {script.why(line)}"
    judge.holds("ARCH-ACT-012", isinstance(asked.listed, dict), told, asked.sent, *last(line, 2))


@pytest.mark.parametrize(
    "members", [{"version": 1}, {"client": {"name": "assay"}, "note": None}, {"x_list": [1, 2]}]
)
@requirement("ARCH-ACT-013")
async def test_members_beside(members: dict[str, Any], script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    asked = await script.list_actions(line, **members)
    told = f"a request with a member that nobody knows is not served: {script.why(line)}"
    judge.holds("ARCH-ACT-013", isinstance(asked.listed, dict), told, *asked.frames, *last(line, 2))
