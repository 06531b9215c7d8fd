"""Replies find their requests: by the token, on the connection that asked, however many are out."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest

from conformance.clients.websocket import Socket
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.architect.dialogue import (
    Asked,
    Dialogue,
    echoes,
    last,
    message_of,
    new_token,
)
from conformance.protocols.architect.replies import Request, bare, outline
from conformance.protocols.architect.survey import survey_of

_SOME = 10
_MANY = 50
_A_WHILE = 1.5

_COMMON = {"status", "success", "ok", "action", "parameters", "result", "data", "done", "given"}
_OF_ERRORS = {"error", "code", "message", "reason", "text"}


@requirement("ARCH-CORR-001")
async def test_token_comes_back(script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    listing = await script.list_actions(line)
    told = f"no reply to list_actions carries its token: {script.why(line)}"
    judge.holds("ARCH-CORR-001", listing.heard is not None, told, listing.sent, *last(line))
    for action in ("servers", "list_actions"):
        if isinstance(listing.listed, dict) and action in listing.listed:
            asked = await script.ask(line, action, patience=action)
            told = f"no reply to {action} carries its token: {script.why(line)}"
            judge.holds("ARCH-CORR-001", asked.heard is not None, told, asked.sent, *last(line))


_HEX = "0123456789abcdef"
_TEXTS = {
    "a UUID": "@-9b7a-4d3f-8e6c-1a2b3c4d5e6f",
    "mixed": "AbCdEfGhIjKlMnOpQr@StUvWxYz",
    "short": "@",
    "signs": "a.b:c/d_e-f+g=h~i{j}k%20&l@",
    "quotes": "say \"so\" \\ or 'so' @",
    "braces": '{"a":"@"}',
}
"""In the place of `@` stands what no other token has: an agent may know those that were used."""

_ODD_TEXTS = {
    "more than 64": _HEX * 4 + "-and-more",
    "true in text": "true",
    "null in text": "null",
    "one letter": "t",
    "600 characters": _HEX * 37 + "end of it",
    "beyond ASCII": "tökén-世界-ß",
    "beyond the basic plane": "token-🌍🚀",
    "spaces around": "  token  ",
    "a line feed": "token\nof two lines\t",
    "a combining mark": "toke\u0301n",
}


def _texts() -> dict[str, str]:
    """Tokens that nobody used before."""
    found = {what: text.replace("@", new_token()[:8]) for what, text in _TEXTS.items()}
    number = f"{int(new_token(), 16) % 10**12:012}"
    return {
        **found,
        "capitals": new_token().upper(),
        "digits": f"1{number}",
        "leading zeros": f"000{number}",
    }


_OTHERS = {
    "a number": 4711,
    "the same digits as text": "4711",
    "a large number": 9007199254740991,  # the largest that every reader of JSON keeps
    "zero": 0,
    "a fraction": 0.25,
    "true": True,
    "a list": ["a", 1],
    "a map": {"a": 1, "b": [None]},
}


@pytest.mark.parametrize(
    ("row", "tokens"),
    [
        case("ARCH-CORR-002", _texts()),
        case("ARCH-CORR-003", _ODD_TEXTS),
        case("ARCH-CORR-004", _OTHERS),
    ],
)
async def test_token_comes_back_as_it_is(
    row: str, tokens: dict[str, Any], script: Dialogue, judge: Judge
) -> None:
    line = await script.connect()
    requests = [Request(action="list_actions", token=token) for token in tokens.values()]
    together = len(requests) if script.lore.slow else 1
    replies: list[Asked] = []
    for at in range(0, len(requests), together):
        few = requests[at : at + together]
        replies += await script.put_all(line, few, patience=row)
    for what, asked in zip(tokens, replies, strict=True):
        told = f"no reply carries the token ({what}) as it was: {script.why(line)}"
        judge.holds(row, asked.heard is not None, told, asked.sent, *last(line))


@requirement("ARCH-CORR-003")
async def test_very_long_token_is_not_cut(script: Dialogue, judge: Judge) -> None:
    """It may be too long to be answered, but what comes back is all of it."""
    line = await script.connect()
    token = new_token() * 64
    sent = await script.say(line, Request(action="list_actions", token=token))
    heard = await line.wait(partial(_begins, token), min(_A_WHILE, script.timeout))
    whole = heard is None or echoes(heard, token)
    told = "a token of 2048 characters comes back cut"
    judge.holds("ARCH-CORR-003", whole, told, sent, *([heard] if heard else []))


def _begins(token: str, frame: Frame) -> bool:
    """Does a message of the agent carry some beginning of that token?"""
    said = message_of(frame) if frame.sender == "peer" else None
    found = said.get("idempotence") if isinstance(said, dict) else None
    return isinstance(found, str) and len(found) >= 8 and token.startswith(found)


@pytest.mark.parametrize(
    ("row", "count"), [case("ARCH-CORR-008", _SOME), case("ARCH-ROB-023", _MANY)]
)
@requirement("ARCH-CORR-014")
async def test_flow_many_in_flight(row: str, count: int, script: Dialogue, judge: Judge) -> None:
    """Two sorts in turn: the catalogue, and actions that nobody knows, each with its own name."""
    line = await script.connect()
    survey = await survey_of(script)
    other = [each for each in ("servers", *survey.plain) if each in survey.plain]
    names = ["list_actions", *dict.fromkeys(name for name in other if name != "list_actions")][:4]
    requests = [Request(action=names[n % len(names)], token=new_token()) for n in range(count)]
    replies = await script.put_all(line, requests)
    shapes = {
        name: json.dumps(outline(call.asked.reply, 3), sort_keys=True)
        for name, call in survey.plain.items()
    }
    shapes["list_actions"] = "a catalogue"
    for asked in replies:
        told = f"of {count} requests in flight one has no reply: {script.why(line)}"
        if not judge.holds(row, asked.heard is not None, told, asked.sent, *last(line, 2)):
            break
        theirs = {shape for name, shape in shapes.items() if name != asked.request.action}
        said = json.dumps(outline(asked.reply, 3), sort_keys=True)
        crossed = said in theirs and said != shapes.get(asked.request.action)
        crossed = crossed and _speaks_of_itself(asked.reply)
        # An error may have room for a catalogue, with nothing in it.
        lists = isinstance(asked.listed, dict) and bool(asked.listed or asked.request.lists)
        crossed = crossed or lists is not (asked.request.action == "list_actions")
        crossed = crossed and not survey.manners.tells_error(asked.request, asked.reply)
        told = f"the reply to {asked.request.action} is that to another action"
        judge.holds("ARCH-CORR-014", not crossed, told, *asked.frames)


def _speaks_of_itself(reply: Any) -> bool:
    """Is there anything in it by which an action could be known? Not in `{"status": "ok"}`, or in
    an error.
    """
    inner = bare(reply)
    names = set(inner) if isinstance(inner, dict) else set()
    for value in [*inner.values()] if isinstance(inner, dict) else []:
        names |= set(value) if isinstance(value, dict) else set()
    return bool(names - _COMMON) and not names & _OF_ERRORS


@requirement("ARCH-CORR-014")
async def test_errors_in_flight(script: Dialogue, judge: Judge) -> None:
    """An error that names an action names the one that was called."""
    line = await script.connect()
    names = [script.new("no-such-action") for _ in range(_SOME)]
    requests = [Request(action=name, token=new_token()) for name in names]
    for asked in await script.put_all(line, requests, patience="unknown"):
        if asked.heard is None:
            continue
        said = json.dumps(bare(asked.reply), ensure_ascii=False)
        others = [name for name in names if f'{name}"' in said and name != asked.request.action]
        wrong = others and asked.request.action not in said
        told = f"the reply to {asked.request.action} speaks of {', '.join(others[:2])}"
        judge.holds("ARCH-CORR-014", not wrong, told, *asked.frames)
    judge.holds("ARCH-CORR-014", True, "")


@requirement("ARCH-CORR-008", "ARCH-CORR-014")
async def test_everything_in_flight(script: Dialogue, judge: Judge) -> None:
    """All that can be called, side by side, quick and slow: each reply is like that to the same
    call by itself.
    """
    survey = await survey_of(script)
    line = await script.connect()
    calls = [survey.best(name) for name in survey.full]
    known = [call for call in calls if call and call.answered][:24]
    requests = [
        Request(
            action=call.action.name,
            parameters=call.asked.request.parameters,
            token=new_token(),
            names=call.asked.request.names,
        )
        for call in known
    ]
    replies = await script.put_all(line, requests)
    shapes = [json.dumps(outline(call.asked.reply, 4), sort_keys=True) for call in known]
    for number, asked in enumerate(replies):
        told = f"in flight with others {asked.request.action} has no reply: {script.why(line)}"
        if not judge.holds("ARCH-CORR-008", asked.heard is not None, told, asked.sent):
            break
        said = json.dumps(outline(asked.reply, 4), sort_keys=True)
        theirs = [shape for at, shape in enumerate(shapes) if at != number]
        crossed = said != shapes[number] and said in theirs and shapes.count(shapes[number]) == 1
        crossed = crossed and _speaks_of_itself(asked.reply)
        told = f"the reply to {asked.request.action} is that to another action"
        judge.holds("ARCH-CORR-014", not crossed, told, *known[number].asked.frames, *asked.frames)


@requirement("ARCH-CORR-009", "ARCH-EVENT-002")
async def test_flow_two_scripts_at_once(script: Dialogue, judge: Judge) -> None:
    """Replies go to whoever asked, and nobody hears a token that somebody else waits for."""
    await script.needs_company()
    lines = [await script.connect(f"script {n + 1}") for n in range(3)]
    listed = (await script.list_actions(lines[0])).listed or {}
    for _ in range(2 if script.lore.slow else 4):
        mine = [
            [Request(action="list_actions", token=new_token()) for _ in range(4)] for _ in lines
        ]
        pairs = list(zip(lines, mine, strict=True))
        replies = await asyncio.gather(*(script.put_all(line, few) for line, few in pairs))
        _judge_own(lines, replies, script, judge)
        if "servers" in listed:
            some = await script.ask(lines[0], "servers", patience="servers")
            _judge_own(lines, [[some], [], []], script, judge)
        if any(asked.heard is None for few in replies for asked in few):
            return


@requirement("ARCH-CORR-009", "ARCH-EVENT-002")
async def test_reply_on_the_newer_connection(script: Dialogue, judge: Judge) -> None:
    """One asks and another is there: older, or newer."""
    await script.needs_company()
    older, newer = await script.connect("older"), await script.connect("newer")
    for asking in (older, newer, older):
        few = await script.put_all(asking, [Request(action="list_actions", token=new_token())])
        rest = [few if line is asking else [] for line in (older, newer)]
        _judge_own([older, newer], rest, script, judge)
        for line in (older, newer):
            token = few[0].request.token
            await line.never(partial(_carries, token), 0.05, line.mark())
        _judge_own([older, newer], rest, script, judge)
    await _refused_aside(older, newer, script, judge)


async def _refused_aside(asking: Socket, other: Socket, script: Dialogue, judge: Judge) -> None:
    """What is refused is refused to whoever asked, too."""
    request = Request(action=script.new("no-such-action"), token=new_token())
    asked = await script.say(asking, request)
    await script.list_actions(asking)
    await script.list_actions(other)
    astray = await other.never(partial(_carries, request.token), 0.05)
    told = "the token of a command that there is not comes on another connection"
    judge.holds("ARCH-CORR-009", astray is None, told, asked, *([astray] if astray else []))


def _carries(token: Any, frame: Frame) -> bool:
    return echoes(frame, token)


def _judge_own(
    lines: list[Socket], replies: list[list[Asked]], script: Dialogue, judge: Judge
) -> None:
    for line, few in zip(lines, replies, strict=True):
        for asked in few:
            told = f"beside another script one has no reply: {script.why(line)}"
            judge.holds("ARCH-CORR-009", asked.heard is not None, told, asked.sent, *last(line, 2))
            told = "the first message with a token that is waited for is not its reply"
            if asked.heard and asked.request.lists:
                judge.holds("ARCH-EVENT-002", isinstance(asked.listed, dict), told, *asked.frames)
            for other in lines:
                astray = [
                    frame
                    for frame in other.frames
                    if other is not line
                    and frame.sender == "peer"
                    and echoes(frame, asked.request.token)
                ]
                told = "a token comes on another connection than the one where it was sent"
                judge.holds("ARCH-CORR-009", not astray, told, asked.sent, *astray)


@requirement("ARCH-CORR-011")
async def test_token_used_again(script: Dialogue, judge: Judge) -> None:
    """A token is free again once it has come back, here and on another connection."""
    await script.needs_company()
    lines = [await script.connect("first"), await script.connect("second")]
    token = new_token()
    for line in (lines[0], lines[0], lines[1]):
        asked = await script.list_actions(line, token=token)
        await script.list_actions(line)  # a second message of the first use is not taken for it
        told = f"a token that was used before does not come back: {script.why(line)}"
        judge.holds("ARCH-CORR-011", isinstance(asked.listed, dict), told, *asked.frames)


@requirement("ARCH-CORR-015")
async def test_one_token_on_two_connections(script: Dialogue, judge: Judge) -> None:
    """Scripts that count their commands use the same tokens, each on its own connection."""
    await script.needs_company()
    lines = [await script.connect("one"), await script.connect("other")]
    for _ in range(3):
        token = new_token()
        replies = await asyncio.gather(*(script.list_actions(line, token=token) for line in lines))
        for line, asked in zip(lines, replies, strict=True):
            told = f"two scripts use one token at once, and one has no reply: {script.why(line)}"
            judge.holds("ARCH-CORR-015", isinstance(asked.listed, dict), told, *asked.frames)


@requirement("ARCH-CORR-013")
async def test_tokens_alike(script: Dialogue, judge: Judge) -> None:
    """Tokens that differ in a single place, in their case or in their length are not one."""
    line = await script.connect()
    stem = new_token()[:20]
    tokens = [stem, stem + "a", stem + "b", stem + "A", stem.upper() + "b", "x" + stem]
    requests = [Request(action="list_actions", token=token) for token in dict.fromkeys(tokens)]
    for asked in await script.put_all(line, requests):
        told = f"of requests with tokens nearly alike one has no reply: {script.why(line)}"
        judge.holds("ARCH-CORR-013", asked.heard is not None, told, asked.sent, *last(line, 2))
