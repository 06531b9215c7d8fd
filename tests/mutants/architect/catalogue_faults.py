"""Faults in the reply to `list_actions`."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import Fault, catalogue, decides
from .model import MISSING, Json, Outcome, Request, Session
from .reading import Reading

__all__ = ["CATALOGUE_FAULTS"]


def _listed(actions: dict[str, Json], call: int) -> Json:
    return [{"name": name, **entry} for name, entry in actions.items()]


def _last_dropped(actions: dict[str, Json], call: int) -> Json:
    return dict(list(actions.items())[:-1]) if call > 1 else actions


def _renamed_second(actions: dict[str, Json], call: int) -> Json:
    return {name.upper(): entry for name, entry in actions.items()} if call > 1 else actions


def _retyped_second(actions: dict[str, Json], call: int) -> Json:
    if call > 1:
        actions["server_status"]["data_types"] = {"server_id": "int"}
    return actions


def _requirement_drops(actions: dict[str, Json], call: int) -> Json:
    if call > 1:
        actions["server_status"]["required_parameters"] = []
    return actions


def _without(*names: str) -> Callable[[dict[str, Json], int], Json]:
    return lambda actions, _call: {k: v for k, v in actions.items() if k not in names}


def _ghost(actions: dict[str, Json], call: int) -> Json:
    entry = {"required_parameters": [], "data_types": {}, "description": "Free space on the disk"}
    return actions | {"disk_usage": entry | {"cloud_controller_only": False}}


_WHOLES: Final = (
    catalogue("catalogue.actions.list", "a list of entries instead of a map", _listed),
    catalogue("catalogue.actions.names", "a list of names instead of a map", lambda a, _: [*a]),
    catalogue("catalogue.actions.null", "null instead of a map", lambda a, _: None),
    catalogue("catalogue.actions.empty", "an empty map", lambda a, _: {}),
    catalogue("catalogue.actions.text", "the map as JSON text", lambda a, _: json.dumps(a)),
    catalogue("catalogue.actions.number", "how many actions there are", lambda a, _: len(a)),
    catalogue("catalogue.actions.wrapped", "one level too deep", lambda a, _: {"actions": a}),
    catalogue("catalogue.actions.texts", "texts in the place of entries", lambda a, _: _flat(a)),
    catalogue(
        "catalogue.actions.shrinks",
        "the last action is missing from the second call on",
        _last_dropped,
        implied=True,
    ),
    catalogue(
        "catalogue.actions.empty_second",
        "an empty map from the second call on",
        lambda a, call: {} if call > 1 else a,
    ),
    catalogue(
        "catalogue.actions.list_second",
        "a list of entries from the second call on",
        lambda a, call: _listed(a, call) if call > 1 else a,
    ),
    catalogue(
        "catalogue.actions.renamed_second", "upper-case names on the second call", _renamed_second
    ),
    catalogue(
        "catalogue.actions.retyped_second",
        "a parameter is text on the first call and a number on the second",
        _retyped_second,
        implied=True,
    ),
    catalogue(
        "catalogue.actions.requirement_drops",
        "a required parameter is not listed from the second call on",
        _requirement_drops,
    ),
    catalogue(
        "catalogue.actions.ten_second",
        "only ten of a hundred actions from the second call on",
        lambda a, call: dict(list(a.items())[:10]) if call > 1 else a,
        reading="deployed",
    ),
    catalogue(
        "catalogue.actions.ghost", "an action is listed that the agent does not know", _ghost
    ),
    catalogue(
        "catalogue.actions.servers_unlisted",
        "`servers` is served but not listed",
        _without("servers"),
        implied=True,
    ),
    catalogue(
        "catalogue.actions.capitalised",
        "names are listed with a capital that no command may have",
        lambda a, _: {name.capitalize(): entry for name, entry in a.items()},
    ),
    catalogue(
        "catalogue.actions.dashed",
        "names are listed with dashes that no command may have",
        lambda a, _: {name.replace("_", "-"): entry for name, entry in a.items()},
    ),
)


def _flat(actions: dict[str, Json]) -> Json:
    return {name: entry["description"] for name, entry in actions.items()}


class _Reply(Agent):
    """Bends the whole reply to `list_actions`; MISSING takes `parameters` away."""

    def __init__(self, reading: Reading, *, rule: Callable[[Json], dict[str, Json]]) -> None:
        super().__init__(reading)
        self.rule = rule

    def reply(self, session: Session, request: Request, outcome: Outcome) -> Json:
        message = super().reply(session, request, outcome)
        if request.action != "list_actions" or not outcome.ok:
            return message
        changed = message | self.rule(outcome.result["actions"])
        return {name: value for name, value in changed.items() if value is not MISSING}


def _reply(name: str, summary: str, rule: Callable[[Json], dict[str, Json]]) -> Fault:
    return Fault(
        name=f"catalogue.reply.{name}",
        summary=summary,
        section="Example",
        make=partial(_Reply, rule=rule),
    )


def _beside(actions: Json) -> dict[str, Json]:
    return {"parameters": {}, "actions": actions}


def _instead(name: str, actions: Json) -> dict[str, Json]:
    return {"parameters": MISSING, name: {"actions": actions}}


def _called(name: str, actions: Json) -> dict[str, Json]:
    return {"parameters": {name: actions}}


_REPLIES: Final = (
    _reply("no_actions", "`parameters` has no `actions`", lambda _a: {"parameters": {}}),
    _reply("no_parameters", "the reply has no `parameters`", lambda _a: {"parameters": MISSING}),
    _reply("null_parameters", "`parameters` is null", lambda _a: {"parameters": None}),
    _reply("top_level", "`actions` is beside `parameters`", _beside),
    _reply("result", "`result` instead of `parameters`", lambda a: _instead("result", a)),
    _reply("data", "`data` instead of `parameters`", lambda a: _instead("data", a)),
    _reply("bare", "the actions themselves are `parameters`", lambda a: {"parameters": a}),
    _reply("commands", "`commands` instead of `actions`", lambda a: _called("commands", a)),
    _reply("capital", "`Actions` instead of `actions`", lambda a: _called("Actions", a)),
    _reply("list", "`parameters` is a list", lambda a: {"parameters": [{"actions": a}]}),
    _reply("text", "`parameters` is text", lambda a: {"parameters": json.dumps({"actions": a})}),
)


class _PerConnection(Agent):
    """Tells later connections less."""

    def catalogue(self, session: Session) -> Json:
        actions: dict[str, Json] = super().catalogue(session)
        return actions if session.number == 1 else dict(list(actions.items())[:3])


class _AfterServers(Agent):
    """Forgets to list `servers` to whoever has called it."""

    async def answer(self, session: Session, request: Request, message: Json) -> None:
        if request.action == "servers":
            session.notes["servers"] = True
        await super().answer(session, request, message)

    def catalogue(self, session: Session) -> Json:
        actions: dict[str, Json] = super().catalogue(session)
        hidden = "servers" if session.notes.get("servers") else ""
        return {name: entry for name, entry in actions.items() if name != hidden}


class _TwoParts(Agent):
    """Sends the catalogue in two messages that both echo the token."""

    async def answer(self, session: Session, request: Request, message: Json) -> None:
        if request.action != "list_actions":
            await super().answer(session, request, message)
            return
        items = list(message["parameters"]["actions"].items())
        for part in (items[:8], items[8:]):
            await self.transmit(session, message | {"parameters": {"actions": dict(part)}})


class _TwiceNamed(Agent):
    """Writes one name twice into the map."""

    def encode(self, message: Json) -> str | bytes:
        text = super().encode(message)
        assert isinstance(text, str)
        if '"actions": {' not in text:
            return text
        twin = '"actions": {"server_status": {"required_parameters": []}, '
        return text.replace('"actions": {', twin, 1)


async def _needs_parameters(
    agent: Agent, session: Session, request: Request, outcome: Outcome
) -> Outcome:
    if request.action == "list_actions" and request.parameters in ({}, MISSING):
        return Outcome(code="missing_parameter", text="missing: version")
    return outcome


async def _once_only(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Outcome:
    if request.action != "list_actions":
        return outcome
    session.notes["listed"] = session.notes.get("listed", 0) + 1
    if session.notes["listed"] > 1:
        return Outcome(code="not_again", text="already listed")
    return outcome


async def _servers_first(
    agent: Agent, session: Session, request: Request, outcome: Outcome
) -> Outcome:
    done = session.notes.get("served", False)
    session.notes["served"] = True
    if request.action == "list_actions" and not done:
        return Outcome(code="not_ready", text="not ready")
    return outcome


_section: Final = "Supported actions"

_CONDUCT: Final = (
    Fault(
        name="catalogue.connection.second_gets_less",
        summary="from the second connection on only three actions are listed",
        section=_section,
        make=_PerConnection,
        implied=True,
    ),
    Fault(
        name="catalogue.actions.servers_once_called",
        summary="`servers` is not listed any more to whoever has called it",
        section=_section,
        make=_AfterServers,
    ),
    Fault(
        name="catalogue.reply.two_parts",
        summary="the catalogue comes in two messages that both echo the token",
        section="Example",
        make=_TwoParts,
    ),
    Fault(
        name="catalogue.actions.twice_named",
        summary="one name stands twice in the map, the first time with another content",
        section=_section,
        make=_TwiceNamed,
        implied=True,
    ),
    decides(
        "catalogue.call.needs_parameters",
        "`list_actions` with empty `parameters` is refused",
        _needs_parameters,
        section=_section,
    ),
    decides(
        "catalogue.call.once",
        "a second `list_actions` on a connection is refused",
        _once_only,
        section=_section,
    ),
    decides(
        "catalogue.call.not_first",
        "`list_actions` as a connection's first command is refused",
        _servers_first,
        section=_section,
    ),
)

CATALOGUE_FAULTS: Final = (*_WHOLES, *_REPLIES, *_CONDUCT)
