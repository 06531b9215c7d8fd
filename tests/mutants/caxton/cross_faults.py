"""Faults between the transports: what one of them knows, the other does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from .fault import Bend, Fault, Row, Seed, Spot, at, table
from .seeds import never

__all__ = ["CROSS_FAULTS"]


def _drop(name: str) -> Seed:
    return at("grpc.message", lambda data, s: {key: v for key, v in data.items() if key != name})


def _from_grpc(change: Callable[[Any, Spot], object]) -> Seed:
    def bend(agent: Any, spot: Spot) -> Any:
        if spot["op"] == "grpc":
            change(agent, spot)
        return agent

    return at("deploy.stored", bend)


def _hidden(door: str) -> Bend:
    """Agents that came by gRPC do not show on REST, or the other way round."""

    def bend(everybody: Any, spot: Spot) -> Any:
        known = spot.memo.setdefault("grpc", set())
        rest = spot["door"] == "rest"
        if door == "rest":
            return [one for one in everybody if one.id not in known] if rest else everybody
        return everybody if rest else [one for one in everybody if one.id in known]

    return bend


def _noted(agent: Any, spot: Spot) -> Any:
    if spot["op"] == "grpc":
        spot.memo.setdefault("grpc", set()).add(agent.id)
    return agent


def _unfound(agent: Any, spot: Spot) -> Any:
    return None if spot["who"] in spot.memo.get("grpc", ()) else agent


def _unheard(door: str, kind: str) -> Seed:
    def bend(events: Any, spot: Spot) -> Any:
        return [] if spot["via"] == door and spot["event"].type == kind else events

    return at("events", bend)


def _unkept(door: str) -> Bend:
    return lambda message, spot: None if spot["via"] == door else message


def _uncounted(receiver: Any, spot: Spot) -> Any:
    return None if spot["via"] == "grpc" else receiver


def _other_names(holder: Any, spot: Spot) -> Any:
    known = spot.memo.get("grpc", ())
    if holder is None or (holder.id in known) == (spot["op"] == "grpc"):
        return holder
    return None


def _other_id(events: Any, spot: Spot) -> Any:
    """What is announced of a message by gRPC has an id of its own."""
    if spot["via"] != "grpc" or spot["event"].type != "message.sent":
        return events
    for each in events:
        each.body["message_id"] += "-rpc"
    return events


def _upper_text(data: Any, spot: Spot) -> Any:
    content = data.get("content")
    return {**data, "content": {"value": content}} if content else data


_CROSS: Final[tuple[Row, ...]] = (
    (
        "agents.unlisted_rest",
        "agents that came by gRPC are not listed by REST",
        at("deploy.stored", _noted, list_all=_hidden("rest")),
    ),
    (
        "agents.unlisted_grpc",
        "agents that came by REST are not listed by gRPC",
        at("deploy.stored", _noted, list_all=_hidden("grpc")),
    ),
    (
        "agents.unfound",
        "REST does not find agents that came by gRPC",
        at("deploy.stored", _noted, agent_found=_unfound),
    ),
    (
        "agents.unreachable",
        "REST cannot send to agents that came by gRPC",
        at("deploy.stored", _noted, send_found=_unfound),
    ),
    (
        "names.apart",
        "names are unique in each transport only",
        at("deploy.stored", _noted, name_holder=_other_names),
    ),
    (
        "agents.lost",
        "agents that come by gRPC are not kept",
        _from_grpc(lambda a, s: s.desk.agents.pop(a.id)),
    ),
    (
        "agents.renamed",
        "the name of gRPC's config is not kept",
        _from_grpc(lambda a, s: setattr(a, "name", f"grpc-{a.number}")),
    ),
    (
        "~agents.incapable",
        "the capabilities of gRPC's config are not kept",
        _from_grpc(lambda a, s: setattr(a, "capabilities", ())),
    ),
    (
        "agents.twice",
        "a deployment by gRPC makes two agents",
        _from_grpc(lambda a, s: s.desk.agents.update({f"{a.id}b": replace(a, id=f"{a.id}b")})),
    ),
    (
        "agents.stopped",
        "agents that come by gRPC are stopped",
        _from_grpc(lambda a, s: setattr(a, "state", "stopped")),
    ),
    (
        "events.deployed_grpc",
        "deployments by gRPC are not announced",
        _unheard("grpc", "agent.deployed"),
    ),
    ("events.sent_grpc", "messages by gRPC are not announced", _unheard("grpc", "message.sent")),
    (
        "events.deployed_rest",
        "deployments by REST are not announced",
        _unheard("rest", "agent.deployed"),
    ),
    ("events.sent_rest", "messages by REST are not announced", _unheard("rest", "message.sent")),
    ("message.id", "a message by gRPC is announced by another id", at("events", _other_id)),
    ("history.grpc", "messages by gRPC are not kept", at("message.kept", _unkept("grpc"))),
    ("history.rest", "messages by REST are not kept", at("message.kept", _unkept("rest"))),
    ("~history.agents", "replies of agents are not kept", at("message.kept", _unkept("agent"))),
    ("~metrics.grpc", "messages by gRPC are not counted", at("send.receiver", _uncounted)),
    (
        "wasm.grpc",
        "gRPC takes any bytes for a module",
        at("wasm", lambda fine, s: fine or s["op"] == "grpc"),
    ),
    (
        "name.grpc",
        "gRPC takes a name in use again",
        at("name.holder", lambda h, s: None if s["op"] == "grpc" else h),
    ),
    ("message.sender", "the sender of a message is lost in gRPC", _drop("sender")),
    ("message.content", "the content of a message is lost in gRPC", _drop("content")),
    (
        "message.conversation",
        "the conversation of a message is lost in gRPC",
        _drop("conversation_id"),
    ),
    ("~message.reply_with", "reply_with is lost in gRPC", _drop("reply_with")),
    ("~message.in_reply_to", "in_reply_to is lost in gRPC", _drop("in_reply_to")),
    ("~message.ontology", "the ontology is lost in gRPC", _drop("ontology")),
    ("~message.language", "the language is lost in gRPC", _drop("language")),
    ("message.wrapped", "content of gRPC is wrapped", at("grpc.message", _upper_text)),
    (
        "message.performative",
        "everything by gRPC is an inform",
        at("grpc.message", lambda d, s: {**d, "performative": "inform"}),
    ),
    ("send.able", "gRPC delivers to nobody", at("send.able", never)),
)

CROSS_FAULTS: Final[tuple[Fault, ...]] = tuple(table("API Overview", _CROSS, prefix="cross."))
