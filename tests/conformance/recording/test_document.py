"""A recording becomes a scenario in which what belongs together is said by expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.arazzo.document import read_scenario
from schemas.arazzo.writer import to_yaml
from tests.conformance.recording.telling import asked, document, spoken, step

UNTOLD = "A secret, which was not recorded."
TASK = "task-0123456789"
REGISTERED = {"agent_id": "Crane-1", "agent_type": "worker"}


def inputs(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["workflows"][0].get("inputs", {}).get("properties", {})
    return found


def test_what_the_client_made_up_is_an_input_wherever_it_comes_back() -> None:
    made = document(
        "aitbc",
        asked(
            1,
            "registerAgent",
            REGISTERED,
            {"message": "Agent Crane-1 is in", "agent_id": "Crane-1"},
        ),
        asked(2, "getAgent", answer=REGISTERED, parameters={"agent_id": "Crane-1"}),
    )
    assert inputs(made) == {"agent_id": {"type": "string", "default": "Crane-1"}}
    first, second = step(made, "registerAgent"), step(made, "getAgent")
    assert first["requestBody"]["payload"]["agent_id"] == "$inputs.agent_id"
    assert first["x-reply"]["body"] == {
        "message": "Agent {$inputs.agent_id} is in",
        "agent_id": "$inputs.agent_id",
    }
    assert second["parameters"] == [{"name": "agent_id", "in": "path", "value": "$inputs.agent_id"}]


def test_what_the_coordinator_made_up_is_an_output_where_the_client_says_it_again() -> None:
    made = document(
        "aitbc",
        asked(
            1, "submitTask", {"task_data": {}}, {"task_id": "task-0123456789", "status": "running"}
        ),
        asked(
            2, "getAgent", parameters={"agent_id": "task-0123456789"}, answer={"status": "running"}
        ),
    )
    assert step(made, "submitTask")["outputs"] == {"task_id": "$response.body#/task_id"}
    assert step(made, "submitTask")["x-reply"]["body"]["task_id"] == TASK
    value = step(made, "getAgent")["parameters"][0]["value"]
    assert value == "$steps.submitTask.outputs.task_id"
    assert step(made, "getAgent")["x-reply"]["body"] == {"status": "running"}


def test_words_and_numbers_that_mean_nothing_stay() -> None:
    said = {"status": "active", "priority": 3, "version": "1.10.200", "region": "us-east-1"}
    made = document(
        "aitbc",
        asked(1, "registerAgent", said, said),
        asked(2, "discoverAgents", said, said),
    )
    assert not inputs(made)
    assert step(made, "discoverAgents")["requestBody"]["payload"] == said


def test_number_of_a_sender_is_that_of_the_target() -> None:
    made = document(
        "echocenter",
        asked(1, "socket", status=101, connection=1),
        spoken(
            2, "coordinator", "deliveredChat", {"type": "CHAT", "sender_id": 7, "payload": "do 7"}
        ),
        spoken(3, "agent", "chat", {"type": "CHAT", "target_id": 7, "payload": "did 7"}),
    )
    assert step(made, "deliveredChat")["outputs"] == {"sender_id": "$message.payload#/sender_id"}
    payload = step(made, "chat")["requestBody"]["payload"]
    assert payload["target_id"] == "$steps.deliveredChat.outputs.sender_id"
    assert payload["payload"] == "did 7"


def test_unlawful_message_of_the_coordinator_says_so() -> None:
    made = document(
        "echocenter",
        asked(1, "socket", status=101, connection=1),
        spoken(2, "coordinator", "deliveredChat", {"type": "CHAT"}, lawful=False),
    )
    assert step(made, "deliveredChat")["x-unlawful"] is True


def test_moment_that_comes_back_is_an_output() -> None:
    when = "2026-01-01T00:00:00Z"
    made = document(
        "aitbc",
        asked(1, "getQueues", answer={"cursor": when}),
        asked(2, "discoverAgents", {"since": when}),
        asked(3, "discoverAgents", {"started": when}),
    )
    assert step(made, "discoverAgents")["requestBody"]["payload"] == {
        "since": "$steps.getQueues.outputs.cursor"
    }
    assert step(made, "discoverAgents-2")["requestBody"]["payload"] == {"started": when}


def test_status_is_what_counts_and_a_row_speaks_of_it_where_one_does() -> None:
    made = document(
        "aitbc",
        asked(1, "getAgent", answer={}, parameters={"agent_id": "a"}),
        asked(2, "getAgent", answer={}, status=404, parameters={"agent_id": "b"}),
    )
    (criterion,) = step(made, "getAgent")["successCriteria"]
    assert criterion["condition"] == "$statusCode == 200"
    assert criterion["x-requirements"]
    assert step(made, "getAgent-2")["successCriteria"] == [{"condition": "$statusCode == 404"}]


def test_unlawful_request_says_so_and_so_does_an_unlawful_answer() -> None:
    made = document(
        "aitbc",
        asked(1, "registerAgent", {"agent_id": 5}, {"detail": 1}, 422, lawful=False, kept=False),
    )
    only = step(made, "registerAgent")
    assert only["x-unlawful"] is True
    assert only["x-reply"] == {"status": 422, "body": {"detail": 1}, "x-unlawful": True}


def test_text_that_looks_like_an_expression_is_an_input() -> None:
    made = document("aitbc", asked(1, "registerAgent", {"a": "$cash", "b": "x {$y} z"}, {}))
    payload = step(made, "registerAgent")["requestBody"]["payload"]
    assert payload == {"a": "$inputs.text", "b": "$inputs.text-2"}
    assert inputs(made)["text-2"] == {"type": "string", "default": "x {$y} z"}


def test_headers_that_say_something_are_kept() -> None:
    headers = [("date", "now"), ("x-ratelimit-limit", "5"), ("content-length", "2")]
    made = document("aitbc", asked(1, "getHealth", answer={}, answer_headers=headers))
    assert step(made, "getHealth")["x-reply"]["headers"] == {"x-ratelimit-limit": "5"}


def test_request_without_an_answer_is_a_fault_of_the_coordinator_or_left_out() -> None:
    made = document(
        "aitbc",
        asked(1, "getHealth", status=0, failure="ended", cut=True),
        asked(2, "getHealth", status=0, failure="the client did not wait"),
    )
    (only,) = made["workflows"][0]["steps"]
    assert only["x-faults"] == [{"kind": "drop"}]
    assert "1 thing" in made["info"]["description"]


def test_close_is_told_once_with_who_closed() -> None:
    made = document(
        "echocenter",
        asked(1, "socket", status=101, connection=1),
        spoken(2, "coordinator", "", kind="close", code=4001),
        spoken(3, "agent", "", kind="close", code=4001),
    )
    ends = step(made, "socket-ends")
    assert (ends["action"], ends["x-close"]) == ("receive", 4001)
    assert len(made["workflows"][0]["steps"]) == 2


def test_certificate_that_was_issued_is_shown_by_what_follows() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"
    key = "-----BEGIN PRIVATE KEY-----assay-secret-1-----END PRIVATE KEY-----"
    issued = {"agentId": "agent-0123456789", "certificate": {"cert": pem, "key": key}}
    made = document(
        "stella",
        asked(1, "registerAgent", {}, issued, 201),
        asked(2, "sendHeartbeat", {}, {}, parameters={"id": "agent-0123456789"}),
        asked(
            3,
            "sendHeartbeat",
            {},
            {"certificateRenewal": {"cert": pem}},
            parameters={"id": "agent-0123456789"},
        ),
        asked(4, "getPendingTasks", {}, {}, parameters={"id": "agent-0123456789"}),
        asked(5, "listAgents", answer=[]),
    )
    first = step(made, "registerAgent")
    assert "x-reply" not in first, "a key cannot be made up"
    assert first["outputs"]["certificate-key"] == "$response.body#/certificate/key"
    assert step(made, "sendHeartbeat")["x-identity"] == {
        "certificate": "$steps.registerAgent.outputs.certificate",
        "key": "$steps.registerAgent.outputs.certificate-key",
    }
    assert step(made, "getPendingTasks")["x-identity"] == {
        "certificate": "$steps.sendHeartbeat-2.outputs.certificate",
        "key": "$steps.registerAgent.outputs.certificate-key",
    }
    assert "x-identity" not in step(made, "listAgents")


def test_two_clients_and_two_connections_have_names() -> None:
    def opened(number: int, secret: str) -> Any:
        query = [("token", f"assay-secret-{secret}")]
        return asked(number, "socket", status=101, connection=number, query=query)

    chat = {"type": "CHAT", "sender_id": 7, "payload": "do"}
    made = document(
        "echocenter",
        opened(1, "1"),
        opened(2, "2"),
        opened(3, "1"),
        spoken(4, "coordinator", "deliveredChat", chat, connection=2),
        spoken(5, "coordinator", "deliveredChat", chat, connection=3),
    )
    assert [each["x-client"] for each in made["workflows"][0]["steps"]] == [
        "client",
        "client-2",
        "client",
        "client-2",
        "client",
    ]
    assert "x-connection" not in step(made, "deliveredChat")
    assert step(made, "deliveredChat-2")["x-connection"] == "socket-2"
    assert set(inputs(made)) == {"token", "token-2"}
    assert "default" not in str(inputs(made))


def test_names_that_a_player_fills_in_are_for_what_proves_who_asks() -> None:
    made = document(
        "echocenter",
        asked(1, "logIn", {"username": "ann", "password": "assay-secret-1"}, {"id": 1}),
        asked(2, "createAgent", {"agent": "Heron-77", "password": "assay-secret-2"}, {}, 201),
        asked(3, "createAgent", {"agent": "Heron-77"}, {"agent": "Heron-77"}, 201),
    )
    assert inputs(made) == {
        "username": {"type": "string", "default": "ann"},
        "password": {"type": "string", "format": "password", "description": UNTOLD},
        "own_agent": {"type": "string", "default": "Heron-77"},
        "own_password": {"type": "string", "format": "password", "description": UNTOLD},
    }


def test_nothing_to_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing was recorded"):
        document("aitbc", asked(1, "", status=404))


def test_what_is_written_is_a_scenario(tmp_path: Path) -> None:
    """By the reader of scenarios, which holds it against Arazzo's schema and against the pack."""
    made = document(
        "aitbc",
        asked(1, "registerAgent", {"agent_id": 5}, {"detail": 1}, 422, lawful=False, kept=False),
        asked(2, "getAgent", answer={}, status=404, parameters={"agent_id": "a"}),
        asked(3, "getHealth", status=0, failure="ended", cut=True),
        asked(4, "getHealth", answer=b"<html>", status=502),
    )
    file = tmp_path / "made.arazzo.yaml"
    file.write_text(to_yaml(made), "utf-8")
    assert len(read_scenario(file).workflows["recorded"].steps) == 4
