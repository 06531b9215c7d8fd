"""`assay scenarios`, and `assay lint` of a scenario: as a person meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from schemas.loader import pack_folder
from tests.conformance.children import assay
from tests.schemas.arazzo.scenes import harbour, scene

STORY = """\
arazzo: 1.1.0
info: {title: It is well, summary: The service says so., version: 1.0.0}
sourceDescriptions: [{name: rest, type: openapi, url: ../openapi.yaml}]
workflows:
  - workflowId: ask
    steps:
      - stepId: health
        operationId: getHealth
        successCriteria: [{condition: $statusCode == 200}]
"""


class TestLint:
    async def test_one_scenario_is_checked(self, tmp_path: Path) -> None:
        harbour(tmp_path)
        done = await assay(tmp_path, "lint", "harbour.arazzo.yaml")
        assert done.code == 0, done.said
        assert done.out == ("harbour.arazzo.yaml: caxton, 2 workflows, 9 steps, 2 requirements\n")

    async def test_broken_one_is_refused_with_line_and_hint(self, tmp_path: Path) -> None:
        broken = harbour(tmp_path)
        broken.edit("x-message: agentDeployed", "x-message: agentDeploied")
        done = await assay(tmp_path, "lint", "harbour.arazzo.yaml")
        assert done.code == 2
        line = broken.line_of("agentDeploied")
        assert f"harbour.arazzo.yaml:{line} at /workflows/0/steps/2/x-message: " in done.err
        assert "hint: did you mean 'agentDeployed'?" in done.err
        assert "1 problem" in done.err
        assert "Traceback" not in done.said

    async def test_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        done = await assay(tmp_path, "lint", "none.arazzo.yaml")
        assert done.code == 2
        assert "none.arazzo.yaml: cannot be read" in done.err

    async def test_scenarios_of_a_pack_are_checked_with_it(self, tmp_path: Path) -> None:
        shutil.copytree(pack_folder("aitbc"), tmp_path / "mine")
        shutil.rmtree(tmp_path / "mine" / "scenarios", ignore_errors=True)
        (tmp_path / "mine" / "scenarios").mkdir()
        story = scene(tmp_path / "mine" / "scenarios", STORY, "well.arazzo.yaml")
        done = await assay(tmp_path, "lint", "./mine")
        assert done.code == 0, done.said
        assert done.out.endswith(", 1 scenario\n")
        story.edit("operationId: getHealth", "operationId: getHelth")
        done = await assay(tmp_path, "lint", "./mine")
        assert done.code == 2
        assert "did you mean 'getHealth'?" in done.err


class TestScenarios:
    async def test_those_of_a_protocol_are_listed(self, tmp_path: Path) -> None:
        shutil.copytree(pack_folder("aitbc"), tmp_path / "mine")
        shutil.rmtree(tmp_path / "mine" / "scenarios", ignore_errors=True)
        (tmp_path / "mine" / "scenarios").mkdir()
        scene(tmp_path / "mine" / "scenarios", STORY, "well.arazzo.yaml")
        done = await assay(tmp_path, "scenarios", "./mine")
        assert done.code == 0, done.said
        first, summary, figures = (line.split() for line in done.out.splitlines())
        assert first == ["aitbc", "well", "It", "is", "well"]
        assert summary == ["The", "service", "says", "so."]
        assert " ".join(figures) == ("1 workflow, 1 step, 0 requirements; forward and backward")
        done = await assay(tmp_path, "scenarios", "./mine", "--json")
        (told,) = json.loads(done.out)
        assert told["name"] == "well"
        assert told["directions"] == ["forward", "backward"]
        assert told["workflows"] == ["ask"]
        done = await assay(tmp_path, "scenarios", "./mine", "--show", "well")
        assert "1. health: client calls GET /health (getHealth)" in done.out

    async def test_all_that_ship_can_be_listed(self, tmp_path: Path) -> None:
        done = await assay(tmp_path, "scenarios", "--json")
        assert done.code == 0, done.said
        assert isinstance(json.loads(done.out), list)

    async def test_directions_follow_from_whom_its_rows_judge(self, tmp_path: Path) -> None:
        harbour(tmp_path)
        done = await assay(tmp_path, "scenarios", "--show", "harbour.arazzo.yaml", "--json")
        told = json.loads(done.out)
        assert told["directions"] == ["forward"]
        assert told["requirements"] == ["CAXTON-DEP-001", "CAXTON-DEP-002"]

    async def test_one_is_told_in_words_and_keeps_its_secrets(self, tmp_path: Path) -> None:
        shown = harbour(tmp_path)
        shown.edit("in: header, value: $inputs.token}", "in: header, value: canary-7f3a}")
        shown.edit("required: [token]\n", "required: [token]\n      x-note: 1\n")
        done = await assay(tmp_path, "scenarios", "--show", "harbour.arazzo.yaml")
        assert done.code == 0, done.said
        for line in (
            "A pilot goes out (harbour, caxton)",
            "  2. deploy: client calls POST /api/v1/agents (deployAgent) [within 2 s]",
            "       holds: $statusCode == 201 (CAXTON-DEP-002)",
            "  3. told: mate is told agentDeployed on events",
            "       failed: again after 0.5 s, 3 times at most",
            "  8. leave: mate closes events with 1000",
        ):
            assert line in done.out.splitlines()
        assert "canary" not in done.out

    async def test_unknown_name_is_refused(self, tmp_path: Path) -> None:
        for words in (["--show", "nobodys"], ["nobodys"]):
            done = await assay(tmp_path, "scenarios", *words)
            assert done.code == 2
            assert "nobodys" in done.err
            assert "Traceback" not in done.said
