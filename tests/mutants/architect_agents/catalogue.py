"""What a client makes of the reply to ``list_actions``, and of the reply to ``servers``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.mutants.architect_agents.model import Json

__all__ = ["Action", "entries", "find_value", "is_catalogue", "looks_like_error", "read_action"]

_TYPE_KEYS: Final = ("type", "data_type", "datatype", "kind", "dtype")
_NAME_KEYS: Final = ("name", "parameter", "key", "field")
_ID_KEYS: Final = ("server_id", "id", "uuid")

_SAMPLES: Final[Mapping[str, Json]] = {
    **dict.fromkeys(("str", "string", "text"), "assay"),
    **dict.fromkeys(("int", "integer", "number", "long", "uint"), 1),
    **dict.fromkeys(("float", "double", "decimal"), 1.5),
    **dict.fromkeys(("bool", "boolean"), True),
    "list": [],
    "array": [],
    "map": {},
    "dict": {},
    "object": {},
    "mapping": {},
    "uuid": "6f8d2c1e-4b7a-4c3d-9e5f-0a1b2c3d4e5f",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One entry of the catalogue; ``kinds`` has the data types that could be found."""

    name: str
    required: tuple[str, ...]
    kinds: Mapping[str, str]
    controller_only: bool


def is_catalogue(message: Mapping[str, Json]) -> bool:
    """Whether this looks like the reply to ``list_actions``, token or no token."""
    parameters = message.get("parameters")
    return isinstance(parameters, Mapping) and "actions" in parameters


def entries(reply: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    """Name and description of each action. Raises LookupError when this is no catalogue.

    "A list" says the prose, a map shows the example: both are read.
    """
    if not is_catalogue(reply):
        raise LookupError(f"no parameters.actions in {str(reply)[:200]}")
    parameters = reply["parameters"]
    actions = parameters["actions"] if isinstance(parameters, Mapping) else None
    found: dict[str, Mapping[str, Json]] = {}
    if isinstance(actions, Mapping):
        for name, meta in actions.items():
            found[name] = meta if isinstance(meta, Mapping) else {}
    for entry in actions if isinstance(actions, list) else ():
        if isinstance(entry, str):
            found[entry] = {}
        elif isinstance(entry, Mapping):
            name = entry.get("action", entry.get("name"))
            if isinstance(name, str):
                found[name] = entry
    return found


def read_action(name: str, meta: Mapping[str, Json]) -> Action:
    """One entry, whatever it leaves out."""
    required = tuple(_names(meta.get("required_parameters")))
    kinds = {parameter: _kind(meta, parameter) for parameter in required}
    return Action(
        name=name,
        required=required,
        kinds={parameter: kind for parameter, kind in kinds.items() if kind},
        controller_only=bool(meta.get("cloud_controller_only")),
    )


def _names(required: Json) -> Iterator[str]:
    if isinstance(required, Mapping):
        yield from required
    elif isinstance(required, list):
        for entry in required:
            if isinstance(entry, str):
                yield entry
            elif isinstance(entry, Mapping):
                yield from (str(entry[key]) for key in _NAME_KEYS[:1] if key in entry)


def _kind(node: Json, parameter: str) -> str:
    """The data type of ``parameter``, wherever it stands and whatever it is called."""
    if isinstance(node, Mapping):
        if parameter in node and (kind := _as_kind(node[parameter])):
            return kind
        if any(node.get(key) == parameter for key in _NAME_KEYS) and (kind := _as_kind(node)):
            return kind
    inner = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    return next((kind for child in inner if (kind := _kind(child, parameter))), "")


def _as_kind(node: Json) -> str:
    if isinstance(node, Mapping):
        return next((kind for key in _TYPE_KEYS if (kind := _as_kind(node.get(key)))), "")
    if isinstance(node, list):
        return next((kind for entry in node if (kind := _as_kind(entry))), "")
    word = (
        re.search(r"[a-z]+", node.lower().replace("optional", ""))
        if isinstance(node, str)
        else None
    )
    return word[0] if word and word[0] in _SAMPLES else ""


def find_value(parameter: str, kind: str, known: Json) -> Json:
    """A value for a required parameter: out of ``known``, or made up. None: cannot be had.

    ``known`` is the newest reply to ``servers``, for parameters that speak of a server.
    """
    sample = _SAMPLES.get(kind)
    candidates = [*_at_keys(known, (parameter,))]
    if parameter.endswith("id") or "server" in parameter:
        candidates += [*_at_keys(known, _ID_KEYS), *_server_names(known)]
    for candidate in candidates:
        if sample is None or type(candidate) is type(sample):
            return candidate
    # A server is not made up: there would be none of that name.
    return None if "server" in parameter else sample


def _at_keys(node: Json, keys: Sequence[str]) -> Iterator[Json]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in keys and isinstance(value, str | int):
                yield value
            else:
                yield from _at_keys(value, keys)
    elif isinstance(node, list):
        for child in node:
            yield from _at_keys(child, keys)


def _server_names(reply: Json) -> Iterator[Json]:
    parameters = reply.get("parameters") if isinstance(reply, Mapping) else None
    servers = parameters.get("servers") if isinstance(parameters, Mapping) else parameters
    if isinstance(servers, Mapping | list):
        yield from (name for name in servers if isinstance(name, str))


def looks_like_error(reply: Mapping[str, Json]) -> bool:
    """The shape of an error is open: any of the usual signs will do."""
    parameters = reply.get("parameters")
    places = [reply, parameters] if isinstance(parameters, Mapping) else [reply]
    for place in places:
        status = place.get("status", place.get("type", place.get("action")))
        if isinstance(status, str) and status.lower() in {"error", "fail", "failed", "failure"}:
            return True
        if place.get("error") or place.get("success") is False or place.get("ok") is False:
            return True
    return False
