"""Which made-up requests are lawful, and which have nothing out of the ordinary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.fuzz.lawfulness import Asked, Assessor
from schemas import load

AITBC = Assessor(load("aitbc"))
CAXTON = Assessor(load("caxton"))

GOOD = {"agent_id": "pilot-3", "agent_type": "worker", "capabilities": ["steering"]}


def registration(body: Any, label: str = "application/json") -> Asked:
    raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    return Asked(
        operation="registerAgent", method="POST", parameters={}, body=raw, media_type=label
    )


@pytest.mark.parametrize(
    ("body", "lawful", "tame"),
    [
        (GOOD, True, True),
        ({**GOOD, "unheard": 1}, True, False),
        ({**GOOD, "agent_id": "näher"}, True, False),
        ({**GOOD, "agent_id": "a\0b"}, True, False),
        ({**GOOD, "agent_id": "a" * 500}, True, False),
        ({**GOOD, "metadata": {"n": 1e300}}, True, False),
        ({**GOOD, "capabilities": [7]}, False, False),
        ({"agent_id": "pilot-3"}, False, False),
        (b"{", False, False),
    ],
    ids=str,
)
def test_bodies(body: Any, lawful: bool, tame: bool) -> None:
    seen = AITBC.assess(registration(body))
    assert (seen.lawful, seen.tame) == (lawful, tame)
    assert bool(seen.violations) is not lawful


def test_what_is_missing_is_no_violation_of_a_body() -> None:
    seen = AITBC.assess(registration(None, ""))
    assert not seen.lawful
    assert not seen.violations, "whether it is unlabelled or no JSON, a peer may say either"


@pytest.mark.parametrize("label", ["text/plain", "", "application/json; charset=latin-1"])
def test_under_another_label_a_body_is_not_looked_at(label: str) -> None:
    seen = AITBC.assess(registration({"agent_id": 7}, label))
    assert not seen.lawful
    assert not seen.routed
    assert not seen.violations


def test_with_another_method_nothing_is_lawful() -> None:
    asked = Asked(operation="getHealth", method="DELETE", parameters={})
    assert not AITBC.assess(asked).lawful


@pytest.mark.parametrize("agent_id", ["", ".", "a/b", "%", "register", " ", "a b"])
def test_ids_of_which_a_router_may_have_an_opinion(agent_id: str) -> None:
    asked = Asked(operation="getAgent", method="GET", parameters={"agent_id": agent_id})
    assert not AITBC.assess(asked).lawful


@pytest.mark.parametrize(
    ("query", "lawful", "tame"),
    [
        ([], True, True),
        ([("limit", "10"), ("status", "running")], True, True),
        ([("limit", "5000")], True, False),
        ([("limit", "0")], False, False),
        ([("limit", "ten")], False, False),
        ([("limit", "1"), ("limit", "2")], False, False),
        ([("status", "asleep")], False, False),
        ([("tide", "high")], False, False),
        ([("offset", "")], False, False),
    ],
)
def test_queries(query: list[tuple[str, str]], lawful: bool, tame: bool) -> None:
    asked = Asked(operation="listAgents", method="GET", parameters={}, query=query)
    seen = CAXTON.assess(asked)
    assert (seen.lawful, seen.tame) == (lawful, tame)
