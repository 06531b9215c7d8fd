"""Faults in the entries of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .catalogue import Action
from .fault import Fault
from .model import Json
from .reading import Reading

__all__ = ["ENTRY_FAULTS"]

_Entry = Callable[[str, dict[str, Json]], Json]


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
        _required(", ".join),
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
    _entries("required.zero", "how many are required", _required(len)),
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
        "types.numbers",
        "data types are numbers",
        _types(lambda t: dict.fromkeys(t, 1)),
        implied=True,
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
        _put("description", len),
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
        lambda _action, entry: entry | {"cloud_controller_only": True},
        implied=True,
        reading="lax",
    ),
)


ENTRY_FAULTS: Final = (*_REQUIRED, *_TYPES, *_OTHERS)
