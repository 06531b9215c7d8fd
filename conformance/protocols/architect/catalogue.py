"""Reads the catalogue of an unknown agent, and makes up calls of what it lists.

Which actions are called: an agent may look after real game servers. What is `cloud_controller_only`
is left alone. What looks as if it destroyed, stopped or made something is called only where it
requires an id, with an id that nothing has, and never with anything left out or ill-typed. All
else is called, with values that are made up. Only what looks as if it merely tells something is
also called with ids that `servers` told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Action", "Kind", "is_described", "made_up", "misfits", "of_anything", "read_catalogue"]

Kind = str
"""str, int, float, bool, map or list; empty for a word that we do not know."""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS: Mapping[Kind, frozenset[str]] = {
    "str": _set("str string text char varchar utf8 uuid"),
    "int": _set("int integer long int8 int16 int32 int64 uint uint32 uint64 whole"),
    "float": _set("float double number decimal real numeric float32 float64"),
    "bool": _set("bool boolean flag"),
    "map": _set("map dict object dictionary mapping hash json struct record"),
    "list": _set("list array tuple sequence vector set"),
}

_DRASTIC = _set(
    "delete wipe reset shutdown reboot uninstall format remove purge kick ban stop restart kill "
    "update upgrade install clear drop erase destroy terminate halt poweroff restore rollback "
    "unban disable revoke expire lock unlock logout detach cancel abort flush truncate prune "
    "disconnect close quit exit "
    "create add new make deploy import upload move migrate relocate write exec execute run rcon "
    "command shell eval password credentials factory"
)
_TELLING = _set("get info status list show view read describe tail log logs whoami players")
_ID_LIKE = re.compile(r"(?i)(?:^|[_-])(?:id|ids|uuid|guid|uid|key)$|Ids?$|^(?:server|player)$")
_TYPE_NAMES = ("type", "data_type", "datatype", "dataType", "dtype", "kind", "format")
_SKIPPED = frozenset({"required_parameters", "description", "cloud_controller_only"})


@dataclass(frozen=True, kw_only=True)
class Action:
    """One entry. `types` are the words that are told for parameters, by name, required or not;
    `options` are those that stand beside the required ones and are none of them.
    """

    name: str
    required: tuple[str, ...] = ()
    types: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    cloud_only: bool = False
    description: str = ""

    @property
    def drastic(self) -> bool:
        """Does it look as if it did something that nobody asked a test for?"""
        told = _tokens(self.name) | _tokens(self.description.partition(" ")[0])
        return bool({stem for word in told for stem in (word, word.removesuffix("s"))} & _DRASTIC)

    @property
    def callable(self) -> bool:
        """May it be called with all that it requires, made up?"""
        if self.cloud_only:
            return False
        return not self.drastic or any(_ID_LIKE.search(name) for name in self.required)

    @property
    def telling(self) -> bool:
        """Does it look as if it merely tells something?"""
        return not self.cloud_only and not self.drastic and bool(_tokens(self.name) & _TELLING)

    def kind(self, name: str) -> Kind:
        """The data type of a parameter, by our names."""
        return _kind(self.types.get(name))

    def filled(self, mark: str) -> dict[str, Any]:
        """All that it requires, made up. `mark` is part of each text."""
        return {
            name: made_up(self.kind(name), self.types.get(name), mark) for name in self.required
        }


def read_catalogue(listed: Any) -> dict[str, Action]:
    """The entries that can be understood, by name."""
    if not isinstance(listed, dict):
        return {}
    return {name: _read(name, entry) for name, entry in listed.items() if isinstance(entry, dict)}


def _read(name: str, entry: Mapping[str, Any]) -> Action:
    required = entry.get("required_parameters")
    names = _names(required)
    rest = {key: value for key, value in entry.items() if key not in _SKIPPED}
    types = dict(_told(rest))
    for each in names:
        word = types.get(each)
        types[each] = word if word is not None else _found(rest, each)
    if isinstance(required, list | dict):
        types |= {k: v for k, v in _told(required) if types.get(k) is None}
    description = entry.get("description")
    beside = _beside(rest, set(names)) if names else set()
    return Action(
        name=name,
        required=tuple(dict.fromkeys(names)),
        types={key: value for key, value in types.items() if value is not None},
        options=tuple(
            name for name in types if name in beside - {*names} and not _tokens(name) & _DRASTIC
        ),
        cloud_only=bool(entry.get("cloud_controller_only")),
        description=description if isinstance(description, str) else "",
    )


def _beside(value: Any, required: set[str]) -> set[str]:
    """The names that stand in one place with all the required ones."""
    names: set[str] = set()
    inner: list[Any] = []
    if isinstance(value, dict):
        names, inner = set(value), [*value.values()]
    elif isinstance(value, list):
        told = [each.get("name") for each in value if isinstance(each, dict)]
        names, inner = {each for each in told if isinstance(each, str)}, value
    found = names if required <= names else set()
    return found.union(*(_beside(each, required) for each in inner))


def _names(required: Any) -> list[str]:
    """The required parameters, also where more is told of them there: that is another's matter."""
    if not isinstance(required, list | dict):
        return []
    named = (each.get("name") if isinstance(each, dict) else each for each in required)
    return [each for each in named if isinstance(each, str)]


def _listed(entry: Mapping[str, Any]) -> list[Any]:
    required = entry.get("required_parameters")
    return required if isinstance(required, list) else []


def is_described(reply: Any, action: Action) -> Callable[[str], bool]:
    """Whether anything is told of a parameter of an action, by its name: in the action's entry, or
    in the reply beside the entries.
    """
    inner = reply.get("parameters") if isinstance(reply, dict) else None
    entries = inner.get("actions") if isinstance(inner, dict) else None
    entry = entries.get(action.name) if isinstance(entries, dict) else None
    if isinstance(entry, dict) and all(isinstance(each, str) for each in _listed(entry)):
        entry = {key: value for key, value in entry.items() if key != "required_parameters"}
    beside = {key: value for key, value in (inner or {}).items() if key != "actions"}
    around = {key: value for key, value in (reply or {}).items() if key != "parameters"}
    places = [entry, beside, around]

    def described(name: str) -> bool:
        return any(_found(place, name) for place in places)

    return described


def _told(value: Any) -> Iterator[tuple[str, Any]]:
    """Names with the types that stand by them, wherever they stand."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                yield item["name"], _word({k: v for k, v in item.items() if k != "name"})
            else:
                yield from _told(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and _kind(item) and key not in _TYPE_NAMES:
                yield key, item
            elif isinstance(item, dict) and any(name in item for name in _TYPE_NAMES):
                if not isinstance(item.get("properties"), dict):
                    yield key, _word(item)
                yield from _told(item.get("properties"))
            else:
                yield from _told(item)


def _found(value: Any, name: str) -> Any:
    """What is told of a name that stands in no form we know: the first thing by its side."""
    if isinstance(value, dict):
        if name in value:
            return _word(value[name])
        if name in [item for item in value.values() if isinstance(item, str)]:
            value = {key: item for key, item in value.items() if item != name}
            return next((item for item in value.values() if item and item is not True), None)
        return next((word for item in value.values() if (word := _found(item, name))), None)
    if isinstance(value, list):
        if len(value) > 1 and value[0] == name:
            return value[1]
        return next((word for item in value if (word := _found(item, name))), None)
    text = value if isinstance(value, str) else ""
    match = re.search(rf"(?<!\w){re.escape(name)}\s*[:=(<\s]\s*(\w+)", text)
    return match[1] if match and _kind(match[1]) else None


def _word(value: Any) -> Any:
    if isinstance(value, dict):
        for name in _TYPE_NAMES:
            if value.get(name) is not None:
                return _word(value[name])
        return next(
            (item for item in value.values() if isinstance(item, str) and _kind(item)), None
        )
    if isinstance(value, list):
        return next((item for item in value if item), None)
    return value if value != "" else None


def of_anything(word: Any) -> bool:
    """Is it a word for a list or a map that says nothing of what is in it?"""
    plain = word.strip().strip("<>?").lower() if isinstance(word, str) else ""
    return plain in _WORDS["list"] | _WORDS["map"]


def _kind(word: Any) -> Kind:
    if not isinstance(word, str):
        return ""
    plain = word.strip().strip("<>?").lower()
    if plain.endswith("[]"):
        return "list"
    plain = re.split(r"[<\[(\s|]", plain)[0]
    return next((kind for kind, words in _WORDS.items() if plain in words), "")


def _tokens(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)}


def made_up(kind: Kind, word: Any, mark: str) -> Any:
    """A lawful value of a data type that names nothing that is there."""
    if kind == "float" and isinstance(word, str) and "num" in word.lower():
        return 1  # which may mean either sort of number
    values: Mapping[str, Any] = {
        "int": 1,
        "float": 1.5,
        "bool": True,
        "map": {"assay": mark},
        "list": [mark],
    }
    return values.get(kind, mark)


def misfits(kind: Kind) -> Iterator[tuple[str, Any]]:
    """Values that are clearly not of a data type, each with what it is called."""
    every: list[tuple[str, Any]] = [
        ("a text", "assay"),
        ("a number as text", "5"),
        ("a fraction as text", "1.5"),
        ("true as text", "true"),
        ("a number", 7),
        ("zero", 0),
        ("one", 1),
        ("a fraction", 1.5),
        ("true", True),
        ("null", None),
        ("a list", ["assay"]),
        ("a map", {"assay": 1}),
        ("an empty list", []),
        ("an empty map", {}),
    ]
    wrong: Mapping[Kind, str] = {
        "str": "a number|a fraction|true|null|a list|a map",
        "int": "a number as text|a text|a fraction|true|null|a list|a map",
        "float": "a fraction as text|a text|true|null|a list|a map",
        "bool": "true as text|a text|zero|one|null|a list|a map",
        "map": "a text|a number|null|true|a list|an empty list",
        "list": "a text|a number|null|true|a map|an empty map",
    }
    names = wrong.get(kind, "").split("|")
    yield from ((name, value) for name, value in every if name in names)
