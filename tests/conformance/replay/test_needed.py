"""Of a long history, a finding hangs on a few steps."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance.replay.needed import needed
from conformance.replay.recorded import Recorded
from conformance.replay.story import Opening, Request, Step, Utterance
from schemas import load

RUN = "1129ab34cd"
ECHO = load("echocenter")


def created(name: str, number: int, token: str) -> Request:
    return Request(
        operation="createAgent",
        method="POST",
        path="/api/users/agents",
        body=json.dumps({"username": name}).encode(),
        status=201,
        answer=json.dumps({"id": number, "username": name, "api_token": token}).encode(),
    )


def connected(name: str, token: str) -> Opening:
    path = f"/api/ws?token={token}"
    return Opening(connection=name, channel="socket", path=path, status=101)


def said(name: str, sender: str, payload: Any, *, shown: bool = False) -> Utterance:
    data = json.dumps(payload).encode()
    return Utterance(connection=name, sender=sender, kind="text", data=data, shown=shown)


def found(*steps: Step) -> list[int]:
    records = Recorded(ECHO).records(steps)
    return sorted(needed(steps, records, ECHO, RUN))


ONE, TWO, THREE = (f"Scout-{RUN}-{number}" for number in (1, 2, 3))
CAST: list[Step] = [
    created(ONE, 41, "assay-secret-1"),
    created(TWO, 42, "assay-secret-2"),
    created(THREE, 43, "assay-secret-3"),
    connected(ONE, "assay-secret-1"),
    connected(TWO, "assay-secret-2"),
    connected(THREE, "assay-secret-3"),
]


def test_a_message_hangs_on_who_said_it_to_whom_and_not_on_others() -> None:
    steps: list[Step] = [
        *CAST,
        said(THREE, "assay", {"type": "CHAT", "target_id": 41, "payload": f"m-{RUN}-1"}),
        said(ONE, "assay", {"type": "CHAT", "target_id": 42, "payload": f"m-{RUN}-2"}),
        said(TWO, "peer", {"type": "CHAT", "sender_id": "41", "payload": f"m-{RUN}-2"}, shown=True),
    ]
    assert found(*steps) == [0, 1, 3, 4, 7, 8]


def test_a_message_that_names_nobody_hangs_on_what_was_done_last() -> None:
    steps: list[Step] = [
        *CAST,
        said(ONE, "assay", {"type": "CHAT", "target_id": 42, "payload": "one"}),
        said(THREE, "assay", {"type": "CHAT", "target_id": 42, "payload": "two"}),
        said(TWO, "peer", {"type": "CHAT"}, shown=True),
    ]
    assert 7 in found(*steps)
    assert 6 not in found(*steps)


def test_an_answer_hangs_on_all_that_was_done_to_what_it_speaks_of() -> None:
    asked = replace(created(ONE, 1, "x"), method="GET", path=f"/api/users/agents/{TWO}", shown=True)
    steps: list[Step] = [*CAST[:3], replace(asked, body=b"")]
    assert found(*steps) == [0, 1, 3]


def test_what_only_asks_changes_nothing_and_is_not_needed() -> None:
    listed = Request(
        operation="listAgents",
        method="GET",
        path="/api/users/agents",
        status=200,
        answer=json.dumps([{"id": 41, "username": ONE}]).encode(),
    )
    shown = connected(ONE, "assay-secret-1")
    assert found(CAST[0], listed, listed, replace(shown, shown=True)) == [0, 3]
