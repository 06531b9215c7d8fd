"""Faults of gRPC, and between it and REST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from .fault import Bend, Fault, Row, Seed, Spot, at, table
from .protos import protos
from .rpc import Reply
from .seeds import always

__all__ = ["RPC_FAULTS"]


def _told(method: str, change: Callable[[dict[str, Any], Spot], object]) -> Seed:
    """Change what a method answers."""

    def bend(told: Any, spot: Spot) -> Any:
        if spot["method"] == method:
            change(told, spot)
        return told

    return at("grpc.told", bend)


def _put(method: str, name: str, value: Any) -> Seed:
    return _told(method, lambda told, spot: told.update({name: value}))


def _first(method: str, name: str) -> Seed:
    def change(told: dict[str, Any], spot: Spot) -> None:
        told[name] = spot.memo.setdefault(name, told[name])

    return _told(method, change)


def _running(spot: Spot) -> Any:
    return protos(spot.desk.reading).status("running")


_STRAY: Final[tuple[Row, ...]] = (
    ("~stray.ok", "an unknown procedure succeeds", at("grpc.stray", always(True))),
    ("~reflection.none", "the services are not told of", at("grpc.reflection", always(False))),
)

_FIELDS: Final[tuple[Row, ...]] = (
    ("deploy.agent_id.empty", "the agent has no id", _put("DeployAgent", "agent_id", "")),
    ("deploy.agent_id.first", "all agents have one id", _first("DeployAgent", "agent_id")),
    (
        "deploy.agent_id.name",
        "the id is none that REST knows",
        _put("DeployAgent", "agent_id", "grpc-1"),
    ),
    ("~deploy.status.zero", "the status is the enum's zero", _put("DeployAgent", "status", 0)),
    (
        "~deploy.status.unknown",
        "the status is a number beyond the enum",
        _put("DeployAgent", "status", 77),
    ),
    (
        "~deploy.status.failed",
        "the status says failed",
        _put("DeployAgent", "status", "AGENT_STATUS_FAILED"),
    ),
    (
        "deploy.deployed_at.missing",
        "the time of deployment is missing",
        _told("DeployAgent", lambda t, s: t.pop("deployed_at")),
    ),
    (
        "deploy.deployed_at.epoch",
        "the time of deployment is 1970",
        _put("DeployAgent", "deployed_at", "1970-01-01T00:00:00Z"),
    ),
    (
        "deploy.deployed_at.future",
        "the time of deployment lies ahead",
        _put("DeployAgent", "deployed_at", "2199-01-01T00:00:00Z"),
    ),
    ("list.agents.empty", "no agents are listed", _put("ListAgents", "agents", [])),
    ("list.total.zero", "total is 0", _put("ListAgents", "total", 0)),
    ("list.total.negative", "total is negative", _put("ListAgents", "total", -1)),
    (
        "list.total.page",
        "total counts the page",
        _told("ListAgents", lambda t, s: t.update(total=len(t["agents"]))),
    ),
    (
        "list.total.more",
        "total is one too many",
        _told("ListAgents", lambda t, s: t.update(total=t["total"] + 1)),
    ),
    (
        "~list.stale",
        "everybody is running",
        _told("ListAgents", lambda t, s: [one.update(status=_running(s)) for one in t["agents"]]),
    ),
    (
        "list.twice",
        "agents are listed twice",
        _told("ListAgents", lambda t, s: t.update(agents=[*t["agents"], *t["agents"]])),
    ),
    (
        "list.blank",
        "listed agents have no fields",
        _told("ListAgents", lambda t, s: t.update(agents=[{} for _ in t["agents"]])),
    ),
    (
        "~send.blank",
        "the answer to a message is empty",
        _told("SendMessage", lambda t, s: t.clear()),
    ),
    ("~wait.blank", "the reply is empty", _told("SendMessageAndWait", lambda t, s: t.clear())),
)


def _page(cut: Callable[[Any, int, int], Any]) -> Seed:
    def bend(shown: Any, spot: Spot) -> Any:
        if spot["door"] == "rest":
            return shown
        return cut(spot["chosen"], spot["offset"], spot["limit"])

    return at("list.page", bend)


def _filter(choose: Callable[[Any, Any], Any]) -> Seed:
    def bend(chosen: Any, spot: Spot) -> Any:
        rest = spot["door"] == "rest" or spot["status"] is None
        return chosen if rest else choose(chosen, spot["all"])

    return at("list.chosen", bend)


_LIST: Final[tuple[Row, ...]] = (
    ("limit.ignored", "the limit is ignored", _page(lambda c, o, n: c[o:])),
    ("limit.one_more", "a page has one agent too many", _page(lambda c, o, n: c[o : o + n + 1])),
    ("offset.ignored", "the offset is ignored", _page(lambda c, o, n: c[:n])),
    ("offset.one_early", "pages overlap by one", _page(lambda c, o, n: c[max(0, o - 1) :][:n])),
    (
        "offset.one_late",
        "an agent is lost between pages",
        _page(lambda c, o, n: c[o + (o > 0) :][:n]),
    ),
    ("filter.ignored", "the status filters nothing", _filter(lambda chosen, every: every)),
    (
        "filter.inverted",
        "the filter shows the others",
        _filter(lambda chosen, every: [x for x in every if x not in chosen]),
    ),
    ("filter.empty", "a filtered list is empty", _filter(lambda chosen, every: [])),
)


def _failure(code: str, other: str) -> Seed:
    def bend(reply: Any, spot: Spot) -> Any:
        return replace(reply, code=other) if spot["refusal"].code == code else reply

    return at("grpc.failed", bend)


_ERRORS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("token", "UNAUTHORIZED", ("PERMISSION_DENIED", "UNKNOWN", "INTERNAL", "INVALID_ARGUMENT")),
    ("exists", "AGENT_ALREADY_EXISTS", ("INTERNAL", "UNKNOWN", "INVALID_ARGUMENT", "NOT_FOUND")),
    ("wasm", "INVALID_WASM", ("INTERNAL", "UNKNOWN", "FAILED_PRECONDITION", "NOT_FOUND")),
    ("receiver", "AGENT_NOT_FOUND", ("INVALID_ARGUMENT", "UNIMPLEMENTED")),
    ("rate", "RATE_LIMITED", ("UNAVAILABLE", "UNKNOWN", "INTERNAL")),
    ("delivery", "MESSAGE_DELIVERY_FAILED", ("OK", "UNAUTHENTICATED")),
    ("invalid", "INVALID_REQUEST", ("OK", "UNKNOWN", "INTERNAL")),
    ("deadline", "DEADLINE", ("OK", "UNKNOWN", "CANCELLED")),
)

_STATED: Final = (
    ("exists", "INTERNAL"),
    ("exists", "UNKNOWN"),
    ("wasm", "INTERNAL"),
    ("wasm", "UNKNOWN"),
)
"""The document gives gRPC no codes; its table of errors says only whose fault it is."""


def _errors() -> Iterator[Row]:
    for name, code, others in _ERRORS:
        for other in others:
            mark = "" if (name, other) in _STATED else "~"
            words = f"{code} comes as {other}"
            yield f"{mark}error.{name}.{other.lower()}", words, _failure(code, other)
        if "OK" not in others:
            # A message may be for somebody who is no agent, and may be taken before he is known.
            mark = "~" if name == "receiver" else ""
            yield f"{mark}error.{name}.ok", f"{code} comes as success", _failure(code, "OK")


def _every_code(code: str) -> Bend:
    return lambda reply, spot: replace(reply, code=code)


def _early(reply: Reply) -> Bend:
    return always(reply)


def _raw(nothing: Any, spot: Spot) -> Any:
    odd = spot["raw"].startswith(b"\xff\xff")
    return Reply(code="UNKNOWN", words="DecodeError: Error parsing message") if odd else nothing


def _crash(nothing: Any, spot: Spot) -> Any:
    if spot["raw"].startswith(b"\xff\xff"):
        raise ValueError(spot["raw"])
    return nothing


def _per_method() -> Iterator[Row]:
    for method in ("DeployAgent", "ListAgents", "SendMessage", "SendMessageAndWait"):

        def missing(nothing: Any, spot: Spot, method: str = method) -> Any:
            gone = Reply(code="UNIMPLEMENTED", words="not here")
            return gone if spot["method"] == method else nothing

        def garbage(nothing: Any, spot: Spot, method: str = method) -> Any:
            return Reply(body=b"\xff\x01\xfe") if spot["method"] == method else nothing

        def empty(nothing: Any, spot: Spot, method: str = method) -> Any:
            return Reply(body=b"") if spot["method"] == method else nothing

        def hanging(nothing: Any, spot: Spot, method: str = method) -> Any:
            return Reply(code="HANG") if spot["method"] == method else nothing

        mark = "~" if method == "ListAgents" else ""
        low = method.lower()
        if method != "ListAgents":
            yield f"{low}.unimplemented", f"{method} is not served", at("grpc.early", missing)
        yield (
            f"{mark}{low}.garbage",
            f"{method} answers what does not parse",
            at("grpc.early", garbage),
        )
        yield f"{low}.hang", f"{method} is never answered", at("grpc.early", hanging)
        yield f"{low}.nothing", f"{method} does nothing and succeeds", at("grpc.early", empty)


_CONDUCT: Final[tuple[Row, ...]] = (
    ("error.every.unknown", "every refusal is UNKNOWN", at("grpc.failed", _every_code("UNKNOWN"))),
    (
        "error.every.internal",
        "every refusal is INTERNAL",
        at("grpc.failed", _every_code("INTERNAL")),
    ),
    (
        "~error.every.silent",
        "refusals say nothing",
        at("grpc.failed", lambda r, s: replace(r, words="")),
    ),
    ("~bytes.unknown", "unreadable bytes show the library behind it", at("grpc.early", _raw)),
    ("~bytes.crash", "unreadable bytes break the handler", at("grpc.early", _crash)),
    ("~wait.hasty", "a reply is not waited for", at("grpc.patience", always(0.0))),
    (
        "~wait.own",
        "the message itself comes as its reply",
        _told(
            "SendMessageAndWait",
            lambda t, s: t["message"].update(
                performative="request", sender=t["message"]["receiver"]
            ),
        ),
    ),
    (
        "~wait.sender",
        "the reply has no sender",
        _told("SendMessageAndWait", lambda t, s: t["message"].pop("sender")),
    ),
    (
        "~wait.conversation",
        "the reply is of another conversation",
        _told("SendMessageAndWait", lambda t, s: t["message"].update(conversation_id="other")),
    ),
    (
        "~wait.in_reply_to",
        "the reply does not say to what",
        _told("SendMessageAndWait", lambda t, s: t["message"].pop("in_reply_to")),
    ),
)


RPC_FAULTS: Final[tuple[Fault, ...]] = (
    *table("gRPC", _FIELDS, prefix="grpc."),
    *table("gRPC", _STRAY, prefix="grpc."),
    *table("gRPC", _LIST, prefix="grpc.list.", implied=True),
    *table("gRPC", _errors(), prefix="grpc."),
    *table("gRPC", _per_method(), prefix="grpc."),
    *table("gRPC", _CONDUCT, prefix="grpc."),
)
