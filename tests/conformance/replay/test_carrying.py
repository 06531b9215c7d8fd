"""What is new takes the place of what was, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.recording.meaning import Meaning
from conformance.replay.carrying import Carrier
from schemas import load

RUN, NEW = "1129ab34cd", "77aa77aa77"


@pytest.fixture
def carrier() -> Carrier:
    return Carrier(Meaning(load("caxton")), {RUN: NEW, "assay-secret-1": "t0ken"})


def test_ids_of_the_run_are_new_wherever_they_stand(carrier: Carrier) -> None:
    assert carrier.text(f"agent-{RUN}-1, /a/x{RUN}y") == f"agent-{NEW}-1, /a/x{NEW}y"


def test_a_secret_of_the_target_is_itself_and_no_other(carrier: Carrier) -> None:
    assert carrier.text("Bearer assay-secret-1") == "Bearer t0ken"
    assert carrier.text("assay-secret-12") == "assay-secret-12"
    assert carrier.untold("assay-secret-1 assay-secret-12") == ["assay-secret-12"]


def test_what_the_peer_told_is_what_it_tells_now(carrier: Carrier) -> None:
    carrier.learn(
        {"agent_id": "agent_7f3c91", "token": "assay-secret-3", "id": 4},
        {"agent_id": "agent_000001", "token": "s3cret", "id": 9},
    )
    body = {"to": "agent_7f3c91", "note": "for agent_7f3c91!", "agent_id": 4, "count": 4}
    said = json.loads(carrier.body(json.dumps(body).encode()))
    assert said == {"to": "agent_000001", "note": "for agent_000001!", "agent_id": 9, "count": 4}
    assert carrier.text("?token=assay-secret-3") == "?token=s3cret"


def test_a_short_id_is_known_by_its_number(carrier: Carrier) -> None:
    carrier.learn({"agent_id": "agent_7", "state": "idle"}, {"agent_id": "agent_9", "state": "up"})
    assert carrier.value({"agent": "agent_7", "content": "agent_7", "state": "idle"}) == {
        "agent": "agent_9",
        "content": "agent_7",
        "state": "idle",
    }


def test_the_first_word_on_a_value_counts(carrier: Carrier) -> None:
    carrier.learn({"agent_id": "agent_7f3c91"}, {"agent_id": "agent_000001"})
    carrier.learn({"agent_id": "agent_7f3c91"}, {"agent_id": "agent_000002"})
    assert carrier.text("agent_7f3c91") == "agent_000001"


def test_listed_things_are_told_apart_by_what_we_called_them(carrier: Carrier) -> None:
    def row(name: str, number: str) -> dict[str, str]:
        return {"name": name, "agent_id": number}

    old = [row("stranger", "agent_100001"), row(f"mine-{RUN}-1", "agent_100002")]
    new = [row(f"mine-{NEW}-1", "agent_200001")]
    carrier.learn(old, new)
    assert carrier.text("agent_100002") == "agent_200001"
    assert carrier.text("agent_100001") == "agent_100001"


@pytest.mark.parametrize(
    "body",
    [b'{"a" :1.50,"a":  2}', b"not json", b"\xff\xfe", b"", b'{"big": 123456789012345678901}'],
)
def test_a_body_without_anything_new_is_left_as_it_was_written(
    carrier: Carrier, body: bytes
) -> None:
    carrier.learn({"id": 4}, {"id": 9})
    assert carrier.body(body) == body


@pytest.mark.parametrize("old", [None, True, 1.5, {"a": 1}, [1], "word"])
def test_what_is_no_id_is_never_learnt(carrier: Carrier, old: Any) -> None:
    carrier.learn({"status": old}, {"status": "another"})
    assert carrier.value({"status": old}) == {"status": old}
