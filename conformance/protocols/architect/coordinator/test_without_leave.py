"""Who does not offer the right credentials is blocked, and no secret is told on the way.

These come last in a run: an agent may lock everybody out for a while after many failures.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.clients.opener import Opener
from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.exchange import MISSING, Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, exclusive, requirement
from conformance.plugin import Suite
from conformance.protocols.architect.coordinator.backdoor import behind_refusal
from conformance.protocols.architect.coordinator.effects import effects_of
from conformance.protocols.architect.coordinator.offers import OFFERS, Offer, of
from conformance.protocols.architect.dialogue import (
    CHANNEL,
    VERSION,
    Dialogue,
    Lore,
    echoes,
    last,
    new_token,
)
from conformance.protocols.architect.replies import Request
from conformance.protocols.architect.survey import survey_of

pytestmark = [exclusive("log-ins"), pytest.mark.exhausts]

_of_everybody = requirement("ARCH-AUTH-015", "ARCH-AUTH-016", "ARCH-AUTH-017")

_PROMPT = 5.0
"""Seconds that a connection which is blocked by closing it may last."""

_GLANCE = 0.7

_AT_LAST = 0.25
"""Seconds in which an agent that is about to end does end."""

_STRANGERS = ("stranger", "stranger-2")

_HEADER = "Sec-WebSocket-Protocol"

_DOUBTFUL = ("ARCH-AUTH-010", "ARCH-AUTH-011")
"""That these are to be blocked is no more than implied: whoever is let in may be served."""

_REFUSING = (
    b"log in",
    *b"auth credential denied forbidden password login block reject refus invalid missing".split(),
    *b"protocol unsupported handshake access smp1".split(),
)
_NOTICE = 1000


@dataclass(frozen=True, kw_only=True)
class Turned:
    """What became of a stranger: how it was told, what it heard, and whether it was ended."""

    exchange: Exchange
    frames: tuple[Frame, ...] = ()
    heard: Frame | None = None
    ended: bool = True
    refused: bool = True

    @property
    def shown(self) -> tuple[Exchange | Frame, ...]:
        return (self.exchange, *self.frames[-4:])


@requirement("ARCH-CONN-002")
async def test_nobody_was_turned_away(
    request: pytest.FixtureRequest, lore: Lore, judge: Judge
) -> None:
    """Until now nobody has failed to log in, unless other workers are at it."""
    if not lore.known or hasattr(request.config, "workerinput"):
        raise UnjudgeableError("nobody ever came in, or others fail to beside us")
    shown = [] if lore.turned_away is None else [lore.turned_away]
    told = "the right credentials are refused, and were taken before"
    judge.holds("ARCH-CONN-002", not shown, told, *shown)


@requirement("ARCH-AUTH-001", "ARCH-AUTH-004")
async def test_commands_of_strangers_do_nothing(script: Dialogue, judge: Judge) -> None:
    """Not even where nothing is answered: what they ask for is not done."""
    found = (await effects_of(script, await survey_of(script)))[:1]
    for row, offered in (
        ("ARCH-AUTH-001", []),
        ("ARCH-AUTH-004", [VERSION, script.username, "assay-wrong"]),
    ):
        for effect in found:
            request = effect.request(script.new("no-such"))
            said = await _hurried(script, offered, request)
            line = await script.connect("witness")
            done = await effect.shows(request.parameters[effect.parameter], line, script)
            told = f"{request.action} of somebody who must be blocked is done, and {effect.viewer}"
            judge.holds(row, not done, f"{told} tells so", *said, *last(line, 2))
        judge.holds(row, True, "")


async def _hurried(script: Dialogue, offered: list[str], request: Request) -> tuple[Frame, ...]:
    """Knock, and ask at once for something, whether that was let in or not."""
    headers = {_HEADER: ", ".join(offered)} if offered else {}
    path = script.lore.path
    said = await script.opener.raw(CHANNEL, "stranger", see=False, headers=headers, path=path)
    if isinstance(said, Refused):
        return ()
    await said.send(request.payload())
    await said.ended(_GLANCE)
    said.abort()
    return tuple(said.frames[:2])


@_of_everybody
@requirement("ARCH-CONN-004", "ARCH-CONN-014", "ARCH-AUTH-014")
async def test_flow_one_failure(script: Dialogue, judge: Judge) -> None:
    """Somebody fails: not they, but all others are served, and they not the next time either."""
    beside = await script.side_by_side()
    staying = await script.connect("staying")
    for turn in range(2):
        turned = await _turned(script, of("V", "U", "assay-wrong")(script))
        _judge_blocked("ARCH-AUTH-014", turned, script, judge)
        if beside or not turn:  # one alone is let in: it has made room for the new one
            served = (await script.list_actions(staying)).heard is not None
            told = f"after a failed log-in another connection is not served: {script.why(staying)}"
            judge.holds("ARCH-CONN-014", served, told, *turned.shown, *last(staying))
        if not beside:
            await staying.close()
        new = await script.knock("the right one")
        told = f"after a failed log-in the right one: {getattr(new, 'reason', '')}"
        judge.holds("ARCH-CONN-004", isinstance(new, Socket), told, *turned.shown)
        if isinstance(new, Socket):
            served = (await script.list_actions(new)).heard is not None
            told = f"after a failed log-in nobody is served: {script.why(new)}"
            judge.holds("ARCH-CONN-014", served, told, *turned.shown, *last(new))
            await new.close()


@_of_everybody
@requirement("ARCH-AUTH-015", "ARCH-CORR-009", "ARCH-CONN-014")
async def test_stranger_beside_a_busy_script(script: Dialogue, judge: Judge) -> None:
    """While another is served, and things happen, a stranger hears nothing of it, and takes
    nothing away.
    """
    beside = await script.side_by_side()
    busy = await script.connect("busy")
    task = asyncio.create_task(_turned(script, [VERSION, "assay-nobody", "assay-wrong"]))
    end = time.monotonic() + _GLANCE
    while time.monotonic() < end and not task.done():
        requests = [Request(action="list_actions", token=new_token()) for _ in range(2)]
        lost = [each for each in await script.put_all(busy, requests) if each.heard is None]
        if beside:
            told = f"while somebody fails to log in a reply is lost: {script.why(busy)}"
            judge.holds("ARCH-CONN-014", not lost, told, *(each.sent for each in lost[:1]))
    _judge_blocked("ARCH-AUTH-015", await task, script, judge)
    replies = [each for each in busy.frames if any(echoes(each, token) for token in _STRANGERS)]
    judge.holds("ARCH-CORR-009", not replies, "a stranger's command is answered here", *replies)


@_of_everybody
@pytest.mark.parametrize(("row", "offers"), [case(*each) for each in OFFERS.items()])
async def test_blocked(row: str, offers: list[Offer], script: Dialogue, judge: Judge) -> None:
    offered = [each for offer in offers if (each := offer(script)) != list(script.offer)]
    for turned in await asyncio.gather(*(_turned(script, each) for each in offered)):
        _judge_blocked(row, turned, script, judge)
    if not offered:
        judge.inconclusive(row, "with these credentials it makes no difference")


@_of_everybody
@requirement("ARCH-AUTH-012")
async def test_credentials_elsewhere(script: Dialogue, judge: Judge) -> None:
    basic = base64.b64encode(f"{script.username}:{script.password}".encode()).decode()
    bearer = {"Authorization": f"Bearer {script.password}"}
    query = {"username": script.username, "password": script.password}
    for options in (
        {"headers": {"Authorization": f"Basic {basic}"}},
        {"headers": bearer},
        {"query": query},
        {"query": {"user": script.username, "token": script.password}},
    ):
        turned = await _turned(script, [], **options)
        _judge_blocked("ARCH-AUTH-012", turned, script, judge)


@_of_everybody
@requirement("ARCH-AUTH-001", "ARCH-AUTH-004")
async def test_who_says_that_it_is_near(script: Dialogue, judge: Judge) -> None:
    """What anybody can write in a header is no log-in, least of all where one comes from."""
    near = "127.0.0.1"
    headers = {
        "Forwarded": f"for={near}",
        "Origin": "http://localhost",
        "X-Forwarded-For": near,
        "X-Forwarded-User": script.username,
        "X-Real-IP": near,
    }
    wrong = [VERSION, script.username, "assay-wrong"]
    for row, offered in (("ARCH-AUTH-001", []), ("ARCH-AUTH-004", wrong)):
        turned = await _turned(script, offered, headers=headers)
        _judge_blocked(row, turned, script, judge)


@_of_everybody
@requirement("ARCH-AUTH-013")
async def test_other_paths(script: Dialogue, judge: Judge) -> None:
    paths = ("/", "/other", "/ws/", "/api", "/ws/events", "/WS", "/socket", "//ws")
    turned = await asyncio.gather(*(_turned(script, [], path=path) for path in paths))
    wrong = [VERSION, "assay-nobody", "assay-wrong"]
    turned += await asyncio.gather(*(_turned(script, wrong, path=path) for path in paths[:3]))
    for each in turned:
        _judge_blocked("ARCH-AUTH-013", each, script, judge)


@_of_everybody
@requirement("ARCH-AUTH-014")
async def test_failing_again_and_again(script: Dialogue, judge: Judge) -> None:
    names = [f"assay-nobody-{turn}" for turn in range(12)]
    for turn, name in enumerate(names):
        if turn % 6 == 3:
            await _turned_right(script)
        turned = await _turned(script, [VERSION, name, "assay-wrong"])
        _judge_blocked("ARCH-AUTH-014", turned, script, judge)


@_of_everybody
@requirement("ARCH-AUTH-014")
async def test_failing_while_others_come_in(script: Dialogue, judge: Judge) -> None:
    """Strangers knock at the very moment at which the right credentials are being looked at."""
    for _ in range(2):
        right = asyncio.gather(*(_turned_right(script) for _ in range(3)))
        strangers = [[], [VERSION, script.username, "assay-wrong"]] * 3
        for turned in await asyncio.gather(*(_turned(script, each) for each in strangers)):
            _judge_blocked("ARCH-AUTH-014", turned, script, judge)
        await right


@requirement("ARCH-AUTH-018")
async def test_nothing_behind_a_refusal(script: Dialogue, judge: Judge) -> None:
    for offered in ([VERSION, "assay-nobody", "assay-wrong"], []):
        for again in (False, True):
            said = await behind_refusal(script, offered, again=again)
            judge.holds(
                "ARCH-AUTH-018",
                not said,
                "after the refusal WebSocket messages are taken and answered on the connection",
                actual=said[:200].decode("utf-8", "backslashreplace"),
            )


@requirement("ARCH-CONN-016")
async def test_still_there(suite: Suite, script: Dialogue, judge: Judge) -> None:
    """What ended the agent, if anything did, is the last that was done before it was missed."""
    if not script.lore.known:
        await script.come_and_go()
    await _turned(script, [VERSION, "assay-nobody", "assay-wrong"])
    await asyncio.sleep(_AT_LAST)
    gone = await Opener(suite.protocol, suite.context.target, lambda *_: None).gone()
    judge.holds("ARCH-CONN-016", not gone, "the agent no longer accepts connections")


async def _turned_right(script: Dialogue) -> None:
    said = await script.knock("the right one")
    if isinstance(said, Socket):
        await said.close()


async def _turned(script: Dialogue, offered: list[str], **options: Any) -> Turned:
    """Knock with that offer, and see what becomes of it: words are tried on whoever opens."""
    options.setdefault("path", script.lore.path)
    headers: dict[str, Any] = {**options.pop("headers", {})}
    if offered:
        headers[_HEADER] = ", ".join(offered)
    said = await script.opener.raw(CHANNEL, "stranger", see=False, headers=headers, **options)
    if isinstance(said, Refused):
        return Turned(
            exchange=said.exchange,
            ended=said.status is not None or not said.reason.startswith("no answer"),
        )
    return await _watched(said, min(_PROMPT, script.timeout))


async def _watched(line: RawSocket, seconds: float) -> Turned:
    end = time.monotonic() + seconds
    for _ in range(3):
        for action, token in zip(("list_actions", "servers"), _STRANGERS, strict=True):
            await line.send({"action": action, "parameters": {}, "idempotence": token})
        if await line.wait(_is_message, _GLANCE / 3) or line.closed:
            break
    heard = await line.wait(_is_message, 0)
    if heard is None or _is_refusal(heard):
        await line.ended(max(0.0, end - time.monotonic()))
        messages = [frame for frame in line.frames if frame.sender == "peer" and _is_message(frame)]
        told = line.closed is not None and len(messages) == 1 and _is_refusal(messages[0])
        heard = None if told else next(iter(messages), None)
    turned = Turned(
        exchange=line.handshake,
        frames=tuple(line.frames),
        heard=heard,
        ended=line.closed is not None,
        refused=False,
    )
    line.abort()
    return turned


def _is_message(frame: Frame) -> bool:
    """A message of the protocol: text that is no JSON is nothing (a greeting, say)."""
    return frame.kind == "binary" or (frame.kind == "text" and frame.json is not MISSING)


def _is_refusal(frame: Frame) -> bool:
    """Words on why the connection is about to end: they serve nobody, and answer no command."""
    said = frame.json
    if not isinstance(said, dict) or said.get("idempotence") or len(frame.data) > _NOTICE:
        return False
    return any(word in frame.data.lower() for word in _REFUSING)


def _judge_blocked(row: str, turned: Turned, script: Dialogue, judge: Judge) -> None:
    served = turned.heard is not None
    blocked = not served and (turned.refused or turned.ended)
    told = "a connection that must be blocked is open and " + ("served" if served else "stays so")
    judge.holds(row, blocked, told, *turned.shown)
    if row not in _DOUBTFUL:
        told = "somebody who must be blocked receives messages"
        judge.holds("ARCH-AUTH-015", not served, told, *turned.shown)
        told = "a log-in that must be blocked is neither refused nor ended"
        judge.holds("ARCH-AUTH-016", turned.ended, told, *turned.shown)
    secret = script.password if len(script.password) > 3 else ""
    offered = secret and secret in str(turned.exchange.headers) + turned.exchange.url
    told_again = secret and secret in _all_that_was_told(turned)
    judge.holds(
        "ARCH-AUTH-017",
        not told_again or bool(offered),
        "the password is told to somebody who did not know it",
        *turned.shown,
    )


def _all_that_was_told(turned: Turned) -> str:
    headers: Mapping[str, str] = turned.exchange.answer_headers
    body = turned.exchange.answer.decode("utf-8", "replace")
    told = [each for each in turned.frames if each.sender == "peer"]
    said = "".join(each.reason + each.data.decode("utf-8", "replace") for each in told)
    return str(dict(headers)) + body + said
