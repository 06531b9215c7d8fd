"""Answers that come late, when others have had their say: whose they are is not forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.passage import Outcome
from mockserver.scenario.flow import Flow
from mockserver.scenario.script import Script
from schemas.arazzo.model import Body, Parameter, Reply, Step
from tests.mockserver.protocols.caxton_harbour import Harbour
from tests.mockserver.scenario.building import ROLES, action, criterion, known, scenario, workflow

OPERATIONS = known("caxton").operations
WAIT = "MessageService.SendMessageAndWait"
REFUSED = criterion("$statusCode == 500")


def _step(name: str, does: str, **fields: Any) -> Step:
    return Step(id=name, operation=OPERATIONS[does], **fields)


def _message(agent: str) -> dict[str, Any]:
    said = {"performative": "request", "sender": "c", "receiver": agent, "content": {}}
    return {"message": said, "options": {"timeout_seconds": 9}}


def _played(harbour: Harbour, *steps: Step) -> Script:
    flow = Flow(
        scenario(workflow(*steps), protocol=known("caxton")),
        "main",
        direction="backward",
        inputs={},
        roles=ROLES,
    )
    script = Script(harbour.mock, harbour.session, flow, workflow(*steps), lambda: 0.0)
    harbour.session.script = script
    script.begin()
    return script


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


def _silent(harbour: Harbour) -> str:
    agent = harbour.agent()
    harbour.command("silence", agent=agent)
    return agent


def _removal(agent: str, **fields: Any) -> Step:
    where = [Parameter(name="agent_id", value=agent, place="path")]
    return _step("remove", "removeAgent", parameters=where, **fields)


def test_answer_that_another_brings_about_is_still_the_clients(harbour: Harbour) -> None:
    agent = _silent(harbour)
    script = _played(
        harbour,
        _step("wait", WAIT, unordered="u", criteria=[REFUSED]),
        _step("list", "listAgents", unordered="u"),
        _removal(agent, unordered="u", depends_on=["list"], client="other"),
    )
    delivered = harbour.wait_for(WAIT, _message(agent))
    assert delivered == []
    harbour("GET", "/agents")
    assert [outcome.status for outcome in delivered] == [500]
    assert script.finished is not None
    assert script.finished.kept is True


def test_answer_that_the_client_brings_about_is_still_anothers(harbour: Harbour) -> None:
    agent = _silent(harbour)
    script = _played(
        harbour,
        _step("list", "listAgents", unordered="u"),
        _step(
            "wait",
            WAIT,
            unordered="u",
            criteria=[REFUSED],
            client="other",
            body=Body(payload=_message(agent)),
        ),
        _removal(agent, unordered="u"),
    )
    harbour("GET", "/agents")
    assert harbour.send("DELETE", f"/agents/{agent}").status == 200
    assert script.finished is not None
    assert script.finished.kept is True


def test_reply_of_a_script_to_a_procedure(harbour: Harbour) -> None:
    said = {"agents": [], "total": 7}
    script = _played(harbour, _step("list", "AgentService.ListAgents", reply=Reply(body=said)))
    outcome = harbour.rpc("AgentService.ListAgents", {})
    assert isinstance(outcome, Outcome)
    assert harbour.decoded("AgentService.ListAgents", outcome)["total"] == 7
    assert script.finished is not None


def test_client_that_is_refused_by_a_procedure_comes_again(harbour: Harbour) -> None:
    again = action("retry", "$statusCode == 503", limit=1)
    faults = [{"kind": "status", "status": 503}]
    script = _played(
        harbour,
        _step(
            "list",
            "AgentService.ListAgents",
            criteria=[criterion("$statusCode == 200")],
            on_failure=[again],
            faults=faults,
        ),
    )
    for _ in range(2):
        harbour.rpc("AgentService.ListAgents", {})
    assert script.finished is not None
    assert script.finished.kept is True
