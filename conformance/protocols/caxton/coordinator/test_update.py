"""An agent's configuration or code is changed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.amounts import same_memory
from conformance.protocols.caxton.bystander import portrait, stand_by
from conformance.protocols.caxton.client import Agent, Client, wasm_text
from conformance.protocols.caxton.counts import until_worked, worked
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.labour import works
from conformance.protocols.caxton.own import judge_apart
from conformance.protocols.caxton.refusals import (
    INVALID_WASM,
    NOT_FOUND,
    judge_name_taken,
    judge_refused,
    strangers,
)
from conformance.protocols.caxton.roll import STATES, call_roll

_WHILE = 60.0
"""Seconds of the peer's time in which an update must be over."""

_CPU = "/resources/limits/cpu"

_MEMORY = "/resources/limits/memory"


@requirement(
    "CAXTON-UPD-005",
    "CAXTON-UPD-006",
    "CAXTON-UPD-007",
    "CAXTON-UPD-008",
    "CAXTON-UPD-009",
    "CAXTON-UPD-010",
    "CAXTON-UPD-011",
    "CAXTON-UPD-012",
    "CAXTON-UPD-013",
    "CAXTON-UPD-014",
    "CAXTON-UPD-015",
    "CAXTON-UPD-016",
    "CAXTON-UPD-017",
    "CAXTON-UPD-018",
    "CAXTON-UPD-019",
    "CAXTON-UPD-020",
    "CAXTON-DEP-022",
)
async def test_flow_updates(client: Client, crew: Crew, judge: Judge) -> None:
    bystander = await stand_by(client, crew)
    agent = await crew.spare(client)
    await client.clock.refill()
    await client.until(agent, "running")
    could = client.clock.free and await works(client, agent)
    await _judge_refused(client, judge, agent)
    await _judge_strangers(client, judge, agent)
    await client.clock.refill()
    answers = [agent.said]
    if could:
        could = await _judge_still_able(client, judge, agent)
    for row, body in (
        ("CAXTON-UPD-005", _memory("88MB", "blue_green")),
        ("CAXTON-UPD-006", {"wasm_module": wasm_text("second"), "strategy": "rolling"}),
        (
            "CAXTON-UPD-006",
            {"wasm_module": wasm_text("third"), **_memory("72MB", "immediate")},
        ),
    ):
        answers.append(await _judge_update(client, judge, row, agent, body))
        await bystander.judge_untouched(judge, "CAXTON-UPD-012", "after an update of another")
    if could:
        wrong = "after updates that did not mention it an agent can do no more what it could"
        judge.holds("CAXTON-UPD-020", await works(client, agent), wrong, *answers)
    large = {"wasm_module": wasm_text("hull " * _PLANKS), "strategy": "rolling"}
    said = await client.call("updateAgent", agent.at, body=large, served=False)
    wrong = f"an update with a module of {5 * _PLANKS // 1000} kB is answered {said.outcome}"
    judge.holds("CAXTON-UPD-019", said.ok, wrong, said)
    if client.clock.free:
        await judge_name_taken(client, judge, agent, said)
    await client.remove(agent, served=False)
    if client.clock.free:
        other = await crew.spare(client)
        body = _memory("80MB", "canary")
        answers.append(await _judge_update(client, judge, "CAXTON-UPD-005", other, body))
    judge_apart(judge, "CAXTON-UPD-018", answers, "/deployment_id")


_PLANKS = 22_000


def _memory(amount: str, strategy: str) -> dict[str, Any]:
    return {"config": {"resources": {"memory": amount}}, "strategy": strategy}


async def _judge_update(
    client: Client, judge: Judge, row: str, agent: Agent, body: dict[str, Any]
) -> Exchange:
    """Its answer."""
    before = await until_worked(client, agent, [(await client.send(agent))[0]])
    said = await client.call("updateAgent", agent.at, body=body, served=False)
    judge.status(row, said, range(200, 300))
    judge.holds(
        "CAXTON-UPD-007",
        said.at("/status") in ("updating", *STATES),
        f"an agent that is updated has the status {said.at('/status')!r}",
        said,
        pointer="/status",
    )
    judge.equal("CAXTON-UPD-008", said, "/agent_id", agent.id)
    memory = body.get("config", {}).get("resources", {}).get("memory")
    if memory is not None:
        seen = await _until(client, agent, lambda seen: same_memory(seen.at(_MEMORY), memory))
        wrong = f"an agent that was to have {memory} is limited to {seen.at(_MEMORY)!r}"
        fine = same_memory(seen.at(_MEMORY), memory)
        judge.holds("CAXTON-UPD-009", fine, wrong, said, seen, pointer=_MEMORY)
    seen = await _until(client, agent, lambda seen: seen.at("/status") == "running")
    wrong = f"an agent that was updated is {seen.at('/status')} after a while"
    judge.holds("CAXTON-UPD-013", seen.at("/status") == "running", wrong, said, seen)
    ended = seen.at("/status") in ("stopped", "failed", "unloaded", "removed")
    wrong = f"an agent that was updated is {seen.at('/status') if seen.ok else seen.outcome}"
    judge.holds("CAXTON-UPD-017", seen.ok and not ended, wrong, said, seen, pointer="/status")
    judge.equal("CAXTON-UPD-010", seen, "/agent_id", agent.id)
    judge.equal("CAXTON-UPD-010", seen, "/name", agent.name)
    kept = [_CPU] if memory is not None else [_CPU, _MEMORY]
    for pointer in kept:
        judge.equal("CAXTON-UPD-011", seen, pointer, before.at(pointer), before, said)
    if "wasm_module" not in body:
        done, had = worked(seen), worked(before)
        wrong = f"an agent that was updated has worked off {done} messages, and had {had} before"
        judge.holds("CAXTON-UPD-011", done >= had, wrong, before, said, seen, pointer="/metrics")
    return said


async def _until(client: Client, agent: Agent, wanted: Callable[[Exchange], bool]) -> Exchange:
    end, looks = client.clock.now() + _WHILE, 0
    while True:
        seen = await client.get(agent)
        if wanted(seen) or not seen.ok or client.clock.now() > end:
            return seen
        await client.clock.step(looks)
        looks += 1


# What is refused


async def _judge_refused(client: Client, judge: Judge, agent: Agent) -> None:
    before = await client.get(agent)
    nothing = [b"this is no module at all", b"\x7fELF" + bytes(60), b"\0ASM\x01\0\0\0"]
    for module in nothing if client.clock.free else nothing[:1]:
        text = base64.b64encode(module).decode()
        body = {"wasm_module": text, **_memory("64MB", "rolling")}
        said = await client.call("updateAgent", agent.at, body=body, lawful=False)
        judge_refused(judge, "CAXTON-UPD-015", said, INVALID_WASM)
    await client.clock.pass_by(1.0)  # an update may take a moment, also one that should not be
    after = await client.get(agent)
    fine = portrait(before) == portrait(after)
    wrong = "a refused update has changed the agent"
    judge.holds("CAXTON-UPD-016", fine, wrong, before, said, after)


async def _judge_still_able(client: Client, judge: Judge, agent: Agent) -> bool:
    """After an update that is refused for its module, and names other capabilities. Whether an
    update may do that at all is unsaid: what it is refused with is not looked at.
    """
    module = base64.b64encode(b"no module either").decode()
    body = {"wasm_module": module, "config": {"capabilities": ["wreck_diving"]}}
    said = await client.call("updateAgent", agent.at, body=body, lawful=False)
    if said.ok:
        return False  # whatever it can do now, it was told so
    await client.clock.pass_by(1.0)
    able = await works(client, agent)
    wrong = "after an update that was refused an agent can do no more what it could"
    judge.holds("CAXTON-UPD-020", able, wrong, said)
    return able


async def _judge_strangers(client: Client, judge: Judge, agent: Agent) -> None:
    nobody = strangers(agent)
    for stranger in nobody:
        for body in (
            _memory("64MB", "rolling"),
            {"wasm_module": wasm_text(), "strategy": "canary"},
        ):
            said = await client.call("updateAgent", {"agent_id": stranger}, body=body, served=False)
            judge_refused(judge, "CAXTON-UPD-014", said, NOT_FOUND)
    roll = await call_roll(client)
    added = set(nobody) & set(roll.ids)
    wrong = "an update of an agent that there is not has added one"
    judge.holds("CAXTON-UPD-014", not added, wrong, said, *roll.pages, pointer="/agents")
