"""Scenarios to be read, and broken one way at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.arazzo.document import read_scenario
from schemas.arazzo.model import Scenario
from schemas.errors import PackError, Problem

HARBOUR = """\
arazzo: 1.1.0
info:
  title: A pilot goes out
  summary: It is deployed, told of, looked at, and removed.
  version: 1.0.0
sourceDescriptions:
  - {name: rest, type: openapi, url: assay:caxton/openapi.yaml}
  - {name: socket, type: asyncapi, url: assay:caxton/asyncapi.yaml}
  - {name: rpc, url: assay:caxton/grpc.yaml, x-type: grpc}
workflows:
  - workflowId: sail
    summary: Out and back.
    inputs:
      type: object
      required: [token]
      properties:
        token: {type: string}
        name: {type: string, x-fresh: pilot-}
        now: {type: string, default: "2026-04-17T21:03:40Z"}
        limit: {type: integer, default: 5}
    x-requirements: [CAXTON-DEP-001]
    x-agent: mate
    x-state:
      - hook: enrol
        with: {name: mate}
    parameters:
      - {name: X-Caxton-Token, in: header, value: $inputs.token}
    steps:
      - stepId: listen
        channelPath: "{$sourceDescriptions.socket.url}#/channels/events"
        action: send
        x-client: mate
        requestBody:
          payload: {type: subscribe, events: ["agent.*"]}
      - stepId: deploy
        description: The pilot is deployed.
        operationId: $sourceDescriptions.rest.deployAgent
        timeout: 2500
        requestBody:
          contentType: multipart/form-data
          payload:
            wasm: AGFzbQEAAAA=
            config: {name: $inputs.name, strategy: immediate}
        successCriteria:
          - {condition: $statusCode == 201, x-requirements: [CAXTON-DEP-002]}
          - {context: $response.body, condition: $.agent_id, type: jsonpath}
        outputs:
          id: $response.body#/agent_id
        x-reply:
          status: 201
          body:
            agent_id: agent-5
            name: $inputs.name
            status: running
            lifecycle_state: running
            deployment_id: d-1
            version: 1.0.0
            deployed_at: "2026-04-17T21:03:40Z"
        x-within: 2
        x-after:
          - advance: 3
      - stepId: told
        operationId: $sourceDescriptions.socket.tellEvents
        action: receive
        x-client: mate
        x-message: agentDeployed
        x-push: {type: agent.deployed, agent_id: $steps.deploy.outputs.id, timestamp: $inputs.now}
        successCriteria:
          - condition: $message.payload.agent_id == $steps.deploy.outputs.id
      - stepId: look
        operationId: $sourceDescriptions.rest.getAgent
        parameters:
          - {name: agent_id, in: path, value: $steps.deploy.outputs.id}
        onSuccess:
          - name: finish
            type: goto
            stepId: remove
            criteria: [{condition: $statusCode == 200}]
        onFailure:
          - {name: again, type: retry, retryAfter: 0.5, retryLimit: 3}
      - stepId: list
        operationId: $sourceDescriptions.rest.listAgents
        parameters:
          - {name: limit, in: query, value: 10}
      - stepId: call
        operationId: $sourceDescriptions.rpc.AgentService.ListAgents
        requestBody: {payload: {limit: 3}}
        x-optional: true
      - stepId: remove
        operationId: $sourceDescriptions.rest.removeAgent
        parameters:
          - {name: agent_id, in: path, value: $steps.deploy.outputs.id}
      - stepId: leave
        channelPath: "{$sourceDescriptions.socket.url}#/channels/events"
        action: send
        x-client: mate
        x-close: 1000
    outputs:
      id: $steps.deploy.outputs.id
  - workflowId: twice
    dependsOn: [sail]
    inputs:
      type: object
      properties: {key: {type: string}}
    steps:
      - stepId: again
        workflowId: sail
        parameters:
          - {name: token, value: $inputs.key}
        outputs: {id: $outputs.id}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A folder with one scenario in it."""

    path: Path

    def edit(self, old: str, new: str) -> None:
        """Replace what must stand in the file exactly once."""
        text = self.path.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        self.path.write_text(text.replace(old, new), "utf-8")

    def read(self) -> Scenario:
        return read_scenario(self.path)

    def problems(self) -> tuple[Problem, ...]:
        """Those for which it is refused; none where it is not."""
        try:
            self.read()
        except PackError as error:
            return error.problems
        return ()

    def line_of(self, text: str) -> int:
        """The line, from 1, on which a text stands that stands there once."""
        lines = self.path.read_text("utf-8").splitlines()
        found = [number for number, line in enumerate(lines, 1) if text in line]
        assert len(found) == 1, f"{text!r} stands on the lines {found}"
        return found[0]


def harbour(folder: Path) -> Scene:
    return scene(folder, HARBOUR)


def scene(folder: Path, text: str, name: str = "harbour.arazzo.yaml") -> Scene:
    path = folder / name
    path.write_text(text, "utf-8")
    return Scene(path)
