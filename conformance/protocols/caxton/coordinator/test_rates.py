"""Rates, and the headers that tell what is left of them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from itertools import pairwise

from conformance.clients.grpc import GrpcClient
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import exhausts, requirement
from conformance.plugin import Suite
from conformance.protocols.caxton.budget import LIMITS, Budget, judge_written, refused_for_rate
from conformance.protocols.caxton.caller import Caller
from conformance.protocols.caxton.client import WASM, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.roll import call_roll

_OK = range(200, 300)

_MINUTE = 61.0
_LONGEST = 75.0
"""Seconds that the time of a reset is waited for in reality."""

_SLACK = 1.0

_UNRESTED = "the target has no hook 'advance', and only 'exhaustive' waits for a minute"

_SMALL = {"memory": "1MB", "cpu": "1000"}


async def _metrics(client: Client) -> Exchange:
    return await client.call("getSystemMetrics", served=False, patient=False)


async def _deploy(client: Client) -> Exchange:
    form = {"wasm": WASM, "config": client.config(resources=_SMALL)}
    said = await client.call("deployAgent", form=form, served=False, patient=False)
    client.remember(said)
    return said


async def _many(client: Client, count: int) -> list[Exchange]:
    return await asyncio.gather(*(_deploy(client) for _ in range(count)))


async def _rested(client: Client, suite: Suite) -> bool:
    """Has nothing been asked for a minute? Only where that costs little, or time is no matter."""
    if client.clock.can_jump:
        await client.clock.refill()
        return True
    if suite.context.profile == "exhaustive":
        await asyncio.sleep(_MINUTE)
        return True
    return False


# What is written


@requirement(*(f"CAXTON-RAT-{number:03}" for number in (1, 2, 3, 4, 5, 6, 8, 9, 10, 20, 21, 22)))
async def test_flow_headers(client: Client, crew: Crew, judge: Judge) -> None:
    mates = await crew.mates(client, 3)
    deployed = [mate.said for mate in mates]
    sent = [(await client.send(mates[0], performative="inform"))[0] for _ in range(2)]
    began = time.monotonic()
    measured = [await _metrics(client) for _ in range(5)]
    took = time.monotonic() - began
    own = await client.call("getAgentMetrics", mates[0].at, query={"period": "1h"}, served=False)
    others = [
        await client.get(mates[0]),
        await client.call("listAgents", query={"limit": "2"}),
        await client.get(client.new("nobody"), served=False),
    ]
    judge_written(judge, client.clock, [*deployed, *sent, *measured, own, *others])
    for row, answers in (
        ("CAXTON-RAT-004", deployed),
        ("CAXTON-RAT-005", sent),
        ("CAXTON-RAT-006", [*measured, own]),
    ):
        for said in answers:
            if said.ok:
                wrong = f"the answer of {said.operation} does not carry the three headers"
                judge.holds(row, Budget.of(said).whole, wrong, said)
    _judge_falls(judge, measured, took * 100 / 60)
    message = client.message(mates[0], performative="inform")
    together = await asyncio.gather(
        *(client.call("sendMessage", body=message, served=False, patient=False) for _ in range(100))
    )
    late = [said for said in together if refused_for_rate(said)]
    wrong = f"of a hundred messages {len(late)} are refused for their rate"
    judge.holds("CAXTON-RAT-020", not late, wrong, *late[:1])
    if not client.clock.can_jump:
        judge.inconclusive("CAXTON-RAT-022", "the target has no hook 'advance'")
        return
    await client.clock.refill()
    together = await asyncio.gather(*(_metrics(client) for _ in range(150)))
    late = [said for said in together if refused_for_rate(said)]
    wrong = f"of 150 queries of metrics after a rest {len(late)} are refused for their rate"
    judge.holds("CAXTON-RAT-022", not late, wrong, *late[:1])
    await client.clock.refill()


def _judge_falls(judge: Judge, answers: Sequence[Exchange], back: float) -> None:
    """`back` is what time has given back meanwhile, at most; some give it all at once, which is a
    single rise, and some whose limit is the rate tell no more than that while a burst is left.
    """
    told = [Budget.of(said) for said in answers]
    whole = str(LIMITS[answers[0].operation][1])
    left = [
        each.left
        for each in told
        if each.left is not None and (str(each.left) != each.limit or each.limit == whole)
    ]
    rises = [b - a for a, b in pairwise(left) if b > a + 1]
    if len(left) < 2 or len(rises) == 1 or left[0] < len(left):
        return  # not told, given back at once, or nothing was left to begin with
    least = len(left) - 1 - math.ceil(back) - 1
    wrong = f"X-RateLimit-Remaining goes {left} over as many requests"
    judge.holds("CAXTON-RAT-008", left[0] - left[-1] >= least, wrong, *answers[:1], answers[-1])


# Limits that are reached


def _judge_refusals(judge: Judge, refused: Sequence[Exchange]) -> None:
    for said in refused:
        code = said.at("/error/code")
        wrong = f"{said.operation} is refused with 429 and {code!r}"
        judge.holds("CAXTON-RAT-015", code == "RATE_LIMITED", wrong, said)
        budget = Budget.of(said)
        wrong = "a refusal for the rate does not carry the three headers with nothing remaining"
        judge.holds("CAXTON-RAT-007", budget.whole and budget.left == 0, wrong, said)


@exhausts
@requirement(
    *(f"CAXTON-RAT-{number:03}" for number in (1, 2, 3, 7, 8, 9, 10)),
    *(f"CAXTON-RAT-{number:03}" for number in (11, 13, 15, 16, 17, 18, 19, 21)),
    "CAXTON-GRP-035",
)
async def test_flow_deployments_are_limited(
    client: Client, crew: Crew, judge: Judge, suite: Suite, grpc_client: GrpcClient | None
) -> None:
    mate = await crew.mate(client)
    rested = await _rested(client, suite)
    began = time.monotonic()
    single = [await _deploy(client) for _ in range(14)]
    took = time.monotonic() - began
    first, burst = single[:10], [*single[10:], *await _many(client, 6)]
    more = await _many(client, 16)
    asked = [*first, *burst, *more]
    judge_written(judge, client.clock, asked)
    if not rested:
        judge.inconclusive("CAXTON-RAT-011", _UNRESTED)
    else:
        _judge_let_through(judge, "CAXTON-RAT-011", first, "after a minute without any")
        _judge_falls(judge, single, took / 6)
    if client.clock.can_jump:
        _judge_let_through(judge, "CAXTON-RAT-019", [*first, *burst], "after a rest")
    else:
        judge.inconclusive("CAXTON-RAT-019", "the target has no hook 'advance'")
    refused = [said for said in asked if refused_for_rate(said)]
    wanting = [said for said in asked if said.status == 429 and said not in refused]
    if wanting and not refused:
        for row in ("CAXTON-RAT-013", "CAXTON-RAT-016", "CAXTON-RAT-017", "CAXTON-RAT-018"):
            judge.inconclusive(row, "deployments were refused for want of resources before")
        return
    if not refused:  # the second of two windows may just have begun: then it is used up as well
        asked += await _many(client, 16)
        refused = [said for said in asked if refused_for_rate(said)]
    took = (time.monotonic() - began) * client.clock.scale
    if not _judge_refused(judge, "CAXTON-RAT-013", asked, refused, took):
        return
    _judge_refusals(judge, refused)
    await _others_are_served(client, judge, mate.id, refused[-1])
    if grpc_client is not None:
        await _refused_over_grpc(client, judge, grpc_client, refused[-1])
    names = {said.form["config"]["name"] for said in refused if said.form is not None}
    roll = await call_roll(client)
    wrong = "a deployment that was refused for its rate has added an agent"
    fine = names.isdisjoint(roll.names)
    judge.holds("CAXTON-RAT-016", fine, wrong, refused[-1], roll.pages[-1])
    await _served_again(client, judge, suite, refused[-1])
    await client.clock.refill()


def _judge_refused(
    judge: Judge, row: str, asked: Sequence[Exchange], refused: Sequence[Exchange], took: float
) -> bool:
    """More than the burst was asked for, and than what `took` (seconds of the peer's) gives back:
    at two limits, as windows may have it that meet in this moment, and the rate of each minute
    that has gone by.
    """
    rate, burst = LIMITS[asked[-1].operation]
    most = 2 * burst + rate * math.floor(took / _MINUTE)
    if not refused and len(asked) <= most:
        told = f"the peer took {took:.0f} s for {len(asked)} calls: too long to reach its limit"
        judge.inconclusive(row, told)
        return False
    wrong = f"of {len(asked)} calls of {asked[-1].operation} in a moment none is refused with 429"
    return judge.holds(row, bool(refused), wrong, asked[-1])


def _judge_let_through(judge: Judge, row: str, asked: Sequence[Exchange], when: str) -> None:
    refused = [said for said in asked if refused_for_rate(said)]
    wrong = f"of {len(asked)} deployments {when} {len(refused)} are refused for their rate"
    judge.holds(row, not refused, wrong, *refused[:1])


async def _others_are_served(client: Client, judge: Judge, mate: str, refused: Exchange) -> None:
    message = client.message(mate, performative="inform")
    others = [
        await client.call("sendMessage", body=message, served=False, patient=False),
        await _metrics(client),
    ]
    for said in others:
        wrong = f"where deployments are refused {said.operation} is refused too"
        judge.holds("CAXTON-RAT-018", not refused_for_rate(said), wrong, refused, said)


async def _refused_over_grpc(
    client: Client, judge: Judge, grpc: GrpcClient, refused: Exchange
) -> None:
    """Whether both transports share a limit is left open: it may be served as well."""
    grpc.see = judge.see
    caller = Caller(grpc, client)
    said = await caller.deploy(caller.config(), served=False, patient=False)
    if not said.ok:
        wrong = f"where deployments are refused for their rate one over gRPC ends {said.outcome}"
        judge.holds("CAXTON-GRP-035", said.code == "RESOURCE_EXHAUSTED", wrong, refused, said)


async def _served_again(client: Client, judge: Judge, suite: Suite, refused: Exchange) -> None:
    """When the time of the last refusal's reset has come, and when a minute has gone by."""
    last = await _deploy(client)
    until = Budget.of(last if refused_for_rate(last) else refused).until
    ahead = 0.0 if until is None else max(until - client.clock.now() + client.clock.lag, 0.0)
    wait = _MINUTE if until is None else ahead + _SLACK
    patient = suite.context.profile == "exhaustive" and wait <= _LONGEST
    if not client.clock.can_jump and not patient:
        judge.inconclusive("CAXTON-RAT-017", "the target has no hook 'advance'")
        return
    if refused_for_rate(last):
        # A virtual clock may have stood still since before we came: more costs nothing there.
        await client.clock.pass_by(wait + (_MINUTE / 2 if client.clock.can_jump else 0.0))
        last = await _deploy(client)
    wrong = "after the time of X-RateLimit-Reset a deployment is still refused"
    judge.holds("CAXTON-RAT-017", not refused_for_rate(last), wrong, refused, last)
    if client.clock.can_jump:
        await client.clock.refill()
        _judge_let_through(judge, "CAXTON-RAT-011", await _many(client, 10), "after two minutes")


@exhausts
@requirement(
    *(f"CAXTON-RAT-{number:03}" for number in (1, 2, 3, 7, 9, 10, 12, 14, 15, 18, 21)),
)
async def test_flow_metrics_are_limited(
    client: Client, crew: Crew, judge: Judge, suite: Suite
) -> None:
    mate = await crew.mate(client)
    rested = await _rested(client, suite)
    began = time.monotonic()
    hundred = await asyncio.gather(*(_metrics(client) for _ in range(100)))
    if rested:
        refused = [said for said in hundred if refused_for_rate(said)]
        wrong = f"of a hundred questions for metrics {len(refused)} are refused for their rate"
        judge.holds("CAXTON-RAT-012", not refused, wrong, *refused[:1])
    else:
        judge.inconclusive("CAXTON-RAT-012", _UNRESTED)
    more = await asyncio.gather(*(_metrics(client) for _ in range(230)))
    if all(said.status != 429 for said in more):  # as with deployments
        more += await asyncio.gather(*(_metrics(client) for _ in range(130)))
    took = (time.monotonic() - began) * client.clock.scale
    refused = [said for said in more if said.status == 429]
    judge_written(judge, client.clock, [*hundred[:1], *more[-1:], *refused[:1]])
    if _judge_refused(judge, "CAXTON-RAT-014", [*hundred, *more], refused, took):
        _judge_refusals(judge, refused)
        message = client.message(mate, performative="inform")
        said = await client.call("sendMessage", body=message, served=False, patient=False)
        wrong = "where questions for metrics are refused a message is refused too"
        judge.holds("CAXTON-RAT-018", not refused_for_rate(said), wrong, refused[-1], said)
    await client.clock.refill()
