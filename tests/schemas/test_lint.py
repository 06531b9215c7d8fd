"""A pack is whole and consistent, or every fault of it is told."""

from __future__ import annotations

import json

import pytest

from schemas import PackError
from schemas.errors import Problem
from schemas.lint import lint
from tests.schemas.conftest import Pack


def _refused(pack: Pack) -> tuple[Problem, ...]:
    with pytest.raises(PackError) as refused:
        lint(str(pack.folder))
    return refused.value.problems


def test_shipped_pack_is_whole() -> None:
    told = lint("aitbc")
    assert told.startswith("13 operations, ")
    assert "illegal examples" in told


@pytest.mark.parametrize("name", ["orphan", "status"])
def test_type_that_nobody_refers_to_is_reported(pack: Pack, name: str) -> None:
    # `status.json` is also how the name of agent-status.json ends, which somebody refers to
    text = json.dumps({"items": {"$ref": f"{name}.json"}})
    path = pack.write(f"types/{name}.json", text)
    (problem,) = _refused(pack)
    assert (problem.file, problem.message) == (str(path), "nothing refers to this type")


def test_type_that_is_no_schema_is_reported(pack: Pack) -> None:
    path = pack.edit("types/health.json", '"const": "healthy"', '"type": "txt"')
    problems = _refused(pack)
    told = next(problem for problem in problems if problem.file == str(path))
    assert told.pointer == "/properties/status/type"
    assert told.line == pack.line_of("types/health.json", '"txt"')
    assert "is no JSON Schema" in told.message


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ('  version: "2026-05-07"\n', "", "/info"),
        ("          description: It is.\n", "", "/paths/~1health/get/responses/200"),
        ("        in: path\n        required: true\n", "        in: path\n", ""),
        (
            "      operationId: getHealth\n",
            "      operationId: getHealth\n      bogus: 1\n",
            "/paths",
        ),
    ],
)
def test_invalid_openapi_is_reported(pack: Pack, old: str, new: str, pointer: str) -> None:
    path = pack.edit("openapi.yaml", old, new)
    problems = _refused(pack)
    assert {problem.file for problem in problems} == {str(path)}
    assert all(problem.line > 0 for problem in problems)
    assert any(problem.pointer.startswith(pointer) for problem in problems)


@pytest.mark.parametrize(
    ("old", "new", "says", "value"),
    [
        (
            "      x-section: Health Check, Service Health\n",
            "",
            "getHealth has no x-section",
            None,
        ),
        (
            "      x-capability: health\n",
            "      x-capability: helth\n",
            "getHealth has no capability of protocol.yaml as x-capability",
            "helth",
        ),
        (
            "      x-capability: health\n",
            "",
            "getHealth has no capability of protocol.yaml as x-capability",
            "",
        ),
    ],
)
def test_operation_without_its_section_or_capability_is_reported(
    pack: Pack, old: str, new: str, says: str, value: object
) -> None:
    pack.edit("openapi.yaml", old, new)
    (problem,) = _refused(pack)
    assert (problem.message, problem.value) == (says, value)
    assert problem.line == pack.line_of("openapi.yaml", "  /health:") + 1


def test_readiness_that_is_no_operation_is_reported(pack: Pack) -> None:
    pack.edit("protocol.yaml", "readiness: getHealth", "readiness: getHelth")
    (problem,) = _refused(pack)
    assert (problem.message, problem.value) == ("names no operation as readiness", "getHelth")


def test_place_without_an_illegal_example_is_reported(pack: Pack) -> None:
    pack.edit(
        "examples/invalid/getHealth.yaml",
        '200-not-an-object: {like: well, at: "", put: [],',
        '200-not-an-object: {like: well, at: "/status", put: [],',
    )
    text = (pack.folder / "examples/invalid/getHealth.yaml").read_text("utf-8")
    row = text.split("200-not-an-object")[1].split("violates: ")[1].split("}")[0]
    other = text.split("200-status-wrong")[1].split("violates: ")[1].split("}")[0]
    pack.edit(
        "examples/invalid/getHealth.yaml",
        f'"/status", put: [], violates: {row}',
        f'"/status", put: [], violates: {other}',
    )
    (problem,) = _refused(pack)
    assert problem.message == f"no example breaks {row}"
    assert problem.line == pack.line_of("requirements.yaml", f"id: {row}")
    assert "examples/invalid/getHealth.yaml" in problem.hint


def test_legal_example_that_is_illegal_is_reported(pack: Pack) -> None:
    pack.edit("examples/valid/getTaskStatus.yaml", "tasks_completed: 9", "tasks_completed: nine")
    problems = _refused(pack)
    assert any("getTaskStatus/told breaks" in problem.message for problem in problems)


@pytest.mark.parametrize(
    "change", ["put: healthy, violates: {row}", "put: sick, violates: AITBC-REG-005"]
)
def test_illegal_example_that_breaks_something_else_is_reported(pack: Pack, change: str) -> None:
    name = "examples/invalid/getHealth.yaml"
    text = (pack.folder / name).read_text("utf-8")
    row = text.split("200-status-wrong")[1].split("violates: ")[1].split("}")[0]
    added = f'  added: {{like: well, at: "/status", {change.format(row=row)}}}\n'
    pack.write(name, text.rstrip() + "\n" + added)
    (problem,) = _refused(pack)
    assert problem.message.startswith("getHealth/added breaks ")
