"""An OpenAPI document takes its types in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import PackError, Protocol
from schemas.bundle import bundle


def _types(folder: Path, **types: Any) -> Path:
    (folder / "types").mkdir()
    for name, content in types.items():
        (folder / "types" / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return folder


def test_bundle_turns_references_inward(tmp_path: Path) -> None:
    folder = _types(tmp_path, a={"$schema": "x", "type": "string"}, unused={})
    document = {"paths": [{"schema": {"$ref": "types/a.json", "maxLength": 3}}]}
    assert bundle(document, folder / "openapi.yaml") == {
        "paths": [{"schema": {"$ref": "#/components/schemas/a", "maxLength": 3}}],
        "components": {"schemas": {"a": {"type": "string"}}},
    }


def test_bundle_leaves_the_original_alone(tmp_path: Path) -> None:
    document = {"x": {"$ref": "types/a.json"}, "components": {"schemas": {"own": {}}}}
    before = json.dumps(document)
    bundled = bundle(document, _types(tmp_path, a={}) / "openapi.yaml")
    assert json.dumps(document) == before
    assert bundled["components"]["schemas"] == {"own": {}, "a": {}}


def test_bundle_follows_types_that_refer_to_each_other(tmp_path: Path) -> None:
    folder = _types(
        tmp_path,
        a={"properties": {"b": {"$ref": "b.json"}}},
        b={"items": [{"$ref": "a.json"}, {"$ref": "b.json"}]},
    )
    schemas = bundle({"x": {"$ref": "types/a.json"}}, folder / "openapi.yaml")["components"][
        "schemas"
    ]
    assert schemas == {
        "a": {"properties": {"b": {"$ref": "#/components/schemas/b"}}},
        "b": {"items": [{"$ref": "#/components/schemas/a"}, {"$ref": "#/components/schemas/b"}]},
    }


def test_bundle_follows_a_type_that_is_nothing_but_another(tmp_path: Path) -> None:
    folder = _types(tmp_path, a={"$schema": "x", "$ref": "b.json", "maxLength": 3}, b={})
    schemas = bundle({"x": {"$ref": "types/a.json"}}, folder / "openapi.yaml")["components"]
    assert schemas == {
        "schemas": {"a": {"$ref": "#/components/schemas/b", "maxLength": 3}, "b": {}}
    }


def test_bundle_leaves_other_references_alone(tmp_path: Path) -> None:
    document = {"x": {"$ref": "#/components/responses/x"}, "properties": {"$ref": {"type": "null"}}}
    assert bundle(document, tmp_path / "openapi.yaml")["x"] == document["x"]
    assert bundle(document, tmp_path / "openapi.yaml")["properties"] == document["properties"]


def test_bundle_refuses_a_type_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text("x: 1\ny:\n  $ref: types/b.json\n", "utf-8")
    with pytest.raises(PackError) as refused:
        bundle({"y": {"$ref": "types/b.json"}}, _types(tmp_path, a={}, c={}) / "openapi.yaml")
    (problem,) = refused.value.problems
    assert (problem.line, problem.pointer) == (3, "/y/$ref")
    assert problem.hint == "the types are: a, c"


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in _references(item)]
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    return []


def test_shipped_document_is_self_contained(aitbc: Protocol) -> None:
    references = _references(aitbc.openapi)
    assert len(references) > 40
    assert all(reference.startswith("#/") for reference in references)
