"""Errors: their codes and statuses, what they tell, and paths and methods that there are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.exchange import MISSING, Exchange
from conformance.forced import HOOK
from conformance.hooks import HookError
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, exclusive, requirement
from conformance.protocols.caxton.client import Agent, Client, id_of, wasm, wasm_text
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.refusals import (
    NOT_FOUND,
    ask_everything,
    code_of,
    judge_refused,
    strangers,
)

_CODES: Mapping[str, tuple[str, int]] = {
    "AGENT_NOT_FOUND": ("CAXTON-ERR-056", 404),
    "AGENT_ALREADY_EXISTS": ("CAXTON-ERR-057", 409),
    "INVALID_WASM": ("CAXTON-ERR-058", 400),
    "RESOURCE_LIMIT_EXCEEDED": ("CAXTON-ERR-059", 429),
    "DEPLOYMENT_FAILED": ("CAXTON-ERR-060", 500),
    "MESSAGE_DELIVERY_FAILED": ("CAXTON-ERR-061", 500),
    "UNAUTHORIZED": ("CAXTON-ERR-062", 401),
    "FORBIDDEN": ("CAXTON-ERR-063", 403),
    "RATE_LIMITED": ("CAXTON-ERR-064", 429),
    "INTERNAL_ERROR": ("CAXTON-ERR-065", 500),
}

_UNDELIVERED = "MESSAGE_DELIVERY_FAILED"

_ROWS = {code: row for code, (row, _) in _CODES.items()}


class Ledger:
    """The codes that were told, each held against its status."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.told: set[str] = set()

    def enter(self, *answers: Exchange) -> None:
        for said in answers:
            code = code_of(said)
            if code in _CODES:
                self.told.add(code)
                self.judge.status(_ROWS[code], said, _CODES[code][1])
            elif code.upper() in _CODES:
                wrong = f"the code {code} is not written as the document does"
                self.judge.holds(_ROWS[code.upper()], False, wrong, said)

    def close(self, *codes: str) -> None:
        for code in codes:
            if code not in self.told:
                self.judge.inconclusive(_ROWS[code], f"nothing was answered {code}")


@requirement(
    *_ROWS.values(),
    "CAXTON-ERR-066",
    "CAXTON-ERR-082",
    "CAXTON-REL-014",
    "CAXTON-UPD-014",
    "CAXTON-STP-014",
    "CAXTON-REM-012",
    "CAXTON-GET-028",
)
async def test_flow_codes_and_their_statuses(client: Client, crew: Crew, judge: Judge) -> None:
    """What can be had of any peer, by asking for what is not there."""
    mate = await crew.mate(client)
    await client.clock.refill()
    ledger = Ledger(judge)
    stranger = strangers(mate)[0]
    answers = await ask_everything(client, stranger) if client.clock.free else []
    rows = {
        "getAgent": "CAXTON-GET-028",
        "reloadAgent": "CAXTON-REL-014",
        "updateAgent": "CAXTON-UPD-014",
        "stopAgent": "CAXTON-STP-014",
        "removeAgent": "CAXTON-REM-012",
    }
    for said in answers:
        if said.operation in rows:
            judge_refused(judge, rows[said.operation], said, NOT_FOUND)
    rollout = {**_rollout(stranger), "version": "9.0.0"}
    answers.append(await client.call("createDeployment", body=rollout, served=False))
    message = client.message(stranger)
    answers.append(await client.call("sendMessage", body=message, served=False))
    for said in answers:
        ledger.enter(said)
        _judge_named(judge, said, stranger)
    _judge_traces(judge, answers)
    bad = {"wasm": b"no module", "config": {"strategy": "graceful"}}
    ledger.enter(await client.call("reloadAgent", mate.at, form=bad, lawful=False))
    ledger.enter(await client.call("listAgents", anonymous=True, lawful=False))
    ledger.close("AGENT_NOT_FOUND", "INVALID_WASM", "UNAUTHORIZED")


def _rollout(agent_id: str) -> dict[str, Any]:
    return {
        "agent_id": agent_id,
        "wasm_module": wasm_text("rollout"),
        "version": "2.1.0",
        "strategy": {"type": "immediate"},
    }


def _judge_traces(judge: Judge, answers: Sequence[Exchange]) -> None:
    """By its trace_id an error can be looked for."""
    traces = [said.at("/error/trace_id") for said in answers if not said.ok]
    told = [each for each in traces if isinstance(each, str)]
    wrong = f"of {len(told)} errors the trace_ids are {len(set(told))}: {told[0] if told else ''}"
    fine = len(set(told)) == len(told)
    judge.holds("CAXTON-ERR-082", fine, wrong, *answers[:2], pointer="/error/trace_id")


def _judge_named(judge: Judge, said: Exchange, asked: str) -> None:
    named = said.at("/error/details/agent_id")
    if code_of(said) == NOT_FOUND[1]:
        judge.holds(
            "CAXTON-ERR-066",
            named is MISSING or named is None or named == asked,
            f"{asked} was asked for, and the error speaks of {named!r}",
            said,
            pointer="/error/details/agent_id",
            expected=asked,
        )


@requirement(*_ROWS.values())
async def test_flow_codes_of_deployments(client: Client, crew: Crew, judge: Judge) -> None:
    """A name in use, and more memory and CPU than there is."""
    mate = await crew.mate(client)
    await client.clock.refill()
    wanted = [client.config(name=mate.name)]
    if client.clock.free:
        wanted.append(client.config(resources={"memory": "900000GB"}))
        wanted.append(client.config(resources={"memory": "48MB", "cpu": "9" * 15}))
    ledger = Ledger(judge)
    for config in wanted:
        form = {"wasm": wasm("giant"), "config": config}
        said = await client.call("deployAgent", form=form, served=False, patient=False)
        client.remember(said)
        ledger.enter(said)
    ledger.close("AGENT_ALREADY_EXISTS", "RESOURCE_LIMIT_EXCEEDED")


# By the hook


_SERVERS = (500, 503)


@exclusive("forced")
@requirement(
    *_ROWS.values(),
    "CAXTON-ERR-078",
    "CAXTON-ERR-079",
    "CAXTON-ERR-080",
)
async def test_flow_forced_failures(client: Client, crew: Crew, judge: Judge) -> None:
    """Each operation fails once, in the envelope, and is served the next time."""
    if HOOK not in client.hooks.target.hooks:
        raise HookError(f"the target has no hook {HOOK!r}")
    mate = await crew.mate(client)
    ledger = Ledger(judge)
    calls = await _calls(client, mate)
    for number, (operation, (parameters, options)) in enumerate(calls.items()):
        await client.clock.refill()
        status = _SERVERS[number % 2]
        said = await _forced(client, operation, status, parameters, options)
        if status == 500:  # what a hook says with 503 is its own affair
            ledger.enter(said)
            _judge_listed(judge, said, "INTERNAL_ERROR", "DEPLOYMENT_FAILED", _UNDELIVERED)
        sound = all(_is_text(said.at(f"/error/{name}")) for name in ("code", "message", "trace_id"))
        wrong = f"{operation} fails with {said.outcome} and without an error"
        judge.holds("CAXTON-ERR-079", sound, wrong, said, pointer="/error")
        unsure = operation == "distributeTask"  # there need be no bidders
        again = await client.call(operation, parameters, **options, served=not unsure)
        client.remember(again)
        wrong = f"after it failed with {status}, {operation} is answered {again.outcome}"
        fine = again.ok or (unsure and again.status is not None and again.status < 500)
        judge.holds("CAXTON-ERR-078", fine, wrong, said, again)
    ledger.enter(await _forced(client, "getAgent", 429, mate.at, {}))
    said = await _forced(client, "getAgent", 403, mate.at, {})
    ledger.enter(said)
    _judge_listed(judge, said, "FORBIDDEN")
    ledger.close("FORBIDDEN", "RATE_LIMITED", "INTERNAL_ERROR", "DEPLOYMENT_FAILED")


def _judge_listed(judge: Judge, said: Exchange, *codes: str) -> None:
    told = code_of(said)
    wrong = f"an error of status {said.status} has the code {told or 'of none'}"
    judge.holds("CAXTON-ERR-080", told in codes, wrong, said, pointer="/error/code")


async def _forced(
    client: Client,
    operation: str,
    status: int,
    parameters: Mapping[str, str],
    options: Mapping[str, Any],
) -> Exchange:
    await client.hooks(HOOK, {"operation": operation, "status": status})
    said = await client.call(operation, parameters, **options, served=False, patient=False)
    if said.status != status:
        raise UnjudgeableError(
            f"the hook was to force a {status} of {operation}, and the answer was {said.outcome}"
        )
    return said


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


async def _calls(
    client: Client, mate: Agent
) -> Mapping[str, tuple[Mapping[str, str], Mapping[str, Any]]]:
    """A lawful call of every operation: its parameters and the rest."""
    _, task = await client.create_task(mate, timeout_seconds=300)
    spare = await client.deploy()
    rollout = await client.call("createDeployment", body=_rollout(spare.id))
    at = {"deployment_id": id_of(rollout, "/deployment_id")}
    form = {"wasm": wasm("forced"), "config": client.config()}
    reload = {"wasm": wasm("again"), "config": {"strategy": "graceful", "traffic_split": 20}}
    update = {"config": {"resources": {"memory": "80MB"}}, "strategy": "immediate"}
    message = client.message(mate)
    told = {"conversation_id": message["conversation_id"], "limit": "5"}
    return {
        "deployAgent": ({}, {"form": form}),
        "listAgents": ({}, {}),
        "getAgent": (mate.at, {}),
        "sendMessage": ({}, {"body": message}),
        "queryMessages": ({}, {"query": told}),
        "createTask": ({}, {"body": client.task(mate)}),
        "getTask": ({"task_id": task}, {}),
        "distributeTask": ({"task_id": task}, {"body": _DISTRIBUTION}),
        "getDeployment": (at, {}),
        "rollbackDeployment": (at, {"body": {"reason": "It was to fail"}}),
        "createDeployment": ({}, {"body": {**_rollout(spare.id), "version": "3.0.0"}}),
        "getSystemMetrics": ({}, {}),
        "getAgentMetrics": (mate.at, {"query": {"period": "1h"}}),
        "reloadAgent": (spare.at, {"form": reload}),
        "updateAgent": (spare.at, {"body": update}),
        "stopAgent": (spare.at, {"body": {"grace_period_seconds": 0, "drain_messages": False}}),
        "removeAgent": (spare.at, {}),
    }


_DISTRIBUTION = {"strategy": "best_bid", "max_wait_seconds": 5}


# Paths and methods


@requirement("CAXTON-ERR-067", "CAXTON-ERR-068")
async def test_flow_paths_and_methods_that_there_are_not(
    client: Client, crew: Crew, judge: Judge
) -> None:
    mate = await crew.mate(client)
    await client.clock.refill()
    word = client.new("nowhere")
    paths = [
        ("GET", f"/api/v1/{word}"),
        ("POST", f"/api/v1/{word}/{word}"),
        ("GET", f"/{word}"),
        ("GET", f"/api/v2/agents/{word}"),
    ]
    for method, path in paths if client.clock.free else paths[:1]:
        said = await client.peer.send(method, path)
        judge.status("CAXTON-ERR-067", said, 404)
        if not path.startswith("/api/v1/"):
            continue  # somebody else may answer there
        told = _is_text(said.at("/error/code")) and _is_text(said.at("/error/message"))
        wrong = f"a path that there is not is answered {said.outcome} without an error"
        judge.holds("CAXTON-ERR-067", told, wrong, said, pointer="/error")
    methods = [
        ("PUT", "/api/v1/agents"),
        ("PATCH", f"/api/v1/agents/{mate.id}"),
        ("GET", f"/api/v1/agents/{mate.id}/stop"),
        ("DELETE", "/api/v1/messages"),
        ("POST", "/api/v1/metrics/system"),
    ]
    for method, path in methods if client.clock.free else methods[:2]:
        said = await client.peer.send(method, path, b"{}" if method in ("PUT", "PATCH") else None)
        judge.status("CAXTON-ERR-068", said, range(400, 500))
        told = _is_text(said.at("/error/code")) and _is_text(said.at("/error/message"))
        wrong = f"a method that there is not is answered {said.outcome} without an error"
        judge.holds("CAXTON-ERR-068", told, wrong, said, pointer="/error")
