"""Whether a fault can strike anything of a protocol, told where it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.faults import Fault
from mockserver.faults.fit import misfit, subjects
from schemas import load, protocol_ids


def _misfit(protocol: str, **said: Any) -> str:
    return misfit(Fault(**said), load(protocol))


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("aitbc", {"kind": "drop"}),
        ("aitbc", {"kind": "stale", "operation": "get*"}),
        ("caxton", {"kind": "empty", "operation": "AgentService.*"}),
        ("echocenter", {"kind": "duplicate"}),
        ("echocenter", {"kind": "status", "operation": "socket"}),
        ("architect", {"kind": "wrong_correlation"}),
        ("architect", {"kind": "wrong_correlation", "operation": "reply"}),
        ("caxton", {"kind": "wrong_correlation", "pointer": "/message_id"}),
    ],
)
def test_fault_that_can_strike_fits(protocol: str, said: dict[str, Any]) -> None:
    assert _misfit(protocol, **said) == ""


@pytest.mark.parametrize(
    ("protocol", "said", "told"),
    [
        (
            "aitbc",
            {"kind": "delay", "operation": "heartbeat"},
            "operation 'heartbeat' matches nothing of aitbc: did you mean 'sendHeartbeat'?",
        ),
        (
            "aitbc",
            {"kind": "drop", "operation": "zzz*"},
            "aitbc: there is clearQueue, discoverAgents, get",
        ),
        ("aitbc", {"kind": "duplicate"}, "duplicate cannot strike an answer over HTTP, and '*'"),
        ("aitbc", {"kind": "duplicate"}, "a request has one answer; it strikes a message on a Web"),
        (
            "caxton",
            {"kind": "truncate", "operation": "AgentService.*"},
            "strike an answer over gRPC",
        ),
        ("caxton", {"kind": "truncate", "operation": "AgentService.*"}, "gRPC frames its messages"),
        ("echocenter", {"kind": "hang", "operation": "socket"}, "elsewhere it is called half_open"),
        ("echocenter", {"kind": "status", "operation": "deliveredChat"}, "a message has no status"),
        (
            "caxton",
            {"kind": "wrong_correlation", "operation": "getAgent"},
            "wrong_correlation needs a pointer here: the document names no id that",
        ),
    ],
)
def test_fault_that_would_never_strike_is_told(
    protocol: str, said: dict[str, Any], told: str
) -> None:
    assert told in _misfit(protocol, **said)


@pytest.mark.parametrize("protocol", protocol_ids())
def test_subjects_are_all_that_a_coordinator_answers_and_says(protocol: str) -> None:
    spec = load(protocol)
    found = subjects(spec)
    assert {name for name in found if name in spec.operations} == set(spec.operations)
    assert {name for name, place in found.items() if place == "handshake"} == set(spec.channels)
    assert all(
        spec.messages[name].sender == "coordinator"
        for name, place in found.items()
        if place == "websocket"
    )
