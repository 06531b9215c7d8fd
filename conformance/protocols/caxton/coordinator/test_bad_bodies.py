"""Bodies that are no JSON or no object: they are refused, and nobody else suffers for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.hostile import MALFORMED, NO_UTF8, NOT_OBJECTS, oversized
from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.protocols.caxton.bystander import stand_by
from conformance.protocols.caxton.client import Agent, Client, id_of, wasm_text
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.refusals import judge_survived

_ROWS: Mapping[str, str] = {
    "sendMessage": "CAXTON-ERR-071",
    "updateAgent": "CAXTON-ERR-069",
    "createTask": "CAXTON-ERR-072",
    "distributeTask": "CAXTON-ERR-073",
    "createDeployment": "CAXTON-ERR-074",
    "rollbackDeployment": "CAXTON-ERR-075",
    "stopAgent": "CAXTON-ERR-070",
}
"""In an order in which what is taken all the same spoils nothing for what follows."""

_OPTIONAL = ("stopAgent", "rollbackDeployment", "distributeTask")
"""Operations that may make do without a body, so that none, or null, may be served."""

_UNDEMANDING = (*_OPTIONAL, "updateAgent")
"""Operations that may be served where nothing is known of what the body names: parsers put U+FFFD
in the place of bytes that are no UTF-8, and then it is an object.
"""

_FEW = ("cut off", "array")
"""What is sent where calls may be few."""


def _bodies(operation: str, *, all_of_them: bool) -> dict[str, bytes]:
    bodies = {**MALFORMED, **NOT_OBJECTS, "bytes": b"\xff\xfe\x00\x81" * 8}
    left_out = {b"", b"null"} if operation in _OPTIONAL else set()
    left_out |= {b""} if operation == "updateAgent" else set()  # all that it may say is optional
    left_out |= {NO_UTF8} if operation in _UNDEMANDING else set()
    kept = bodies if all_of_them else _FEW
    return {name: bodies[name] for name in kept if bodies[name] not in left_out}


async def _paths(client: Client, crew: Crew, victim: Agent) -> dict[str, dict[str, str]]:
    """The parameters of each operation, all of something that there is."""
    mate = await crew.mate(client)
    _, task = await client.create_task(mate, timeout_seconds=300)
    rollout = {
        "agent_id": victim.id,
        "wasm_module": wasm_text("rollout"),
        "version": "2.0.0",
        "strategy": {
            "type": "rolling",
            "stages": [
                {"percentage": 50, "duration": "10m"},
                {"percentage": 100, "duration": "0"},
            ],
        },
    }
    said = await client.call("createDeployment", body=rollout)
    return {
        "updateAgent": victim.at,
        "stopAgent": victim.at,
        "distributeTask": {"task_id": task},
        "rollbackDeployment": {"deployment_id": id_of(said, "/deployment_id")},
    }


@requirement(*_ROWS.values(), "CAXTON-ERR-076", "CAXTON-ERR-077")
async def test_flow_bodies_that_are_none(client: Client, crew: Crew, judge: Judge) -> None:
    bystander = await stand_by(client, crew)
    victim = await crew.spare(client)
    await client.clock.refill()
    paths = await _paths(client, crew, victim)
    for operation, row in _ROWS.items():
        await client.clock.refill()
        bodies = _bodies(operation, all_of_them=client.clock.free)
        for name, raw in bodies.items():
            said = await client.call(operation, paths.get(operation), raw=raw, lawful=False)
            judge.status(row, said, range(400, 500))
            judge_survived(judge, "CAXTON-ERR-076", said, f"{operation} with a body: {name}")
        what = f"after bodies of {operation} that are no JSON objects"
        told, _ = await client.send(bystander.agent)
        wrong = f"{what}, a message to another agent is answered {told.outcome}"
        judge.holds("CAXTON-ERR-077", told.ok, wrong, said, told)
    await bystander.judge_served(judge, "CAXTON-ERR-077", "after bodies that are none")
    await client.remove(victim, lawful=False)


def _misfits(client: Client, mate: Agent) -> list[tuple[str, Any]]:
    """Objects with fields that do not fit, by the operation that they go to."""
    message, task = client.message(mate), client.task(mate)
    return [
        *(("updateAgent", {"strategy": "rolling", "config": odd}) for odd in ("x", [1], 5)),
        ("updateAgent", {"strategy": "rolling", "config": {"resources": {"memory": [1]}}}),
        ("updateAgent", {"strategy": ["rolling"], "wasm_module": {"bytes": 8}}),
        ("updateAgent", {"strategy": 3, "wasm_module": "%%% no base64 %%%"}),
        *(
            ("sendMessage", {**message, name: {"odd": [None]}})
            for name in ("performative", "sender")
        ),
        *(("sendMessage", {**message, name: 7}) for name in ("receiver", "conversation_id")),
        ("sendMessage", {**message, "content": "no object"}),
        ("sendMessage", {}),
        *(("createTask", {**task, name: {"odd": 1}}) for name in ("name", "participants")),
        *(("createTask", {**task, name: "odd"}) for name in ("requirements", "timeout_seconds")),
        ("distributeTask", {"strategy": 9, "max_wait_seconds": "long"}),
        ("createDeployment", {"agent_id": [mate.id], "strategy": "canary"}),
        ("createDeployment", {}),
        ("rollbackDeployment", {"reason": {"deep": [1]}}),
        ("stopAgent", {"grace_period_seconds": "soon", "drain_messages": "maybe"}),
        ("stopAgent", {"grace_period_seconds": -5, "drain_messages": True}),
    ]


@requirement("CAXTON-ERR-076", "CAXTON-ERR-077")
async def test_flow_fields_of_the_wrong_type(client: Client, crew: Crew, judge: Judge) -> None:
    """Where calls are few, in messages alone: those are not."""
    bystander = await stand_by(client, crew)
    free = client.clock.free
    victim = await crew.spare(client) if free else bystander.agent
    await client.clock.refill()
    paths = await _paths(client, crew, victim) if free else {}
    bodies = [pair for pair in _misfits(client, victim) if free or pair[0] == "sendMessage"]
    with client.peer.seen_by():
        for operation, body in bodies:
            said = await client.call(operation, paths.get(operation), body=body, lawful=False)
            judge_survived(judge, "CAXTON-ERR-076", said, f"{operation} with a field that is odd")
    await bystander.judge_served(judge, "CAXTON-ERR-077", "after fields of the wrong type", said)
    if free:
        await client.remove(victim, lawful=False)


_ORDINARY = 131_072
"""Bytes of a body up to which nobody has reason to end the connection."""

_HEAVY = ("sendMessage", "updateAgent", "createTask")


@from_profile("standard")
@requirement("CAXTON-ODD-005", "CAXTON-ERR-077")
async def test_flow_bodies_beyond_measure(client: Client, crew: Crew, judge: Judge) -> None:
    bystander = await stand_by(client, crew)
    await client.clock.refill()
    deep = b'{"performative": "inform", "receiver": "nobody", "content": '
    bodies = {
        **oversized(),
        "a number of a thousand digits": b'{"grace_period_seconds": %s}' % (b"9" * 2_000),
        "content nested deeply": deep + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
    }
    nobody = {"agent_id": client.new("agent")}
    for operation in _HEAVY if client.clock.free else _HEAVY[:1]:
        for name, raw in bodies.items():
            with client.peer.seen_by():
                said = await client.call(operation, nobody, raw=raw, lawful=False)
            what, large = f"{operation} with {name}", len(raw) > _ORDINARY
            judge_survived(judge, "CAXTON-ODD-005", said, what, cut=large)
    for row in ("CAXTON-ODD-005", "CAXTON-ERR-077"):
        await bystander.judge_served(judge, row, "after bodies beyond measure", said)
