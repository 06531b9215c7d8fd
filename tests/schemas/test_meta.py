"""Our meta-schemas are JSON Schemas, and the documents that ship keep those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from schemas import load, protocol_ids
from schemas.files import META, check, meta_schema, read
from schemas.loader import PROTOCOLS

METAS = sorted(path.name.removesuffix(".schema.json") for path in META.glob("*.json"))


def _foreign(path: Path) -> bool:
    """Is it of a kind that others define, and that has no place for the name of a schema?"""
    return path.name in ("openapi.yaml", "asyncapi.yaml") or path.name.endswith(".arazzo.yaml")


TYPES = sorted(PROTOCOLS.glob("*/types/*.json"))


@pytest.mark.parametrize("name", METAS)
def test_meta_schema_is_valid_json_schema(name: str) -> None:
    schema = meta_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:assay:meta:{name}"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", METAS)
def test_meta_schema_refuses_what_is_none_of_its_kind(name: str, tmp_path: Path) -> None:
    assert list(check({"nonsense": True}, name, tmp_path))
    assert list(check([], name, tmp_path))


@pytest.mark.parametrize("path", TYPES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_type_is_a_described_json_schema(path: Path) -> None:
    schema = read(path)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("protocol", [each for each in protocol_ids() if load(each).openapi])
def test_openapi_document_keeps_the_official_schema(protocol: str) -> None:
    document: Any = load(protocol).openapi
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PROTOCOLS.rglob("*.yaml")) if not _foreign(path)],
    ids=lambda path: str(path.relative_to(PROTOCOLS)),
)
def test_shipped_file_names_its_meta_schema(path: Path) -> None:
    target = (path.parent / read(path)["$schema"]).resolve()
    assert target.parent == META.resolve()
    assert target.is_file()
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=")
