"""The service itself: health, its own documentation, and manners towards bad input."""

from __future__ import annotations

import asyncio
import json

import pytest

from conformance.exchange import Exchange
from conformance.hostile import HALF_CHARACTER, oversized
from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.protocols.aitbc.dialogue import Dialogue

_WITH_BODY = ("registerAgent", "discoverAgents", "updateAgentStatus", "submitTask")

_NOT_IN_THE_REFERENCE = ("documentation", "heartbeat", "queues")
"""What the API reference has no section of."""

_UNKNOWN_METHODS = (
    ("DELETE", "/health"),
    ("POST", "/health"),
    ("PUT", "/tasks/submit"),
    ("DELETE", "/tasks/submit"),
    ("DELETE", "/tasks/status"),
    ("PATCH", "/agents/discover"),
    ("DELETE", "/agents/register"),
)


@requirement("AITBC-HEALTH-001", "AITBC-HEALTH-007")
async def test_health_is_told_again_and_again(aitbc: Dialogue, judge: Judge) -> None:
    told = [await aitbc.peer.call("getHealth") for _ in range(5)]
    for said in told:
        judge.status("AITBC-HEALTH-001", said, 200)
    versions = {str(said.at("/version")) for said in told if said.ok}
    wrong = f"the version is told as {', '.join(sorted(versions))}"
    judge.holds("AITBC-HEALTH-007", len(versions) <= 2, wrong, *told, pointer="/version")


@requirement("AITBC-GEN-001")
async def test_no_credentials_are_needed(aitbc: Dialogue, judge: Judge) -> None:
    register = json.dumps(aitbc.registration()).encode()
    for method, path, body in (
        ("GET", "/health", None),
        ("GET", "/tasks/status", None),
        ("POST", "/agents/register", register),
        ("POST", "/agents/discover", b"{}"),
    ):
        said = await aitbc.peer.send(method, path, body, anonymous=True)
        judge.holds(
            "AITBC-GEN-001",
            said.status not in (401, 403, 407),
            f"{method} {path} without credentials is answered {said.outcome}",
            said,
        )


@requirement("AITBC-DOC-001", "AITBC-DOC-006")
async def test_flow_the_description_is_served(aitbc: Dialogue, judge: Judge) -> None:
    said = await _followed(aitbc, "getOpenapiDocument", "/openapi.json")
    judge.status("AITBC-DOC-001", said, 200)
    paths = said.at("/paths")
    if not isinstance(paths, dict):
        judge.inconclusive("AITBC-DOC-006", "the document has no paths")
        return
    # A server's own prefix and parameter names are its own affair.
    shapes = {(_shape(path), verb.upper()) for path, item in paths.items() for verb in item}
    missing = [
        f"{operation.method} {operation.path}"
        for operation in aitbc.peer.protocol
        if operation.capability not in _NOT_IN_THE_REFERENCE
        and not any(
            verb == operation.method and path.endswith(_shape(operation.path))
            for path, verb in shapes
        )
    ]
    judge.holds(
        "AITBC-DOC-006",
        not missing,
        f"the document says nothing of {', '.join(missing)}",
        said,
        pointer="/paths",
    )


@from_profile("standard")  # the validator alone takes two seconds to load
@requirement("AITBC-DOC-008")
async def test_the_description_keeps_its_specification(aitbc: Dialogue, judge: Judge) -> None:
    from conformance.protocols.aitbc.description import ElsewhereError, faults_of  # slow to load

    said = await _followed(aitbc, "getOpenapiDocument", "/openapi.json")
    try:
        faults = faults_of(said.json)
    except ElsewhereError as error:
        judge.inconclusive("AITBC-DOC-008", f"what it refers to is not looked up: {error}")
        return
    wrong = f"{len(faults)} errors: {'; '.join(faults[:3])}"
    judge.holds("AITBC-DOC-008", not faults, wrong, said)


@requirement("AITBC-DOC-007")
async def test_a_page_is_served(aitbc: Dialogue, judge: Judge) -> None:
    said = await _followed(aitbc, "getDocumentationPage", "/docs")
    judge.status("AITBC-DOC-007", said, 200)
    if said.ok:
        label = said.answer_headers.get("content-type", "")
        judge.holds(
            "AITBC-DOC-007",
            "html" in label and bool(said.answer.strip()),
            f"the page is {len(said.answer)} bytes of {label or 'nothing known'}",
            said,
        )


async def _followed(aitbc: Dialogue, operation: str, path: str) -> Exchange:
    """A page may be moved to the same path with a slash, or without."""
    said = await aitbc.peer.call(operation, lawful=False)
    if said.status in (301, 302, 303, 307, 308):
        said = await aitbc.peer.send("GET", path + "/", operation=operation)
    return said


def _shape(path: str) -> str:
    return "/".join("{}" if "{" in step else step for step in path.rstrip("/").split("/"))


@requirement("AITBC-GEN-003")
async def test_unknown_paths_are_not_found(aitbc: Dialogue, judge: Judge) -> None:
    for method, path in (
        ("GET", f"/{aitbc.new('no-such-path')}"),
        ("POST", f"/{aitbc.new('no-such-path')}"),
        ("GET", f"/tasks/queues/{aitbc.new('no')}/such/path"),
    ):
        judge.status("AITBC-GEN-003", await aitbc.peer.send(method, path), 404)


@requirement("AITBC-GEN-004", "AITBC-GEN-005")
async def test_flow_unknown_methods_are_not_served(aitbc: Dialogue, judge: Judge) -> None:
    for method, path in _UNKNOWN_METHODS:
        said = await aitbc.peer.send(method, path, None if method == "DELETE" else b"{}")
        judge.holds(
            "AITBC-GEN-004",
            said.status is not None and not said.ok,
            f"{method} {path} is answered {said.outcome}",
            said,
        )
        _judge_refused(judge, said, f"{method} {path}")


@requirement("AITBC-GEN-005", "AITBC-GEN-006")
@pytest.mark.parametrize("operation", _WITH_BODY)
async def test_flow_outsize_bodies_are_survived(
    operation: str, aitbc: Dialogue, judge: Judge
) -> None:
    known = await aitbc.registered()
    parameters = {"agent_id": known} if operation == "updateAgentStatus" else {}
    for name, raw in oversized().items():
        said = await aitbc.peer.call(operation, parameters, raw=raw, lawful=False)
        _judge_refused(judge, said, f"{operation} with {name}")
    await aitbc.peer.call(operation, parameters, raw=HALF_CHARACTER, lawful=False)
    await _judge_well(aitbc, judge, known)


@requirement("AITBC-GEN-005", "AITBC-GEN-006")
async def test_flow_wrong_labels_are_survived(aitbc: Dialogue, judge: Judge) -> None:
    known = await aitbc.registered()
    for label in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"):
        said = await aitbc.peer.call(
            "registerAgent",
            body=aitbc.registration(),
            headers={"Content-Type": label},
            lawful=False,
        )
        _judge_refused(judge, said, f"a registration labelled {label}")
    await _judge_well(aitbc, judge, known)


@requirement("AITBC-GEN-005", "AITBC-GEN-006")
async def test_flow_odd_paths_are_survived(aitbc: Dialogue, judge: Judge) -> None:
    known = await aitbc.registered()
    odd = ("%00", "..%2f..%2fetc", "%ff%fe", "a" * 4000, "%20", "'%22%3Cscript%3E", "%F0%9F%8C%8D")
    for agent_id in odd:
        said = await aitbc.peer.send("GET", f"/agents/{agent_id}")
        _judge_refused(judge, said, f"GET /agents/{agent_id[:20]}")
    await _judge_well(aitbc, judge, known)


@requirement("AITBC-GEN-012")
async def test_unknown_fields_do_not_break_a_request(aitbc: Dialogue, judge: Judge) -> None:
    extra = {"x_unheard_of": {"since": "later"}, "x_list": [1, 2]}
    known = await aitbc.registered()
    calls = [
        ("registerAgent", {}, aitbc.registration()),
        ("discoverAgents", {}, {"status": "active"}),
        ("updateAgentStatus", {"agent_id": known}, {"status": "busy"}),
        ("submitTask", {}, aitbc.task("low")),
    ]
    for operation, parameters, body in calls:
        said = await aitbc.peer.call(operation, parameters, body=body | extra, lawful=False)
        judge.holds(
            "AITBC-GEN-012",
            said.status is not None and said.status < 500,
            f"{operation} with unknown fields is answered {said.outcome}",
            said,
        )


@requirement("AITBC-GEN-006")
async def test_a_burst_is_served(aitbc: Dialogue, judge: Judge) -> None:
    known = await aitbc.registered()
    answers = await asyncio.gather(*(aitbc.get(known) for _ in range(60)))
    for said in answers:
        judge.equal("AITBC-GEN-006", said, "/agent/agent_id", known)
        judge.status("AITBC-GEN-006", said, 200)


def _judge_refused(judge: Judge, said: Exchange, what: str) -> None:
    judge.holds(
        "AITBC-GEN-005",
        said.status is not None and said.status < 500,
        f"{what} is answered {said.outcome}",
        said,
    )


async def _judge_well(aitbc: Dialogue, judge: Judge, known: str) -> None:
    """The peer serves as before: it is well, it knows its agents, it takes new ones."""
    judge.status("AITBC-GEN-006", await aitbc.peer.call("getHealth"), 200)
    judge.equal("AITBC-GEN-006", await aitbc.get(known), "/agent/agent_id", known)
    judge.status("AITBC-GEN-006", await aitbc.register(aitbc.registration()), 200)
