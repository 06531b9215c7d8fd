"""Whatever is written, a scenario is read or refused in words."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from schemas.arazzo.document import read_scenario
from schemas.arazzo.words import explain
from schemas.errors import PackError
from schemas.files import parse
from tests.schemas.arazzo.scenes import HARBOUR

ODD: list[Any] = [
    *(None, True, 0, -1, 3.5, "", "$", "x", "sail", "twice", "deploy", "list", "goto", "receive"),
    *("$inputs.token", "$steps.leave.outputs.id", "{$url}", "$response.body#/a", "$outputs.id"),
    *([], {}, [{}], ["a"], {"a": 1}, {"$ref": "#/nowhere"}, {"reference": "$components.inputs.x"}),
    {"context": "$response.body", "selector": "/a", "type": "jsonpointer"},
]
FIELDS = (
    *("x-reply", "x-push", "x-never", "x-open", "x-close", "x-times", "x-before", "x-unordered"),
    *("requestBody", "parameters", "dependsOn", "workflowId", "operationPath", "channelPath"),
    *("action", "onSuccess", "onFailure", "outputs", "correlationId", "successCriteria", "inputs"),
)


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*at, key))


def _broken(document: Any, random: Random) -> Any:
    """A copy in which something is missing, is another thing, or stands where it should not."""
    changed = copy.deepcopy(document)
    places = [place for place in _places(changed) if place]
    *above, key = random.choice(places)
    parent = changed
    for step in above:
        parent = parent[step]
    match random.randrange(4):
        case 0:
            del parent[key]
        case 1:
            parent[key] = copy.deepcopy(random.choice(ODD))
        case 2 if isinstance(parent, dict):
            parent[random.choice(FIELDS)] = copy.deepcopy(random.choice(ODD))
        case _:
            there: Any = document
            for step in random.choice(places):
                there = there[step]
            parent[key] = copy.deepcopy(there)
    return changed


@pytest.mark.parametrize("seed", range(4))
def test_broken_scenario_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    document = parse(HARBOUR.encode(), "harbour", as_json=False)
    path = tmp_path / "any.json"
    refused: list[PackError] = []
    for _ in range(60):
        broken = document
        for _ in range(random.randint(1, 3)):
            broken = _broken(broken, random)
        path.write_bytes(orjson.dumps(broken))
        try:
            assert list(explain(read_scenario(path)))
        except PackError as error:
            refused.append(error)
    assert 0 < len(refused) < 60
    told = [problem for error in refused for problem in error.problems]
    assert all(problem.message and problem.file == str(path) for problem in told)
