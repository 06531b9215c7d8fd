"""A scenario as it is read: what its steps mean, and what is lawful."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from schemas import load
from schemas.arazzo.criteria import worth
from schemas.arazzo.document import read_scenario
from schemas.arazzo.expressions import NOTHING, Said, Scope
from schemas.arazzo.model import Deed, Reply, Step, Times
from schemas.errors import PackError
from schemas.files import read
from schemas.loader import PROTOCOLS
from tests.schemas.arazzo.scenes import HARBOUR, harbour, scene

HEAD = """\
arazzo: 1.1.0
info: {title: t, version: 1.0.0}
sourceDescriptions:
  - {name: rest, type: openapi, url: assay:caxton/openapi.yaml}
  - {name: socket, type: asyncapi, url: assay:caxton/asyncapi.yaml}
workflows:
"""
GET = "operationId: $sourceDescriptions.rest.listAgents"
OPERATIONS = {
    "ASK": {"operationId": "$sourceDescriptions.rest.listAgents"},
    "POST": {"operationId": "$sourceDescriptions.rest.deployAgent"},
    "LOOK": {"operationId": "$sourceDescriptions.rest.getAgent"},
    "HEAR": {"channelPath": "{$sourceDescriptions.socket.url}#/channels/events"},
    "POINT": {"operationPath": "{$sourceDescriptions.rest.url}#/paths/~1api~1v1~1agents/get"},
}
LAWFUL = read(Path(__file__).parent / "lawful.yaml")


def steps(folder: Path, text: str, *, more: str = "") -> list[Step]:
    """Those of a workflow with these steps, read."""
    flow = f"  - workflowId: w\n{more}    steps:\n{text}"
    read = scene(folder, HEAD + flow).read()
    return list(read.workflows["w"].steps)


class TestModel:
    def test_all_of_a_scenario_is_read(self, tmp_path: Path) -> None:
        read = harbour(tmp_path).read()
        assert (read.title, read.version, read.name) == ("A pilot goes out", "1.0.0", "harbour")
        assert read.protocol.id == "caxton"
        assert list(read.workflows) == read.own == ["sail", "twice"]
        assert [source.kind for source in read.sources.values()] == ["openapi", "asyncapi", "grpc"]
        assert read.sources["rest"].fields["url"] == "assay:caxton/openapi.yaml"
        assert read.requirements == ("CAXTON-DEP-001", "CAXTON-DEP-002")
        sail, twice = read.workflows.values()
        assert (sail.agent, sail.clients, sail.prefix) == ("mate", 1, "")
        assert sail.state == (Deed(kind="hook", value="enrol", said={"name": "mate"}),)
        assert sail.outputs == {"id": "$steps.deploy.outputs.id"}
        assert twice.depends_on == ["sail"]
        assert twice.agent == "client"

    def test_steps_are_what_they_say(self, tmp_path: Path) -> None:
        scenario = harbour(tmp_path)
        sail = scenario.read().workflows["sail"]
        listen, deploy, told, look, _, call, _, leave = sail.steps
        assert listen.channel is not None
        assert (listen.message, listen.connection, listen.action) == ("subscribe", "events", "send")
        assert deploy.operation is not None
        assert deploy.operation.id == "deployAgent"
        assert deploy.line == scenario.line_of("stepId: deploy")
        assert (deploy.timeout, deploy.within) == (2.5, 2)
        assert deploy.after == (Deed(kind="advance", value=3),)
        assert deploy.criteria[0].requirements == ("CAXTON-DEP-002",)
        assert isinstance(deploy.reply, Reply)
        assert deploy.reply.status == 201
        assert deploy.body is not None
        assert deploy.body.content_type == "multipart/form-data"
        assert (told.message, told.has_push, told.client) == ("agentDeployed", True, "mate")
        assert look.on_success[0].step == "remove"
        assert (look.on_failure[0].after, look.on_failure[0].limit) == (0.5, 3)
        assert call.operation is not None
        assert call.operation.is_rpc
        assert call.optional
        assert (leave.closes, leave.message) == (1000, "")
        assert sail.position("look") == 3

    def test_parameters_of_a_workflow_are_those_of_its_steps(self, tmp_path: Path) -> None:
        read = steps(
            tmp_path,
            f"      - stepId: a\n        {GET}\n"
            f"      - stepId: b\n        {GET}\n"
            "        parameters: [{name: limit, in: query, value: 2}]\n"
            "      - stepId: c\n        operationId: $sourceDescriptions.rest.getAgent\n"
            "        parameters: [{name: agent_id, in: path, value: x}]\n",
            more="    parameters:\n      - {name: limit, in: query, value: 1}\n"
            "      - {name: X-Trace, in: header, value: t}\n",
        )
        given = [{each.name: each.value for each in step.parameters} for step in read]
        assert given == [
            {"limit": 1, "X-Trace": "t"},
            {"limit": 2, "X-Trace": "t"},
            {"agent_id": "x", "X-Trace": "t"},
        ]

    def test_actions_of_a_workflow_come_behind_those_of_a_step(self, tmp_path: Path) -> None:
        (read,) = steps(
            tmp_path,
            f"      - stepId: a\n        {GET}\n"
            "        onFailure: [{name: again, type: retry}, {name: mine, type: end}]\n",
            more="    failureActions:\n      - {name: all, type: end}\n"
            "      - {name: again, type: end}\n",
        )
        assert [(each.name, each.kind) for each in read.on_failure] == [
            ("again", "retry"),
            ("mine", "end"),
            ("all", "end"),
        ]
        assert read.on_failure[0].limit == 1

    def test_components_are_followed(self, tmp_path: Path) -> None:
        text = HEAD + (
            "  - workflowId: w\n"
            "    inputs: {$ref: '#/components/inputs/all'}\n"
            "    steps:\n"
            f"      - stepId: a\n        {GET}\n"
            "        parameters:\n"
            "          - {reference: $components.parameters.page, value: 7}\n"
            "          - reference: $components.parameters.token\n"
            "        onSuccess: [{reference: $components.successActions.done}]\n"
            "components:\n"
            "  inputs:\n"
            "    all: {type: object, properties: {token: {$ref: '#/components/inputs/text'}}}\n"
            "    text: {type: string, default: t}\n"
            "  parameters:\n"
            "    page: {name: limit, in: query, value: 1}\n"
            "    token: {name: X-Caxton-Token, in: header, value: $inputs.token}\n"
            "  successActions:\n"
            "    done: {name: done, type: end}\n"
        )
        read = scene(tmp_path, text).read()
        flow = read.workflows["w"]
        assert flow.inputs["properties"]["token"] == {"type": "string", "default": "t"}
        step = flow.steps[0]
        assert [(each.name, each.value) for each in step.parameters] == [
            ("limit", 7),
            ("X-Caxton-Token", "$inputs.token"),
        ]
        assert step.on_success[0].kind == "end"
        assert set(read.components) == {"inputs", "parameters", "successActions"}

    @pytest.mark.parametrize(
        ("said", "times"),
        [
            ("3", Times(3)),
            ("{least: 2}", Times(2, None)),
            ("{most: 4}", Times(1, 4)),
            ("{least: 0, most: 1}", Times(0, 1)),
        ],
    )
    def test_times_are_a_number_or_a_range(self, tmp_path: Path, said: str, times: Times) -> None:
        (read,) = steps(tmp_path, f"      - stepId: a\n        {GET}\n        x-times: {said}\n")
        assert read.times == times

    def test_payload_that_is_null_is_not_none(self, tmp_path: Path) -> None:
        post = "operationId: $sourceDescriptions.rest.stopAgent"
        path = "parameters: [{name: agent_id, in: path, value: x}]"
        bodies = [
            step.body
            for step in steps(
                tmp_path,
                f"      - {{stepId: a, {post}, {path}, requestBody: {{payload: null}}}}\n"
                f"      - {{stepId: b, {post}, {path}, requestBody: {{}}}}\n",
            )
        ]
        assert [body and body.payload for body in bodies] == [None, NOTHING]

    def test_selectors_are_understood(self, tmp_path: Path) -> None:
        (read,) = steps(
            tmp_path,
            f"      - stepId: a\n        {GET}\n"
            "        outputs:\n"
            "          first: {context: $response.body, selector: '$.ids[0]', type: jsonpath}\n",
        )
        scope = Scope(response=Said(body={"ids": [5]}))
        assert worth(read.outputs["first"], scope) == 5


class TestOrder:
    LATER = (
        f"      - stepId: a\n        {GET}\n        dependsOn: [c]\n"
        "        parameters: [{name: limit, in: query, value: $steps.c.outputs.n}]\n"
        f"      - stepId: b\n        {GET}\n"
        f"      - stepId: c\n        {GET}\n        outputs: {{n: $statusCode}}\n"
    )

    def test_step_is_done_behind_what_it_depends_on(self, tmp_path: Path) -> None:
        assert [step.id for step in steps(tmp_path, self.LATER)] == ["c", "a", "b"]

    def test_without_depends_on_a_later_step_is_out_of_sight(self, tmp_path: Path) -> None:
        with pytest.raises(PackError, match="c comes later"):
            steps(tmp_path, self.LATER.replace("        dependsOn: [c]\n", ""))

    def test_what_an_action_leads_back_from_may_be_done_already(self, tmp_path: Path) -> None:
        back = "        onSuccess: [{name: back, type: goto, stepId: a}]\n"
        text = self.LATER.replace("        dependsOn: [c]\n", "") + back
        assert len(steps(tmp_path, text)) == 3
        retry = "        onFailure: [{name: first, type: retry, stepId: c}]\n"
        text = self.LATER.replace("        dependsOn: [c]\n", retry)
        assert len(steps(tmp_path, text)) == 3

    def test_circle_of_steps_is_refused(self, tmp_path: Path) -> None:
        text = self.LATER.replace("stepId: c\n", "stepId: c\n        dependsOn: [b]\n")
        text = text.replace("stepId: b\n", "stepId: b\n        dependsOn: [a]\n")
        with pytest.raises(PackError, match="a -> c -> b -> a"):
            steps(tmp_path, text)

    @pytest.mark.parametrize("key", ["dependsOn: [v]", "dependsOn: [w]"])
    def test_circle_of_workflows_is_refused(self, tmp_path: Path, key: str) -> None:
        text = (
            f"  - workflowId: w\n    {key}\n    steps: [{{stepId: a, {GET}}}]\n"
            "  - workflowId: v\n    steps: [{stepId: a, workflowId: w}]\n"
        )
        with pytest.raises(PackError, match=r"comes to itself again: (w -> v -> w|w -> w)"):
            scene(tmp_path, HEAD + text).read()

    def test_step_of_another_workflow_is_known_by_its_key(self, tmp_path: Path) -> None:
        text = (
            f"  - workflowId: w\n    steps: [{{stepId: a, {GET}}}]\n"
            f"  - workflowId: v\n    steps:\n      - stepId: b\n        {GET}\n"
            "        dependsOn: [$workflows.w.steps.a]\n"
        )
        (step,) = scene(tmp_path, HEAD + text).read().workflows["v"].steps
        assert step.depends_on == ("w.steps.a",)

    def test_outputs_of_a_deed_before_a_step_are_there_for_it(self, tmp_path: Path) -> None:
        (read,) = steps(
            tmp_path,
            f"      - stepId: a\n        {GET}\n"
            "        x-before: [{hook: enrol, with: {name: x}, as: pass}]\n"
            "        parameters: [{name: T, in: header, value: $steps.a.outputs.pass#/token}]\n",
        )
        assert read.before[0].output == "pass"


class TestLawful:
    """What looks odd and may be written all the same."""

    @pytest.mark.parametrize("said", LAWFUL, ids=json.dumps)
    def test_it_is_read(self, tmp_path: Path, said: dict[str, Any]) -> None:
        step = {"stepId": "a", **OPERATIONS[said["on"]], **said}
        del step["on"]
        inputs = "    inputs: {type: object, properties: {n: {}}}\n"
        assert len(steps(tmp_path, f"      - {json.dumps(step)}\n", more=inputs)) == 1

    @pytest.mark.parametrize(
        "inputs",
        [
            "{type: object, additionalProperties: true}",
            "{type: object, patternProperties: {'^t': {type: string}}}",
            "{allOf: [{properties: {token: {type: string}}}]}",
            "{type: object, properties: {token: {}, list: {type: array, default: [1]}}}",
        ],
    )
    def test_inputs_may_be_open_or_composed(self, tmp_path: Path, inputs: str) -> None:
        text = (
            f"      - stepId: a\n        {GET}\n"
            "        parameters: [{name: t, in: header, value: $inputs.token}]\n"
        )
        assert steps(tmp_path, text, more=f"    inputs: {inputs}\n")

    def test_connection_takes_its_parameters_once(self, tmp_path: Path) -> None:
        text = (
            "arazzo: 1.1.0\ninfo: {title: t, version: 1.0.0}\n"
            "sourceDescriptions: [{name: s, type: asyncapi, url: assay:stella/asyncapi.yaml}]\n"
            "workflows:\n"
            "  - workflowId: w\n"
            "    steps:\n"
            "      - stepId: a\n"
            "        channelPath: '{$sourceDescriptions.s.url}#/channels/taskStream'\n"
            "        action: receive\n        x-open: true\n"
            "        parameters: [{name: id, in: channel, value: agent-1}]\n"
            "      - stepId: b\n        operationId: pushTasks\n        action: receive\n"
        )
        read = scene(tmp_path, text).read()
        assert read.workflows["w"].steps[1].message == ""
        text = text.replace("        parameters: [{name: id, in: channel, value: agent-1}]\n", "")
        with pytest.raises(PackError, match="needs the parameter id"):
            scene(tmp_path, text).read()


class TestProtocol:
    PLAIN = (
        "arazzo: 1.1.0\ninfo: {title: t, version: 1.0.0}\n"
        "sourceDescriptions: [{name: rest, type: openapi, url: URL}]\n"
        "workflows: [{workflowId: w, steps: [{stepId: a, operationId: getHealth}]}]\n"
    )

    def test_sources_say_it(self, tmp_path: Path) -> None:
        read = scene(tmp_path, self.PLAIN.replace("URL", "assay:aitbc/openapi.yaml")).read()
        assert read.protocol.id == "aitbc"

    def test_pack_of_ones_own_is_beside_the_file(self, tmp_path: Path) -> None:
        shutil.copytree(PROTOCOLS / "aitbc", tmp_path / "mine")
        (tmp_path / "mine/scenarios").mkdir(exist_ok=True)
        text = self.PLAIN.replace("URL", "../openapi.yaml")
        read = scene(tmp_path / "mine/scenarios", text).read()
        assert read.protocol.folder == str((tmp_path / "mine").resolve())

    def test_who_asks_gets_the_protocol_that_was_wanted(self, tmp_path: Path) -> None:
        path = scene(tmp_path, self.PLAIN.replace("URL", "assay:aitbc/openapi.yaml")).path
        aitbc = load("aitbc")
        assert read_scenario(path, aitbc).protocol is aitbc
        with pytest.raises(PackError, match="is of aitbc, and the scenario is of caxton"):
            read_scenario(path, load("caxton"))

    def test_x_protocol_must_be_one_and_agree(self, tmp_path: Path) -> None:
        text = self.PLAIN.replace("URL", "assay:aitbc/openapi.yaml")
        for name, says in (("aitcb", "did you mean 'aitbc'"), ("stella", "is of stella")):
            with pytest.raises(PackError, match=says):
                scene(tmp_path, f"{text}x-protocol: {name}\n").read()

    def test_nobody_says_it(self, tmp_path: Path) -> None:
        (tmp_path / "vendor.yaml").write_text("openapi: 3.1.0\npaths: {}\n")
        (problem, *_) = scene(tmp_path, self.PLAIN.replace("URL", "vendor.yaml")).problems()
        assert "which protocol" in problem.message
        assert "x-protocol: aitbc or" in problem.hint


def test_reading_is_quick_enough_to_do_twice(tmp_path: Path) -> None:
    """The second reading gives the same, and shares nothing with the first."""
    path = scene(tmp_path, HARBOUR).path
    one, other = read_scenario(path), read_scenario(path)
    assert one.said == other.said
    assert one.said is not other.said
    assert list(one.workflows) == list(other.workflows)
