"""Faults in the reply to `list_actions`."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .catalogue import Action
from .fault import Fault, catalogue, decides
from .model import MISSING, Json, Outcome, Request, Session
from .reading import Reading

__all__ = ["CATALOGUE_FAULTS"]

_Entry = Callable[[str, dict[str, Json]], Json]


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
        implied=True,
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


class _Entries(Agent):
    """Bends the entries of the catalogue one by one."""

    def __init__(self, reading: Reading, *, rule: _Entry) -> None:
        super().__init__(reading)
        self.rule = rule

    def entry(self, action: Action, place: int) -> Json:
        return self.rule(action.name, super().entry(action, place))


def _entries(
    name: str, summary: str, rule: _Entry, *, implied: bool = False, reading: str = "natural"
) -> Fault:
    return Fault(
        name=f"catalogue.{name}",
        summary=summary,
        section="Supported actions",
        reading=reading,
        implied=implied,
        make=partial(_Entries, rule=rule),
    )


def _put(name: str, value: Callable[[Json], Json]) -> _Entry:
    """Replace one member of every entry that has it."""
    return lambda _action, entry: entry | ({name: value(entry[name])} if name in entry else {})


def _drop(name: str, only: str = "") -> _Entry:
    def rule(action: str, entry: dict[str, Json]) -> Json:
        return {k: v for k, v in entry.items() if k != name or (only and action != only)}

    return rule


def _on(only: str, change: Callable[[dict[str, Json]], Json]) -> _Entry:
    return lambda action, entry: change(entry) if action == only else entry


_required: Final = partial(_put, "required_parameters")
_types: Final = partial(_put, "data_types")

_REQUIRED: Final = (
    _entries(
        "required.text",
        "the required names are joined into one text",
        _required(lambda names: ", ".join(names)),
    ),
    _entries(
        "required.text_of_one",
        "a single required name is not in a list",
        _required(lambda names: names[0] if len(names) == 1 else names),
    ),
    _entries(
        "required.map",
        "a map of names instead of a list",
        _required(lambda names: dict.fromkeys(names, True)),
    ),
    _entries(
        "required.objects",
        "a list of maps instead of names",
        _required(lambda names: [{"name": name} for name in names]),
    ),
    _entries("required.false", "false where nothing is required", _required(lambda n: n or False)),
    _entries("required.zero", "how many are required", _required(lambda names: len(names))),
    _entries(
        "required.empty_text",
        "an empty text where nothing is required",
        _required(lambda n: n or ""),
    ),
    _entries("required.null_inside", "a null in the list", _required(lambda n: [*n, None])),
    _entries(
        "required.numbers",
        "places instead of names",
        _required(lambda names: list(range(len(names)))),
    ),
    _entries(
        "required.twice",
        "each name stands twice",
        _required(lambda names: names + names),
        implied=True,
    ),
    _entries(
        "required.none_listed",
        "what is required is never listed",
        _required(lambda _names: []),
    ),
    _entries(
        "required.null_listed",
        "null even for actions that require something",
        _required(lambda _names: None),
    ),
    _entries(
        "required.first_only",
        "only the first required name is listed",
        _required(lambda names: names[:1]),
    ),
    _entries(
        "required.one_action",
        "one action's requirement is not listed",
        _on("subscribe", lambda entry: entry | {"required_parameters": []}),
    ),
    _entries(
        "required.one_map",
        "one action's required names are a map",
        _on("log_tail", lambda e: e | {"required_parameters": {"server_id": 1, "lines": 1}}),
    ),
    _entries(
        "required.member_missing",
        "no entry has `required_parameters`, whatever it requires",
        _drop("required_parameters"),
    ),
    _entries(
        "required.member_renamed",
        "the member is called `requiredParameters`",
        lambda _action, entry: {
            ("requiredParameters" if k == "required_parameters" else k): v for k, v in entry.items()
        },
    ),
    _entries(
        "required.other_name",
        "a required name is listed that the agent does not read",
        _on("server_status", lambda e: e | {"required_parameters": ["id"]}),
    ),
    _entries(
        "required.too_many",
        "an optional parameter is listed as required",
        _on("broadcast", lambda e: e | {"required_parameters": ["server_id", "text", "repeat"]}),
        implied=True,
    ),
    _entries(
        "required.padded",
        "names have a space after them",
        _required(lambda n: [f"{x} " for x in n]),
    ),
)


def _retype(kind: str, name: str) -> _Entry:
    """Declare another type for one parameter wherever it stands."""

    def rule(_action: str, entry: dict[str, Json]) -> Json:
        typed = entry.get("data_types", {})
        return entry | {"data_types": typed | ({name: kind} if name in typed else {})}

    return rule


_TYPES: Final = (
    _entries("types.none", "no entry tells data types", _drop("data_types")),
    _entries(
        "types.one_action", "one entry tells no data types", _drop("data_types", "server_start")
    ),
    _entries(
        "types.one_parameter",
        "one required parameter has no data type",
        _on("log_tail", lambda e: e | {"data_types": {"server_id": "str"}}),
    ),
    _entries("types.empty", "no data type is told", _types(lambda _typed: {})),
    _entries(
        "types.null", "every data type is null", _types(lambda typed: dict.fromkeys(typed, None))
    ),
    _entries(
        "types.numbers", "data types are numbers", _types(lambda t: {k: 1 for k in t}), implied=True
    ),
    _entries(
        "types.any",
        "every data type is `any`",
        _types(lambda t: dict.fromkeys(t, "any")),
        implied=True,
    ),
    _entries(
        "types.unknown",
        "every data type is `thing`",
        _types(lambda t: dict.fromkeys(t, "thing")),
        implied=True,
    ),
    _entries(
        "types.nameless",
        "data types in a list, without the names",
        _types(lambda typed: list(typed.values())),
        implied=True,
    ),
    _entries(
        "types.other_names",
        "data types stand under other names than the required ones",
        _types(lambda t: {k.replace("_", ""): v for k, v in t.items()}),
        implied=True,
    ),
    *(
        _entries(f"types.wrong.{name}", f"`{name}` is told as {told} but must be {true}", rule)
        for name, told, true, rule in (
            (name, told, true, _retype(told, name))
            for name, told, true in (
                ("server_id", "int", "str"),
                ("lines", "str", "int"),
                ("limit", "bool", "int"),
                ("rate", "str", "float"),
                ("enabled", "str", "bool"),
                ("settings", "list", "dict"),
                ("mods", "str", "list"),
                ("topic", "list", "str"),
            )
        )
    ),
)

_OTHERS: Final = (
    _entries("entry.null", "one entry is null", _on("agent_info", lambda _entry: None)),
    _entries("entry.text", "one entry is a text", _on("agent_info", lambda e: e["description"])),
    _entries("entry.list", "one entry is a list", _on("agent_info", lambda e: [e])),
    _entries(
        "description.number",
        "descriptions are numbers",
        _put("description", lambda text: len(text)),
        implied=True,
    ),
    _entries(
        "description.list",
        "descriptions are lists of words",
        _put("description", lambda text: text.split()),
        implied=True,
    ),
    _entries(
        "description.one_map",
        "one description is a map of languages",
        _on("set_mods", lambda e: e | {"description": {"en": e["description"]}}),
        implied=True,
    ),
    _entries(
        "cloud.text",
        "`cloud_controller_only` is `'false'`, which a client takes for true",
        _put("cloud_controller_only", lambda flag: str(flag).lower()),
        implied=True,
    ),
    _entries(
        "cloud.number",
        "`cloud_controller_only` is 0 or 1",
        _put("cloud_controller_only", int),
        implied=True,
    ),
    _entries(
        "cloud.list",
        "`cloud_controller_only` is a list",
        _put("cloud_controller_only", lambda flag: [flag]),
        implied=True,
    ),
    _entries(
        "cloud.all",
        "every action is for the cloud controller only, though all are served",
        _put("cloud_controller_only", lambda _flag: True),
        implied=True,
        reading="lax",
    ),
)


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


_REPLIES: Final = (
    _reply("no_actions", "`parameters` has no `actions`", lambda _a: {"parameters": {}}),
    _reply("no_parameters", "the reply has no `parameters`", lambda _a: {"parameters": MISSING}),
    _reply("null_parameters", "`parameters` is null", lambda _a: {"parameters": None}),
    _reply("top_level", "`actions` is beside `parameters`", lambda a: _beside(a)),
    _reply("result", "`result` instead of `parameters`", lambda a: _instead("result", a)),
    _reply("data", "`data` instead of `parameters`", lambda a: _instead("data", a)),
    _reply("bare", "the actions themselves are `parameters`", lambda a: {"parameters": a}),
    _reply("commands", "`commands` instead of `actions`", lambda a: _called("commands", a)),
    _reply("capital", "`Actions` instead of `actions`", lambda a: _called("Actions", a)),
    _reply("list", "`parameters` is a list", lambda a: {"parameters": [{"actions": a}]}),
    _reply("text", "`parameters` is text", lambda a: {"parameters": json.dumps({"actions": a})}),
)


def _beside(actions: Json) -> dict[str, Json]:
    return {"parameters": {}, "actions": actions}


def _instead(name: str, actions: Json) -> dict[str, Json]:
    return {"parameters": MISSING, name: {"actions": actions}}


def _called(name: str, actions: Json) -> dict[str, Json]:
    return {"parameters": {name: actions}}


class _PerConnection(Agent):
    """Tells later connections less."""

    def catalogue(self, session: Session) -> Json:
        actions: dict[str, Json] = super().catalogue(session)
        return actions if session.number == 1 else dict(list(actions.items())[:3])


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

CATALOGUE_FAULTS: Final = (*_WHOLES, *_REQUIRED, *_TYPES, *_OTHERS, *_REPLIES, *_CONDUCT)
