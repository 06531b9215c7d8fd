"""What is found in a description that a peer serves, and what is not gone for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.protocols.aitbc.description import ElsewhereError, faults_of
from schemas import load
from tests.conformance.peers import closed_port


def description(version: str, **answer: Any) -> dict[str, Any]:
    item = {"get": {"responses": {"200": answer}}}
    info = {"title": "Berths", "version": "1"}
    return {"openapi": version, "info": info, "paths": {"/berths": item}}


def test_our_own_has_no_faults() -> None:
    assert faults_of(dict(load("aitbc").openapi)) == []


@pytest.mark.parametrize("document", [None, [], "x", {}, {"openapi": 3}, {"openapi": "3.9"}])
def test_what_is_no_description_is_one_fault(document: Any) -> None:
    (fault,) = faults_of(document)
    assert "cannot be read as OpenAPI" in fault


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_faults_are_told(version: str) -> None:
    assert faults_of(description(version, description=5))
    assert faults_of(description(version, **{"$ref": "#/components/responses/None"}))


def test_references_of_requests_must_lead_somewhere() -> None:
    document = description("3.1.0", description="as it is")
    schema = {"$ref": "#/components/schemas/Berth%2EQuay"}
    content = {"application/json": {"schema": schema, "example": {"$ref": "#/no/reference"}}}
    document["paths"]["/berths"]["get"]["requestBody"] = {"content": content}
    (fault,) = faults_of(document)
    assert "leads nowhere" in fault
    document["components"] = {"schemas": {"Berth.Quay": {"type": "object"}}}
    assert faults_of(document) == []


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
async def test_nothing_is_read_or_fetched_for_a_peer(version: str, tmp_path: Path) -> None:
    """A file that is there, and would do, is left alone as well."""
    kept = tmp_path / "answer.json"
    kept.write_text('{"description": "canary"}')
    port = await closed_port()
    for address in (kept.as_uri(), f"http://127.0.0.1:{port}/answer.json", "answer.json"):
        with pytest.raises(ElsewhereError, match=r"answer\.json"):
            faults_of(description(version, **{"$ref": address}))
