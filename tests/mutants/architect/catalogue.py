"""The actions that the agent supports, and how a reading writes them down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .model import Json, Kind
from .reading import Reading

__all__ = ["Action", "Param", "actions_of", "describe", "fits", "word"]

WORDS: Final[dict[str, dict[Kind, str]]] = {
    "python": {k: k for k in ("str", "int", "float", "bool", "list")} | {"map": "dict"},
    "json": {
        "str": "string",
        "int": "integer",
        "float": "number",
        "bool": "boolean",
        "map": "object",
        "list": "array",
    },
    "document": {
        "str": "<str>",
        "int": "<int>",
        "float": "<float>",
        "bool": "<bool>",
        "map": "<map>",
        "list": "<list>",
    },
    "capital": {
        "str": "String",
        "int": "Int",
        "float": "Float",
        "bool": "Boolean",
        "map": "Map",
        "list": "List",
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Param:
    """One parameter of an action."""

    name: str
    kind: Kind
    required: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One command: what it needs, and how long it takes in seconds."""

    name: str
    text: str
    params: tuple[Param, ...] = ()
    cloud_only: bool = False
    takes: float = 0.0

    @property
    def required(self) -> list[str]:
        """The names of the parameters that must come."""
        return [one.name for one in self.params if one.required]


def _params(text: str) -> tuple[Param, ...]:
    """`name:kind` for each parameter, with a question mark after the optional ones."""
    found = []
    for part in text.split():
        name, _, kind = part.partition(":")
        plain: Kind = kind.rstrip("?")  # type: ignore[assignment]
        found.append(Param(name=name, kind=plain, required=not kind.endswith("?")))
    return tuple(found)


_USUAL: Final = (
    ("list_actions", "Every action that this agent knows", "", 0.02),
    ("servers", "The game servers on this machine", "", 0.0),
    ("whoami", "The account of this connection", "", 0.005),
    ("agent_info", "Version and up-time of the agent", "", 0.0),
    ("server_status", "State of one server", "server_id:str", 0.0),
    ("server_start", "Start a server", "server_id:str", 0.03),
    ("server_stop", "Stop a server", "server_id:str grace:float?", 0.03),
    ("server_settings", "Merge settings into a server's own", "server_id:str settings:map", 0.0),
    ("set_player_limit", "How many players may join", "server_id:str limit:int", 0.0),
    ("set_autostart", "Whether a server starts with the agent", "server_id:str enabled:bool", 0.0),
    ("set_mods", "The mods of a server, in loading order", "server_id:str mods:list", 0.01),
    ("set_tick_rate", "Simulation steps a second", "server_id:str rate:float", 0.0),
    ("broadcast", "Tell all players something", "server_id:str text:str repeat:int?", 0.0),
    ("log_tail", "The last lines of a server's log", "server_id:str lines:int", 0.05),
    ("subscribe", "Receive the events of a topic", "topic:str", 0.0),
    ("unsubscribe", "Receive them no longer", "topic:str", 0.0),
)
_CLOUD: Final = ("cloud_relocate", "Move a server to another machine", "server_id:str host:str")
_SMALL: Final = frozenset({"list_actions", "servers", "agent_info"})
_AREAS: Final = ("bans", "backups", "schedules", "whitelist", "economy", "traders", "vehicles")
_VERBS: Final = (
    ("list", ""),
    ("get", "entry_id:str"),
    ("create", "label:str weight:float"),
    ("rename", "entry_id:str label:str"),
    ("delete", "entry_id:str"),
    ("reorder", "entries:list"),
    ("annotate", "entry_id:str notes:map"),
    ("enable", "entry_id:str enabled:bool"),
    ("limit", "entry_id:str maximum:int"),
    ("export", "pretty:bool?"),
    ("count", ""),
    ("expire", "entry_id:str after:int"),
)


def actions_of(reading: Reading) -> dict[str, Action]:
    """The supported actions by name: 3, 17, or a hundred and one."""
    found = [
        Action(name=name, text=text, params=_params(params), takes=takes)
        for name, text, params, takes in _USUAL
        if reading.catalogue != "small" or name in _SMALL
    ]
    if reading.catalogue != "small":
        name, text, params = _CLOUD
        found.append(Action(name=name, text=text, params=_params(params), cloud_only=True))
    if reading.catalogue == "large":
        found += [
            Action(name=f"{area}_{verb}", text=f"{verb} among {area}", params=_params(params))
            for area in _AREAS
            for verb, params in _VERBS
        ]
    return {action.name: action for action in found}


def word(reading: Reading, kind: Kind) -> str:
    """What a reading calls a data type."""
    return WORDS[reading.words][kind]


def describe(action: Action, reading: Reading, place: int) -> dict[str, Json]:
    """One entry of the catalogue; `place` is its number, for readings that are not uniform."""
    entry: dict[str, Json] = {"required_parameters": action.required}
    bare = reading.nothing_required
    if not action.required and (bare == "null" or (bare == "mixed" and place % 2)):
        entry["required_parameters"] = None
    if reading.describes:
        entry["description"] = action.text if reading.ascii_only else f"{action.text} · ✓"
    if reading.flags == "always" or action.cloud_only:
        entry["cloud_controller_only"] = action.cloud_only
    entry.update(_typed(action, reading))
    return entry


def _typed(action: Action, reading: Reading) -> dict[str, Json]:
    plain = {one.name: word(reading, one.kind) for one in action.params}
    match reading.types:
        case "data_types" | "types":
            return {reading.types: plain}
        case "parameters":
            return {
                "parameters": {
                    one.name: {"type": plain[one.name], "required": one.required}
                    for one in action.params
                }
            }
        case "parameter_list":
            listed = [
                {"name": one.name, "type": plain[one.name], "required": one.required}
                for one in action.params
            ]
            return {"parameters": listed}
        case "schema":
            typed = {name: {"type": kind} for name, kind in plain.items()}
            schema = {"type": "object", "properties": typed, "required": action.required}
            return {"schema": schema}


def fits(kind: Kind, value: Json) -> bool:
    """Whether a value has the declared type; true and false are no numbers."""
    match kind:
        case "str":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case "map":
            return isinstance(value, dict)
        case "list":
            return isinstance(value, list)
