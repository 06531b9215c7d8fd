"""Faults as a command line has them: `delay:operation=getHealth,seconds=0.5`, or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from mockserver.faults.fault import Fault
from mockserver.faults.kinds import PARAMETERS

__all__ = ["read_faults"]

_FORM = "KIND, or KIND:name=value,name=value, or JSON"


def read_faults(text: str) -> list[Fault]:
    """The faults of one text; a list in JSON holds several. Raises `ValueError` or `TypeError` that
    says what is wrong.
    """
    if text.lstrip().startswith(("{", "[")):
        said = _json(text)
        return [Fault.parse(each) for each in (said if isinstance(said, list) else [said])]
    kind, colon, rest = text.partition(":")
    options = dict(_options(rest)) if colon else {}
    return [Fault.parse({"kind": kind.strip(), **options})]


def _json(text: str) -> Any:
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg} at character {error.pos}") from error
    if isinstance(said, list) and not (said and all(isinstance(each, dict) for each in said)):
        raise ValueError("a list of faults holds objects, and at least one")
    return said


def _options(text: str) -> Iterator[tuple[str, Any]]:
    seen = set()
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not name:
            raise ValueError(f"{part!r} is not name=value: a fault is {_FORM}")
        if name in seen:
            raise ValueError(f"{name} is told twice")
        seen.add(name)
        yield name, _value(name, value.strip())


def _value(name: str, text: str) -> Any:
    """As the parameter has it: a text as it stands, and all else in JSON, where it is any."""
    parameter = PARAMETERS.get(name)
    if parameter is None or parameter.type in ("text", "pointer", "choice"):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
