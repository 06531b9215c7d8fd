"""Sources that are not ours: a vendor's OpenAPI document, and other scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.arazzo.model import Scenario
from schemas.errors import PackError
from tests.schemas.arazzo.scenes import Scene, scene

VENDOR = """\
openapi: 3.0.3
info: {title: Vendor, version: "1"}
servers: [{url: "https://vendor.example/api/v1"}]
paths:
  /agents:
    get:
      operationId: index
      parameters: [{name: verbose, in: query}, {$ref: "#/components/parameters/Page"}]
  /agents/{agentId}:
    parameters: [{name: agentId, in: path}]
    get: {operationId: show}
    head: {}
  /boats:
    get: {operationId: boats}
components:
  parameters:
    Page: {name: page, in: query}
"""

TEXT = """\
arazzo: 1.1.0
info: {title: t, version: 1.0.0}
x-protocol: caxton
sourceDescriptions: [{name: rest, type: openapi, url: vendor.yaml}]
workflows:
  - workflowId: w
    inputs: {type: object, properties: {id: {type: string}}}
    parameters: [{name: agentId, in: path, value: $inputs.id}]
    steps:
      - stepId: a
        operationId: index
        parameters: [{name: page, in: query, value: 1}, {name: limit, in: query, value: 2}]
      - stepId: b
        operationId: show
        outputs: {id: $request.path.agentId}
"""


@pytest.fixture
def vendors(tmp_path: Path) -> Scene:
    (tmp_path / "vendor.yaml").write_text(VENDOR)
    return scene(tmp_path, TEXT)


class TestVendor:
    def test_operations_are_found_by_method_and_path(self, vendors: Scene) -> None:
        index, show = vendors.read().workflows["w"].steps
        assert index.operation is not None
        assert index.operation.id == "listAgents"
        assert show.operation is not None
        assert show.operation.id == "getAgent"

    def test_names_of_path_parameters_become_ours(self, vendors: Scene) -> None:
        index, show = vendors.read().workflows["w"].steps
        assert [each.name for each in index.parameters] == ["page", "limit"]
        assert [each.name for each in show.parameters] == ["agent_id"]
        assert show.outputs == {"id": "$request.path.agent_id"}

    def test_operation_is_pointed_at_in_the_vendors_document(self, vendors: Scene) -> None:
        path = "'{$sourceDescriptions.rest.url}#/paths/~1agents~1{agentId}/get'"
        vendors.edit("operationId: show", f"operationPath: {path}")
        _, show = vendors.read().workflows["w"].steps
        assert show.operation is not None
        assert show.operation.id == "getAgent"

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            (
                "operationId: show",
                "operationId: boats",
                "GET /boats, which caxton does not",
            ),
            ("operationId: show", "operationId: shaw", "did you mean 'show'"),
            ("name: page", "name: pages", "no parameter pages in query"),
            (
                "    parameters: [{name: agentId",
                "    parameters: [{name: agentID",
                "no step has this",
            ),
            ("type: openapi", "type: asyncapi", "only an OpenAPI document may be another's"),
            ("url: vendor.yaml", "url: vendr.yaml", "did you mean 'vendor.yaml'"),
            ("url: vendor.yaml", "url: harbour.arazzo.yaml", "is no OpenAPI document"),
        ],
    )
    def test_what_is_wrong_is_told(self, vendors: Scene, old: str, new: str, says: str) -> None:
        vendors.edit(old, new)
        with pytest.raises(PackError, match=says):
            vendors.read()

    @pytest.mark.parametrize(
        "text",
        [
            "openapi: 3.1.0\n",
            "openapi: 3.1.0\npaths: {/a: 3, /b: {get: 4}}\n",
            "- openapi\n",
            "a: b: c\n",
        ],
    )
    def test_broken_document_is_refused_in_words(self, vendors: Scene, text: str) -> None:
        (vendors.path.parent / "vendor.yaml").write_text(text)
        assert vendors.problems()


INNER = """\
arazzo: 1.1.0
info: {title: inner, version: 1.0.0}
sourceDescriptions: [{name: rest, type: openapi, url: assay:aitbc/openapi.yaml}]
workflows:
  - workflowId: look
    inputs: {type: object, required: [id], properties: {id: {type: string}}}
    steps:
      - stepId: get
        operationId: getAgent
        parameters: [{name: agent_id, in: path, value: $inputs.id}]
        outputs: {agent: $response.body}
    outputs: {agent: $steps.get.outputs.agent}
  - workflowId: after
    dependsOn: [look]
    steps:
      - stepId: health
        operationId: getHealth
        successCriteria: [{condition: $workflows.look.outputs.agent != null}]
"""

OUTER = """\
arazzo: 1.1.0
info: {title: outer, version: 1.0.0}
sourceDescriptions: [{name: base, type: arazzo, url: inner.arazzo.yaml}]
workflows:
  - workflowId: look
    dependsOn: [$sourceDescriptions.base.after]
    steps:
      - stepId: run
        workflowId: $sourceDescriptions.base.look
        parameters: [{name: id, value: agent-1}]
        dependsOn: [$sourceDescriptions.base.after.steps.health]
        onFailure: [{name: other, type: goto, workflowId: $sourceDescriptions.base.after}]
    outputs: {agent: $steps.run.outputs.agent}
"""


@pytest.fixture
def outer(tmp_path: Path) -> Scene:
    scene(tmp_path, INNER, "inner.arazzo.yaml")
    return scene(tmp_path, OUTER, "outer.arazzo.yaml")


class TestNested:
    def test_workflows_of_others_have_the_sources_name_before_theirs(self, outer: Scene) -> None:
        read: Scenario = outer.read()
        assert read.own == ["look"]
        assert list(read.workflows) == ["look", "base.look", "base.after"]
        assert list(read.sources) == ["base", "base.rest"]
        assert read.protocol.id == "aitbc"
        own, inner, after = read.workflows.values()
        assert own.steps[0].workflow == "base.look"
        assert own.depends_on == ["base.after"]
        assert own.steps[0].depends_on == ("base.after.steps.health",)
        assert own.steps[0].on_failure[0].workflow == "base.after"
        assert (inner.prefix, inner.id) == ("base.", "look")
        assert after.depends_on == ["base.look"]

    def test_problem_of_another_document_is_told_in_its_file(self, outer: Scene) -> None:
        scene(
            outer.path.parent,
            INNER.replace("value: $inputs.id", "value: $inputs.ip"),
            "inner.arazzo.yaml",
        )
        (problem,) = outer.problems()
        assert problem.file.endswith("inner.arazzo.yaml")
        assert (problem.line, problem.hint) == (10, "there is id")

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("base.look\n", "base.lok\n", "base has no workflow lok"),
            ("base.look\n", "bse.look\n", "there is no source bse"),
            ("workflowId: $sourceDescriptions.base.look", "workflowId: after", "base.after"),
            ("steps.health", "steps.healt", "there is no step healt in after"),
            ("name: id, value", "name: ident, value", "look has no input ident"),
            ("outputs.agent}", "outputs.agnt}", "did you mean 'agent'"),
            ("url: inner", "url: iner", "did you mean 'inner.arazzo.yaml'"),
        ],
    )
    def test_what_is_wrong_is_told(self, outer: Scene, old: str, new: str, says: str) -> None:
        outer.edit(old, new)
        with pytest.raises(PackError, match=says):
            outer.read()

    def test_documents_that_lead_to_each_other_are_refused(self, outer: Scene) -> None:
        source = "sourceDescriptions:\n  - {name: out, type: arazzo, url: outer.arazzo.yaml}\n  - "
        text = INNER.replace("sourceDescriptions: [", source).replace(
            "openapi.yaml}]", "openapi.yaml}"
        )
        scene(outer.path.parent, text, "inner.arazzo.yaml")
        told = "outer.arazzo.yaml -> inner.arazzo.yaml -> outer.arazzo.yaml"
        with pytest.raises(PackError, match=told):
            outer.read()

    def test_one_document_may_be_there_twice(self, outer: Scene) -> None:
        again = "{name: base, type: arazzo, url: inner.arazzo.yaml}"
        outer.edit(again, f"{again}, {again.replace('base', 'more')}")
        assert "more.look" in outer.read().workflows

    def test_shape_of_another_document_is_told_beside_ones_own(self, outer: Scene) -> None:
        scene(outer.path.parent, INNER.replace("stepId: get", "stepid: get"), "inner.arazzo.yaml")
        assert {each.file.split("/")[-1] for each in outer.problems()} == {"inner.arazzo.yaml"}

    def test_shipped_scenario_can_be_named(self, outer: Scene) -> None:
        outer.edit("url: inner.arazzo.yaml", "url: assay:aitbc/scenarios/none.arazzo.yaml")
        with pytest.raises(PackError, match="no such file"):
            outer.read()
