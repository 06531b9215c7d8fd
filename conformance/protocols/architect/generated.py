"""Commands that nobody wrote down, lawful ones and nonsense."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.drawing import ANYTHING, EXTRA
from conformance.fuzz.strategies import Broken, Sayings
from conformance.fuzz.writing import NO_JSON, Cuts, Spelling, cuts, plain_text, spellings

__all__ = ["Command", "Nonsense", "commands", "nonsense"]

_HEX = 24
"""Characters that are drawn of a token: eight more are its own each time it is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A lawful call of list_actions: its token, further members, and how it is written and sent.

    `row` is the requirement by which it must be answered with its token: the most particular one.
    """

    row: str
    token: Any
    members: Mapping[str, Any] = field(default_factory=dict)
    spelling: Spelling = field(default_factory=Spelling)
    cuts: Cuts = field(default_factory=Cuts)


_PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=56)

_TOKEN = st.text("0123456789abcdef", min_size=_HEX, max_size=_HEX)

_MEMBERS = st.dictionaries(
    plain_text(8).map(lambda name: EXTRA + name), ANYTHING, min_size=1, max_size=3
)

commands: SearchStrategy[Command] = st.one_of(
    st.builds(Command, row=st.just("ARCH-CORR-002"), token=_PRINTABLE),
    st.builds(Command, row=st.just("ARCH-CORR-003"), token=plain_text(300).filter(bool)),
    st.builds(
        Command, row=st.just("ARCH-CORR-004"), token=ANYTHING.filter(lambda t: t is not None)
    ),
    st.builds(Command, row=st.just("ARCH-ACT-012"), token=_TOKEN, spelling=spellings),
    st.builds(
        Command, row=st.just("ARCH-ACT-013"), token=_TOKEN, members=_MEMBERS, spelling=spellings
    ),
    st.builds(Command, row=st.just("ARCH-WIRE-007"), token=_TOKEN, spelling=spellings, cuts=cuts),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonsense:
    """What no script should say, and the requirement that its connection goes on all the same."""

    row: str
    text: str


def nonsense(sayings: Sayings) -> SearchStrategy[Nonsense]:
    """Commands that break one keyword of their schema, what is none, and calls of what there is
    not.
    """
    return st.one_of(
        sayings.broken_message("request").map(_broken),
        ANYTHING.filter(lambda value: not isinstance(value, dict)).map(_no_map),
        NO_JSON.map(
            lambda text: Nonsense(row="ARCH-ROB-001" if text.strip() else "ARCH-ROB-002", text=text)
        ),
        st.builds(
            _unknown, name=plain_text(20), parameters=st.dictionaries(plain_text(6), ANYTHING)
        ),
    )


def _broken(broken: Broken) -> Nonsense:
    if not isinstance(broken.value, dict):
        return _no_map(broken.value)
    row = "ARCH-ROB-004" if broken.pointer.startswith("/action") else "ARCH-ROB-005"
    return Nonsense(row=row, text=json.dumps(broken.value))


def _no_map(value: Any) -> Nonsense:
    return Nonsense(row="ARCH-ROB-003", text=json.dumps(value))


def _unknown(name: str, parameters: dict[str, Any]) -> Nonsense:
    said = {"action": f"no-such-{name}", "parameters": parameters}
    return Nonsense(row="ARCH-ROB-010", text=json.dumps(said))
