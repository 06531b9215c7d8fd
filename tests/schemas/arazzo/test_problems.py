"""What is wrong with a scenario is told where it stands, with what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.files import read
from tests.schemas.arazzo.scenes import HARBOUR, harbour, scene

TABLE = read(Path(__file__).parent / "problems.yaml")
CASES = [(subject, case) for subject, cases in TABLE.items() for case in cases]


@pytest.mark.parametrize(
    "case",
    [each for _, each in CASES],
    ids=[f"{subject}-{each['says']}" for subject, each in CASES],
)
def test_problem_is_told_at_its_place_with_a_hint(tmp_path: Path, case: dict[str, Any]) -> None:
    broken = harbour(tmp_path)
    broken.edit(case["old"], case["new"])
    problems = broken.problems()
    told = "\n".join(map(str, problems))
    assert len(problems) == 1 + case.get("others", 0), told
    found = [each for each in problems if each.pointer == case["at"]]
    (problem,) = [each for each in found if case["says"] in each.message]
    text = broken.path.read_text("utf-8")
    assert text.count(case["mark"]) == 1, text
    assert problem.line == text[: text.index(case["mark"])].count("\n") + 1, told
    assert case.get("hint", "") in problem.hint, told
    assert problem.file == str(broken.path)


def test_unbroken_scenario_has_no_problem(tmp_path: Path) -> None:
    assert harbour(tmp_path).problems() == ()


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    broken = harbour(tmp_path)
    for old, new in (
        ("value: $inputs.token}", "value: $inputs.tokn}"),
        ("strategy: immediate}", "strategy: imediate}"),
        ("x-message: agentDeployed", "x-message: agentDeploied"),
        ("workflowId: sail\n        ", "workflowId: sial\n        "),
    ):
        broken.edit(old, new)
    lines = [each.line for each in broken.problems()]
    assert len(lines) == 4
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: b: c\n", 1, "is not YAML"),
        ("arazzo: 1.1.0\ninfo: {}\ninfo: {}\n", 3, "stands here twice"),
        ("", 1, "is no Arazzo document"),
        ("[]\n", 1, "is no Arazzo document"),
        ("arazzo: 1.1.0\n", 1, "required"),
        ("arazzo: 1.1.0\nworkflows: 3\n", 2, "not of type"),
        ("arazzo: 1.1.0\nworkflows: [3]\n", 2, "not of type"),
        ("arazzo: 1.1.0\nworkflows: [{workflowId: a, steps: [3]}]\n", 2, "not of type"),
    ],
)
def test_what_is_no_scenario_is_refused(tmp_path: Path, text: str, line: int, says: str) -> None:
    problems = scene(tmp_path, text).problems()
    assert [each for each in problems if each.line == line and says in each.message], problems


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    missing = harbour(tmp_path)
    missing.path.unlink()
    (problem,) = missing.problems()
    assert "cannot be read" in problem.message


def test_json_is_read_as_well_and_has_lines(tmp_path: Path) -> None:
    text = '{\n"arazzo": "1.1.0",\n"info": {"title": "t"}}\n'
    problems = scene(tmp_path, text, "a.json").problems()
    assert (3, "/info") in {(each.line, each.pointer) for each in problems}


@pytest.mark.parametrize("part", ["is not valid under any", "{'", "Traceback"])
def test_no_complaint_is_made_of_the_machinery(tmp_path: Path, part: str) -> None:
    text = HARBOUR.replace("stepId: ", "stepID: ").replace("name: limit", "nome: limit")
    told = [each.message for each in scene(tmp_path, text).problems()]
    assert told
    assert not [each for each in told if part in each]
