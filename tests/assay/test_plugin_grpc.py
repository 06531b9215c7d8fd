"""The fixture in users' own suites, where the protocol speaks gRPC."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assay.user_project import UserProject

CAXTON = "--assay-protocol=caxton"


@pytest.fixture
def project(tmp_path: Path) -> UserProject:
    return UserProject(tmp_path)


def test_procedures_are_called_in_the_session_of_the_test(project: UserProject) -> None:
    project.test("""
import grpc

LIST = "/caxton.v1.AgentService/ListAgents"
DEPLOY = "/caxton.v1.AgentService/DeployAgent"
NAMED = b"\\x0a\\x08\\0asm\\x01\\0\\0\\0\\x12\\x07\\x0a\\x05pilot"  # wasm_module, config.name


def ask(mock, path, payload=b""):
    with grpc.insecure_channel(mock.grpc) as channel:
        return channel.unary_unary(path)(payload, metadata=tuple(mock.metadata.items()), timeout=10)


def test_deploys(mock_coordinator):
    assert ask(mock_coordinator, LIST) == b""
    assert b"agent_" in ask(mock_coordinator, DEPLOY, NAMED)
    seen = [each["operation"] for each in mock_coordinator.transcript()]
    assert seen == ["AgentService.ListAgents", "AgentService.DeployAgent"]
    assert mock_coordinator.transcript()[1]["request"]["body"]["config"]["name"] == "pilot"
    headers = {"X-Caxton-Token": mock_coordinator.token}
    listed = call(f"{mock_coordinator.url}/api/v1/agents", headers=headers)[1]
    assert [each["name"] for each in listed["agents"]] == ["pilot"]
    mock_coordinator.assert_conformant()


def test_knows_nothing_of_the_other_one(mock_coordinator):
    assert ask(mock_coordinator, LIST) == b""


def test_broken_call_is_held_against_its_caller(mock_coordinator):
    nameless = b"\\x0a\\x08\\0asm\\x01\\0\\0\\0"
    with pytest.raises(grpc.RpcError) as refused:
        ask(mock_coordinator, DEPLOY, nameless)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(AssertionError):
        mock_coordinator.assert_conformant()
""")
    outcome = project.run(CAXTON)
    assert outcome.counts() == {"passed": 3}, outcome.text
