"""Faults at the door: tokens that are not asked for, or not looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from .fault import Bend, Fault, Section, Seed, Spot, at, table
from .gate import TOKENS
from .model import Refusal
from .seeds import on_body

__all__ = ["GATE_FAULTS", "OPS"]

OPS: Final[dict[str, Section]] = {
    "deploy": "Deploy Agent",
    "list": "List Agents",
    "get": "Get Agent Details",
    "reload": "Hot Reload Agent",
    "update": "Update Agent",
    "stop": "Stop Agent",
    "remove": "Remove Agent",
    "send": "Send Message",
    "history": "Query Message History",
    "create_task": "Create Task",
    "distribute": "Distribute Task",
    "task": "Get Task Status",
    "create_deployment": "Create Deployment",
    "deployment": "Monitor Deployment",
    "rollback": "Rollback Deployment",
    "system": "Get System Metrics",
    "agent_metrics": "Get Agent Metrics",
}


def _opens(when: Callable[[str | None], bool], op: str = "") -> Bend:
    """Let in whoever brings such a token."""

    def bend(refusal: Any, spot: Spot) -> Any:
        here = not op or spot["turn"].op == op
        return None if here and when(spot["token"]) else refusal

    return bend


def _starts(token: str | None) -> bool:
    return bool(token) and TOKENS[0].startswith(str(token))


def _late(refusal: Any, spot: Spot) -> Any:
    """The token is looked at when everything else is in order."""
    turn = spot["turn"]
    unknown = turn.op in ("get", "agent_metrics") and turn.who not in spot.desk.agents
    return None if unknown and spot["token"] is None else refusal


_LAX: Final[tuple[tuple[str, str, Callable[[str | None], bool]], ...]] = (
    ("none", "a missing token is no hindrance", lambda token: token is None),
    ("any", "any token will do", bool),
    ("prefix", "the beginning of the token will do", _starts),
    ("longer", "more may follow the token", lambda token: str(token).startswith(TOKENS[0])),
    ("case", "capitals make no difference", lambda token: str(token).lower() in TOKENS),
    ("empty", "an empty token will do", lambda token: token == ""),
    ("null", "the word null will do", lambda token: token == "null"),
)


def _by_route() -> Iterator[Fault]:
    for op, section in OPS.items():
        rows = [
            (name, f"{op}: {words}", at("auth", _opens(when, op))) for name, words, when in _LAX[:2]
        ]
        yield from table(section, rows, prefix=f"token.{op}.")


def _rpc(when: Callable[[str | None, Spot], bool]) -> Seed:
    return at("grpc.auth", lambda refusal, spot: None if when(spot["token"], spot) else refusal)


def _by_method() -> Iterator[Fault]:
    for method in ("DeployAgent", "ListAgents", "SendMessage", "SendMessageAndWait"):

        def none(token: str | None, spot: Spot, method: str = method) -> bool:
            return token is None and spot["method"] == method

        def anything(token: str | None, spot: Spot, method: str = method) -> bool:
            return bool(token) and spot["method"] == method

        rows = [
            ("none", f"{method}: a missing token is no hindrance", _rpc(none)),
            ("any", f"{method}: any token will do", _rpc(anything)),
        ]
        yield from table("gRPC", rows, prefix=f"token.grpc.{method.lower()}.")


def _metadata(change: Callable[[Any, Spot], Any]) -> Seed:
    return at("grpc.auth", change)


def _bare(refusal: Any, spot: Spot) -> Any:
    return None if spot["metadata"].get("authorization") in TOKENS else refusal


def _denied(refusal: Any, spot: Spot) -> Any:
    return Refusal(status=401, code="UNAUTHORIZED", words="the token is not valid here")


def _first_only(refusal: Any, spot: Spot) -> Any:
    return refusal if spot.nth == 1 else None


def _second_denied(refusal: Any, spot: Spot) -> Any:
    return _denied(refusal, spot) if spot.nth > 3 else refusal


GATE_FAULTS: Final = (
    *table(
        "Authentication",
        ((name, words, at("auth", _opens(when))) for name, words, when in _LAX),
        prefix="token.every.",
    ),
    *_by_route(),
    *_by_method(),
    *table(
        "Authentication",
        [
            (
                "spent",
                "a good token is refused after a few requests",
                at("auth", _second_denied),
            ),
            (
                "refused",
                "the documented header is not understood",
                at("auth", _denied),
            ),
            (
                "once_seen",
                "after the first request nobody is asked any more",
                at("auth", _first_only),
            ),
            (
                "~shown",
                "details of an agent show the token of who asks",
                on_body("get", lambda b, s: b.update(asked_with=s["turn"].token)),
            ),
        ],
        prefix="token.good.",
    ),
    *table(
        "gRPC",
        [
            ("~bare", "the token alone will do, without `Bearer`", _metadata(_bare)),
            ("refused", "a token of REST is refused by gRPC", _metadata(_denied)),
            ("once_seen", "after the first call nobody is asked any more", _metadata(_first_only)),
        ],
        prefix="token.grpc.",
    ),
    *table(
        "Authentication",
        [("late", "who is nobody is told before who asks", at("auth", _late))],
        prefix="token.",
    ),
    *table(
        "Authentication",
        [
            (
                "none",
                "sockets that need a token open without",
                at("ws.auth", lambda refusal, spot: None if spot["token"] is None else refusal),
            ),
            (
                "any",
                "sockets that need a token open with any",
                at("ws.auth", lambda refusal, spot: None if spot["token"] else refusal),
            ),
        ],
        prefix="token.socket.",
        reading="header_sockets",
        implied=True,
    ),
)
