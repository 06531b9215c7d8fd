"""Which commands a script sends, in every situation, held against the catalogue that it was told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import MISSING, read_json
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.architect.scripts import LIST, Request, is_said, read_requests
from conformance.protocols.architect.situations import CALM, HELD, NAMES, NORMAL
from mockserver.transcript import Frame as Heard

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "list": list,
    "map": dict,
}

_MISSPELT = 0.85
"""How alike a word is to `list_actions` when it is meant to be that (1.0 is the same)."""

_PLAIN = re.compile(r"[^a-z0-9]")


@dataclass(slots=True)
class _Told:
    """What a script has been told at some point: the catalogue, and which game servers there are.

    `actions` is empty before.
    """

    actions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    servers: set[str] = field(default_factory=set)

    def note(self, heard: Heard) -> None:
        said = read_json(heard.data)
        parameters = said.get("parameters") if isinstance(said, dict) else None
        actions = parameters.get("actions") if isinstance(parameters, dict) else None
        if isinstance(actions, dict):
            self.actions |= actions
        self.servers |= {str(value) for value in _values_of(said, "server_id")}


def _values_of(node: Any, name: str) -> list[Any]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node[name]] if isinstance(node, dict) and name in node else []
    return own + [value for child in children for value in _values_of(child, name)]


def _with_what_was_told(seen: Observation) -> list[tuple[Request, _Told]]:
    """Each command, with what had been told before it."""
    requests = {each.heard.number: each for each in read_requests(seen.frames)}
    told = _Told()
    found = []
    for heard in seen.frames:
        if heard.number in requests:
            known = _Told(actions=dict(told.actions), servers=set(told.servers))
            found.append((requests[heard.number], known))
        elif is_said(heard) and heard.kind == "text":
            told.note(heard)
    return found


def _plain(name: str) -> str:
    return _PLAIN.sub("", name.lower())


async def _catalogue(examiner: Examiner) -> Mapping[str, Any]:
    """The names that are listed, whether this script asked for them or not."""
    from mockserver.protocols.architect.catalogue import catalogue

    del examiner
    return catalogue("documented")
