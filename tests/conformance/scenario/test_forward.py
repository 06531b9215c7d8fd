"""A scenario run forward, over real sockets: what is asked, said, told, refused, and left out."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from conformance.clients.rfc6455 import frame_bytes
from conformance.target import Hook, Target
from schemas.arazzo.model import Parameter, Step, Times
from tests.conformance.peers import Line, answer, listening
from tests.conformance.scenario.driving import ADVANCE, play, played_at
from tests.conformance.sockets import accepted
from tests.mockserver.scenario.building import (
    OK,
    action,
    criterion,
    deed,
    known,
    receive,
    step,
    workflow,
)

EVENTS = known("caxton").channels["events"]
WHO = [Parameter(name="agent_id", value="$inputs.id", place="path")]
ME = {"id": "a-1"}


def register(name: str = "register", *criteria: Any, **fields: Any) -> Step:
    payload = {"agent_id": "$inputs.id", "agent_type": "worker"}
    return step(name, *criteria, does="registerAgent", payload=payload, **fields)


def look(name: str = "look", *criteria: Any, **fields: Any) -> Step:
    return step(name, *criteria, does="getAgent", parameters=WHO, **fields)


def sends(name: str, payload: Any, **fields: Any) -> Step:
    return step(name, action="send", channel=EVENTS, payload=payload, **fields)


def told(name: str, *criteria: Any, message: str = "coordinatorMessage", **fields: Any) -> Step:
    return receive(name, *criteria, channel=EVENTS, message=message, **fields)


def subscribe(name: str = "subscribe", **fields: Any) -> Step:
    return sends(name, {"type": "subscribe", "events": ["*"]}, **fields)


class TestHttp:
    async def test_coordinator_that_keeps_the_scenario(self) -> None:
        async with played_at("aitbc") as (target, _):
            seen = await play(
                "aitbc",
                target,
                register("register", criterion(OK, "C-1"), outputs={"at": "$url"}),
                look("look", "$response.body#/agent/agent_id == $inputs.id", requirements=["C-2"]),
                inputs=ME,
            )
        assert seen.kept is True
        assert seen.verdicts() == {"C-1": True, "C-2": True}

    async def test_coordinator_that_answers_otherwise(self) -> None:
        async with played_at("aitbc") as (target, _):
            seen = await play("aitbc", target, look("look", criterion(OK, "C-1")), inputs=ME)
        assert seen.kept is False
        assert seen.verdicts() == {"C-1": False}
        assert seen.reason == "look: $statusCode == 200 does not hold: $statusCode is 404"
        assert seen.peer.shown, "there is evidence"

    async def test_answer_that_refuses_fails_a_step_without_criteria(self) -> None:
        async with played_at("aitbc") as (target, _):
            seen = await play("aitbc", target, look(), inputs=ME)
        assert seen.reason == "look: getAgent was answered 404"

    async def test_expression_that_leads_nowhere_fails_its_step(self) -> None:
        async with played_at("aitbc") as (target, _):
            seen = await play("aitbc", target, look())
        assert seen.reason == "look: $inputs.id leads to nothing"

    async def test_text_that_is_no_json_is_sent_as_it_is(self) -> None:
        async with played_at("aitbc") as (target, mock):
            odd = step("odd", "$statusCode == 422", does="registerAgent", payload="{no json")
            seen = await play("aitbc", target, odd)
            assert next(iter(mock.session.transcript)).body == b"{no json"
        assert seen.kept is True

    async def test_retry_until_it_is_as_it_should_be(self) -> None:
        retry = action("retry", "$statusCode == 503", limit=3, after=0.01)
        async with played_at("aitbc", hooks={"force": FORCE}) as (target, mock):
            force = deed("hook", "force", said={"operation": "getAgent", "status": 503})
            again = look("look", criterion(OK, "C-1"), on_failure=[retry], before=[force])
            seen = await play("aitbc", target, register(), again, inputs=ME)
            assert len(list(mock.session.transcript)) == 3
        assert seen.kept is True
        assert seen.verdicts() == {"C-1": True}

    async def test_steps_of_a_group_are_done_at_once(self) -> None:
        together = asyncio.Barrier(3)

        async def serve(line: Line) -> None:
            await line.heard()
            await together.wait()
            await line.say(answer())

        async with listening(serve) as url:
            steps = [step(name, does="getTaskStatus", unordered="u") for name in "abc"]
            seen = await play("aitbc", Target(timeout=5.0).with_url(url), *steps)
        assert seen.kept is True

    async def test_time_out_of_a_step(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            await asyncio.sleep(30)

        async with listening(serve) as url:
            slow = step("slow", does="getTaskStatus", timeout=0.05)
            seen = await play("aitbc", Target(timeout=5.0).with_url(url), slow)
        assert seen.reason == "slow: getTaskStatus was not answered within 0.05 s"

    async def test_peer_that_hangs_is_not_waited_for_for_ever(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            await asyncio.sleep(30)

        async with listening(serve) as url:
            slow = step("slow", does="getTaskStatus")
            seen = await play("aitbc", Target(timeout=0.2).with_url(url), slow)
        assert seen.kept is False
        assert seen.reason.startswith("slow: getTaskStatus: ")

    async def test_peer_that_hangs_up(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()

        async with listening(serve) as url:
            ask = step("ask", does="getTaskStatus")
            seen = await play("aitbc", Target(timeout=5.0).with_url(url), ask)
        assert seen.kept is False
        assert seen.reason.startswith("ask: getTaskStatus: ")

    async def test_never_of_the_client_is_not_done(self) -> None:
        async with played_at("aitbc") as (target, mock):
            never = look("never", never=True, within=30.0)
            seen = await play("aitbc", target, never, register(), inputs=ME)
            assert len(list(mock.session.transcript)) == 1
        assert seen.kept is True

    async def test_called_workflow_is_done(self) -> None:
        parameters = [Parameter(name="id", value="$inputs.id")]
        calls = step("call", workflow="enter", parameters=parameters)
        enter = workflow(register(), id="enter", inputs=["id"])
        async with played_at("aitbc") as (target, _):
            seen = await play("aitbc", target, calls, look(), inputs=ME, others=(enter,))
        assert seen.kept is True


FORCE = Hook(
    url="/_assay/faults",
    json={"kind": "status", "operation": "{operation}", "status": "{status}"},
)


class TestDeeds:
    async def test_hook_is_run_and_hands_something_over(self) -> None:
        given = Hook(url="/_assay/enrol", json={"name": "{name}"}, result="")
        async with played_at("aitbc", hooks={"enrol": given}) as (target, _):
            enrolled = deed("hook", "enrol", said={"name": "$inputs.id"}, output="given")
            entered = register(before=[enrolled], outputs={"x": "$steps.register.outputs.given"})
            seen = await play("aitbc", target, entered, inputs=ME)
        assert seen.kept is True

    async def test_time_is_made_to_pass(self) -> None:
        async with played_at("aitbc", hooks={"advance": ADVANCE}) as (target, _):
            gone = criterion("$response.body#/agent/status != 'active'", "C-1")
            seen = await play(
                "aitbc",
                target,
                register(after=[deed("advance", 95)]),
                look("look", gone),
                inputs=ME,
            )
        assert seen.verdicts() == {"C-1": True}

    @pytest.mark.parametrize(
        ("wanted", "told"),
        [
            (deed("advance", 95), "the target has no hook 'advance'"),
            (deed("restart", value=True), "the target has no hook 'restart'"),
            (deed("hook", "odd"), "the target has no hook 'odd'"),
            (deed("wait", "long"), "could not convert"),
        ],
    )
    async def test_hook_that_is_missing_leaves_what_follows_open(
        self, wanted: Any, told: str
    ) -> None:
        rows = criterion(OK, "C-2")
        for steps in (
            [register(), look("look", rows, before=[wanted], requirements=["C-1"])],
            [register(after=[wanted]), look("look", rows)],
            [register(), look("look", rows, before=[wanted], optional=True)],
        ):
            async with played_at("aitbc") as (target, mock):
                seen = await play("aitbc", target, *steps, inputs=ME)
                assert len(list(mock.session.transcript)) == 1, "nothing was asked after it"
            assert seen.kept is None
            assert told in seen.reason

    async def test_short_waits_need_no_hook(self) -> None:
        async with played_at("aitbc") as (target, _):
            waits = [deed("advance", 0.02), deed("wait", 0.01), deed("close", 1000)]
            seen = await play("aitbc", target, register(before=waits), inputs=ME)
        assert seen.kept is True


class TestWebSocket:
    async def test_conversation(self) -> None:
        steps = [
            step("open", "$statusCode == 101", action="send", channel=EVENTS, opens=True),
            subscribe(),
            told("told", "$message.payload#/type == 'subscribed'", outputs={"id": SUBSCRIPTION}),
            sends("end", {"type": "unsubscribe", "subscription_id": "$steps.told.outputs.id"}),
            told("over", criterion("$message.payload#/type == 'unsubscribed'", "C-1")),
            step("leave", action="send", channel=EVENTS, closes=1000),
        ]
        async with played_at("caxton") as (target, mock):
            seen = await play("caxton", target, *steps)
            kinds = [frame.kind for frame in mock.session.transcript.frames]
        assert seen.kept is True
        assert seen.verdicts() == {"C-1": True}
        assert kinds == ["text"] * 4 + ["close"] * 2

    async def test_connection_is_opened_by_whoever_needs_it(self) -> None:
        async with played_at("caxton") as (target, mock):
            seen = await play("caxton", target, subscribe(), told("told"))
            assert len(list(mock.session.transcript)) == 1
        assert seen.kept is True

    async def test_connections_have_names(self) -> None:
        steps = [
            subscribe("one", connection="first"),
            subscribe("two", connection="second"),
            told("first", connection="first"),
            told("second", connection="second"),
        ]
        async with played_at("caxton") as (target, mock):
            seen = await play("caxton", target, *steps)
            assert {frame.connection for frame in mock.session.transcript.frames} >= {1, 2}
        assert seen.kept is True

    async def test_refusal_can_be_what_is_wanted(self) -> None:
        token = [Parameter(name="token", value="odd", place="query")]
        opens = step(
            "open",
            "$statusCode == 401",
            action="send",
            channel=EVENTS,
            opens=True,
            parameters=token,
        )
        async with played_at("caxton") as (target, _):
            wanted = await play("caxton", target, opens)
            refused = await play("caxton", target, subscribe(parameters=token))
        assert wanted.kept is True
        assert refused.kept is False
        assert refused.reason.startswith("subscribe: the handshake was refused: ")

    async def test_near_miss_is_told(self) -> None:
        wrong = criterion("$message.payload#/type == 'odd'", "C-1")
        async with played_at("caxton") as (target, _):
            seen = await play("caxton", target, subscribe(), told("told", wrong, timeout=0.1))
        assert seen.verdicts() == {"C-1": False}
        assert "no coordinatorMessage came within 0.1 s" in seen.reason
        assert "a coordinatorMessage came, but $message.payload#/type == 'odd'" in seen.reason

    async def test_message_begun_ahead_has_as_long_as_what_is_done_meanwhile(self) -> None:
        steps = [
            told("ahead", message="systemAlert"),
            subscribe(),
            told("told", after=[deed("wait", 0.4), deed("hook", "alert")]),
            step(
                "open",
                action="send",
                channel=EVENTS,
                opens=True,
                connection="x",
                depends_on=["ahead"],
            ),
        ]
        hooks = {"alert": Hook(url="/_assay/alert", json={})}
        async with played_at("caxton", hooks=hooks) as (target, _):
            object.__setattr__(target, "timeout", 0.2)
            seen = await play("caxton", target, *steps)
        assert seen.kept is True, seen.reason

    async def test_two_that_never_come_are_not_waited_for_for_ever(self) -> None:
        steps = [told("a", unordered="u"), told("b", unordered="u", message="systemAlert")]
        async with played_at("caxton") as (target, _):
            object.__setattr__(target, "timeout", 0.1)
            seen = await play("caxton", target, *steps)
        assert seen.kept is False

    async def test_text_that_is_no_json_is_said_as_it_is(self) -> None:
        steps = [
            sends("odd", "{no json", unlawful=True),
            told("told", "$message.payload#/type == 'error'"),
        ]
        async with played_at("caxton") as (target, mock):
            seen = await play("caxton", target, *steps)
            assert mock.session.transcript.frames[0].data == b"{no json"
        assert seen.kept is True


_CLOSE = 0x88
SUBSCRIPTION = "$message.payload#/subscription_id"
ALERT = {"type": "system.alert", "severity": "low", "message": "m"}


def _text(payload: Any) -> bytes:
    return frame_bytes(1, orjson.dumps(payload), masked=False)


class _Talker:
    """A coordinator that says these messages when it is spoken to, and ends if it is to."""

    def __init__(self, *said: bytes) -> None:
        self.said = said

    async def __call__(self, line: Line) -> None:
        await line.say(accepted(await line.heard()))
        await line.reader.read(1000)
        await line.say(b"".join(self.said))
        while (heard := await line.reader.read(1000)) and heard[0] != _CLOSE:
            pass


async def _talk(*said: bytes, steps: list[Step]) -> Any:
    async with listening(_Talker(*said)) as url:
        return await play("caxton", Target(timeout=5.0).with_url(url), *steps)


class TestWhatMustNotCome:
    def steps(self, *last: Step) -> list[Step]:
        never = receive(
            "never", channel=EVENTS, message="systemAlert", never=True, requirements=["C-1"]
        )
        opens = step("open", action="send", channel=EVENTS, opens=True)
        return [opens, never, subscribe(), *last]

    async def test_it_does_not(self) -> None:
        seen = await _talk(_text({"type": "subscribed"}), steps=self.steps(told("told")))
        assert seen.kept is True
        assert seen.verdicts() == {"C-1": True}

    async def test_it_does_together_with_the_last(self) -> None:
        for order in (1, -1):
            said = [_text(ALERT), _text({"type": "subscribed"})][::order]
            seen = await _talk(*said, steps=self.steps(told("told")))
            # what comes behind the last thing that is awaited comes after the end
            assert seen.verdicts() == {"C-1": order == -1}

    async def test_it_is_seen_from_what_the_step_before_was_told(self) -> None:
        never = receive(
            "never",
            channel=EVENTS,
            message="systemAlert",
            never=True,
            within=0.05,
            requirements=["C-1"],
        )
        steps = [subscribe(), told("told"), never]
        after = [_text({"type": "subscribed"}), _text(ALERT)]
        assert (await _talk(*after, steps=steps)).verdicts() == {"C-1": False}
        assert (await _talk(*after[::-1], steps=steps)).verdicts() == {"C-1": True}

    async def test_its_time_passes(self) -> None:
        never = receive(
            "never",
            channel=EVENTS,
            message="systemAlert",
            never=True,
            within=0.05,
            requirements=["C-1"],
        )
        seen = await _talk(_text({"type": "subscribed"}), steps=[subscribe(), never])
        assert seen.kept is True
        assert seen.verdicts() == {"C-1": True}

    async def test_connection_must_not_be_closed(self) -> None:
        closes = receive("never", channel=EVENTS, closes=1011, never=True, requirements=["C-1"])
        end = frame_bytes(8, b"\x03\xf3", masked=False)
        opens = step("open", action="send", channel=EVENTS, opens=True)
        steps = [opens, closes, subscribe(), told("told")]
        seen = await _talk(
            _text({"type": "subscribed"}), end, steps=[*steps, told("more", optional=True)]
        )
        assert seen.verdicts() == {"C-1": False}

    async def test_client_does_not_do_what_it_must_not(self) -> None:
        async with played_at("caxton") as (target, mock):
            never = subscribe("never", never=True)
            seen = await play("caxton", target, never, subscribe(), told("told"))
            said = [frame.message for frame in mock.session.transcript.frames]
            assert said[:2] == ["subscribe", "coordinatorMessage"]
            assert said.count("subscribe") == 1
        assert seen.kept is True

    async def test_too_many_are_too_many(self) -> None:
        for count in (1, 2):
            once = told(
                "told",
                "$message.payload#/type == 'subscribed'",
                times=Times(1, 1),
                requirements=["C-1"],
            )
            said = [_text({"type": "subscribed"})] * count
            last = told("last", "$message.payload#/type == 'last'")
            seen = await _talk(*said, _text({"type": "last"}), steps=[subscribe(), once, last])
            assert seen.kept is (count == 1)
            assert seen.verdicts() == {"C-1": count == 1}

    async def test_what_a_later_step_awaits_is_none_too_many(self) -> None:
        steps = [subscribe(), told("one", times=Times(1, 1)), told("two")]
        said = [_text({"type": "subscribed"})] * 2
        seen = await _talk(*said, steps=steps)
        assert seen.kept is True


class TestEnds:
    async def test_coordinator_closes_as_it_should(self) -> None:
        end = frame_bytes(8, b"\x03\xf3", masked=False)
        closed = receive("closed", channel=EVENTS, closes=1011, requirements=["C-1"])
        seen = await _talk(end, steps=[subscribe(), closed])
        assert seen.kept is True

    async def test_coordinator_closes_otherwise(self) -> None:
        end = frame_bytes(8, b"\x03\xe8", masked=False)
        closed = receive("closed", channel=EVENTS, closes=1011, requirements=["C-1"])
        seen = await _talk(end, steps=[subscribe(), closed])
        assert seen.reason == "closed: it was closed with 1000, not 1011"

    async def test_coordinator_does_not_close(self) -> None:
        closed = receive("closed", channel=EVENTS, closes=1011, timeout=0.05)
        seen = await _talk(steps=[subscribe(), closed])
        assert seen.reason == "closed: the connection was not closed within 0.05 s"

    async def test_coordinator_is_gone_before_it_said_it(self) -> None:
        end = frame_bytes(8, b"\x03\xe8", masked=False)
        seen = await _talk(end, steps=[subscribe(), told("told")])
        assert seen.reason == "told: no coordinatorMessage came before the connection ended"

    async def test_what_was_said_before_the_end_counts(self) -> None:
        end = frame_bytes(8, b"\x03\xe8", masked=False)
        closed = receive("closed", channel=EVENTS, closes=1000)
        seen = await _talk(
            _text({"type": "subscribed"}), end, steps=[subscribe(), closed, told("told")]
        )
        assert seen.kept is True

    async def test_nothing_can_be_said_when_it_is_over(self) -> None:
        end = frame_bytes(8, b"\x03\xe8", masked=False)
        closed = receive("closed", channel=EVENTS, closes=1000)
        again = subscribe("again")
        seen = await _talk(end, steps=[subscribe(), closed, again])
        # it comes back on a new connection
        assert seen.kept is True

    async def test_flood_ends(self) -> None:
        async def serve(line: Line) -> None:
            await line.say(accepted(await line.heard()))
            flood = _text({"type": "noise"}) * 1000
            while True:
                await line.say(flood)

        async with listening(serve) as url:
            target = Target(timeout=5.0).with_url(url)
            seen = await play("caxton", target, told("told", message="systemAlert"))
        assert seen.kept is False


class TestProcedures:
    async def test_procedure_is_called(self) -> None:
        operation = known("caxton").operations["AgentService.ListAgents"]
        total = criterion("$response.body#/total == 0", "C-1")
        asks = Step(id="list", operation=operation, criteria=[criterion(OK), total])
        async with played_at("caxton") as (target, _):
            seen = await play("caxton", target, asks)
        assert seen.kept is True, seen.reason
        assert seen.verdicts() == {"C-1": True}

    async def test_procedure_that_is_refused(self) -> None:
        operation = known("caxton").operations["AgentService.ListAgents"]
        anonymous = [Parameter(name="authorization", value=None, place="header")]
        refused = Step(
            id="list",
            operation=operation,
            criteria=[criterion("$statusCode == 401")],
            parameters=anonymous,
        )
        async with played_at("caxton") as (target, _):
            seen = await play("caxton", target, refused)
        assert seen.kept is True, seen.reason


class TestLate:
    async def test_late_is_late(self) -> None:
        async def serve(line: Line) -> None:
            await line.heard()
            await asyncio.sleep(0.5)
            await line.say(answer())

        async with listening(serve) as url:
            slow = step("slow", does="getTaskStatus", within=0.05, requirements=["C-1"])
            seen = await play("aitbc", Target(timeout=5.0).with_url(url), slow)
        assert seen.verdicts() == {"C-1": False}
        assert "not 0.05 s at most" in seen.reason
