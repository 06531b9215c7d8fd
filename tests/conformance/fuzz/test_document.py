"""What a generator is told of a protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.fuzz.document import described
from conformance.fuzz.menu import KNOWN, STRANGER
from conformance.fuzz.seeds import bodies
from schemas import load, protocol_ids
from schemas.openapi import read_operations

WITH_REST = [name for name in protocol_ids() if load(name).openapi]


def test_only_what_is_wanted_is_left_and_links_lead_nowhere_else() -> None:
    protocol = load("aitbc")
    document = described(protocol, ("registerAgent", "getAgent"), {"agent_id": KNOWN}, {})
    assert [*document["paths"]] == ["/agents/register", "/agents/{agent_id}"]
    links = document["paths"]["/agents/register"]["post"]["responses"]["200"]["links"]
    assert {link["operationId"] for link in links.values()} == {"getAgent"}
    (parameter,) = document["paths"]["/agents/{agent_id}"]["parameters"]
    assert parameter["schema"]["enum"] == [KNOWN, STRANGER]
    assert "updateAgentStatus" in str(protocol.openapi), "the protocol's own is as it was"


def test_credentials_are_not_its_affair() -> None:
    protocol = load("stella")
    document = described(protocol, tuple(protocol.operations), {}, {})
    assert not any("security" in item for path in document["paths"].values() for item in [*path])
    assert "security" not in document


def test_scenarios_give_examples() -> None:
    protocol = load("aitbc")
    found = bodies(protocol)
    assert {"registerAgent", "submitTask", "updateAgentStatus"} <= found.keys()
    assert not any("$" in str(body) for bodies in found.values() for body in bodies)
    document = described(protocol, ("submitTask",), {}, found)
    content = document["paths"]["/tasks/submit"]["post"]["requestBody"]["content"]
    shown = [each["value"] for each in content["application/json"]["examples"].values()]
    assert all(body in shown for body in found["submitTask"])


@pytest.mark.parametrize("name", WITH_REST)
def test_links_lead_from_answers_to_operations_that_there_are(name: str) -> None:
    protocol = load(name)
    for path, item in protocol.openapi["paths"].items():
        for method in set(item) & {"get", "put", "post", "delete"}:
            for answer in item[method]["responses"].values():
                for link in answer.get("links", {}).values():
                    target = protocol.operations[link["operationId"]]
                    assert set(link["parameters"]) == set(target.parameters), (path, method)


@pytest.mark.parametrize("name", WITH_REST)
def test_what_is_told_is_openapi_still(name: str) -> None:
    protocol = load(name)
    wanted = tuple(protocol.operations)
    document = described(protocol, wanted, {}, bodies(protocol))
    assert read_operations(document, Path()).keys() <= protocol.operations.keys()
