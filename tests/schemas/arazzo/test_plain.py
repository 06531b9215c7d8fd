"""Scenarios without any field of ours, of the kinds that Arazzo's own examples show."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.arazzo.document import read_scenario
from schemas.arazzo.writer import write_scenario
from tests.schemas.arazzo.scenes import scene

LOGIN = """\
arazzo: 1.1.0
info: {title: A crew signs on, version: 1.0.0}
sourceDescriptions:
  - {name: centre, url: assay:echocenter/openapi.yaml, type: openapi}
workflows:
  - workflowId: signOn
    summary: Log in, add somebody, and see them in the list.
    inputs:
      type: object
      required: [username, password]
      properties:
        username: {type: string}
        password: {type: string}
    steps:
      - stepId: logIn
        operationId: logIn
        requestBody:
          contentType: application/json
          payload: |
            {"username": "{$inputs.username}", "password": "{$inputs.password}"}
        successCriteria:
          - condition: $statusCode == 200
        outputs:
          session: $response.body#/token
      - stepId: list
        operationPath: "{$sourceDescriptions.centre.url}#/paths/~1api~1users~1agents/get"
        parameters:
          - {name: Authorization, in: header, value: "Bearer {$steps.logIn.outputs.session}"}
        successCriteria:
          - {context: $statusCode, condition: "^2", type: regex}
          - {context: $response.body, condition: "$[?count(@.*) > 0]", type: jsonpath}
        onFailure:
          - {name: refused, type: end, criteria: [{condition: $statusCode == 401}]}
          - {name: later, type: retry, retryAfter: 1, retryLimit: 2}
        outputs:
          crew: $response.body
    outputs:
      crew: $steps.list.outputs.crew
"""

TALK = """\
arazzo: 1.1.0
info: {title: A question and its answer, version: 1.0.0}
sourceDescriptions:
  - {name: agent, url: assay:architect/asyncapi.yaml, type: asyncapi}
workflows:
  - workflowId: ask
    inputs:
      type: object
      properties: {key: {type: string}}
    steps:
      - stepId: answer
        operationId: $sourceDescriptions.agent.say
        action: receive
        correlationId: $inputs.key
        timeout: 6000
        outputs: {reply: $message.payload}
      - stepId: question
        operationId: $sourceDescriptions.agent.takeRequests
        action: send
        requestBody:
          payload: {action: list_actions, parameters: {}, idempotence: $inputs.key}
      - stepId: second
        operationId: $sourceDescriptions.agent.takeRequests
        action: send
        dependsOn: [answer]
        requestBody:
          payload: {action: list_actions, parameters: {}, idempotence: second}
          replacements: [{target: /idempotence, value: "{$steps.answer.outputs.reply#/a}-2"}]
"""

PARTS = """\
arazzo: 1.1.0
$self: https://fleet.example/day.arazzo.yaml
info: {title: A working day, version: 1.0.0, description: In two parts.}
sourceDescriptions:
  - {name: queue, url: assay:aitbc/openapi.yaml, type: openapi}
workflows:
  - workflowId: begin
    inputs: {$ref: "#/components/inputs/who"}
    steps:
      - stepId: register
        operationId: registerAgent
        requestBody:
          payload: {agent_id: $inputs.id, agent_type: worker, capabilities: [], services: []}
        onSuccess: [{reference: $components.successActions.seen}]
      - stepId: never
        operationId: getHealth
      - stepId: look
        operationId: getAgent
        parameters: [{reference: $components.parameters.id, value: $inputs.id}]
    outputs:
      id: {context: $inputs.id, selector: "", type: jsonpointer}
  - workflowId: day
    dependsOn: [begin]
    inputs: {$ref: "#/components/inputs/who"}
    steps:
      - stepId: again
        workflowId: begin
        parameters: [{name: id, value: "{$inputs.id}-2"}]
        successCriteria: [{condition: $outputs.id != null}]
      - stepId: health
        operationId: getHealth
        successCriteria: [{condition: $workflows.begin.outputs.id != $steps.again.outputs.id}]
components:
  inputs:
    who: {type: object, required: [id], properties: {id: {type: string}}}
  parameters:
    id: {name: agent_id, in: path, value: nobody}
  successActions:
    seen: {name: seen, type: goto, stepId: look}
"""


@pytest.mark.parametrize("text", [LOGIN, TALK, PARTS], ids=["login", "talk", "parts"])
def test_plain_scenario_is_read_and_comes_back(tmp_path: Path, text: str) -> None:
    read = scene(tmp_path, text, "one.arazzo.yaml").read()
    again = scene(tmp_path, write_scenario(read), "two.arazzo.yaml").read()
    assert again.said == read.said
    assert read.requirements == ()
    assert all(step.client == "client" for flow in read.workflows.values() for step in flow.steps)


def test_operations_and_messages_are_those_that_are_meant(tmp_path: Path) -> None:
    login = read_scenario(scene(tmp_path, LOGIN).path).workflows["signOn"]
    assert [step.name for step in login.steps] == ["logIn", "listAgents"]
    talk = read_scenario(scene(tmp_path, TALK).path).workflows["ask"]
    assert [(step.id, step.message, step.connection) for step in talk.steps] == [
        ("answer", "", "socket"),
        ("question", "request", "socket"),
        ("second", "request", "socket"),
    ]
    assert talk.steps[0].timeout == 6
    parts = read_scenario(scene(tmp_path, PARTS).path)
    assert parts.self_uri == "https://fleet.example/day.arazzo.yaml"
    assert parts.workflows["begin"].inputs["required"] == ["id"]
    assert parts.workflows["begin"].steps[0].on_success[0].step == "look"
