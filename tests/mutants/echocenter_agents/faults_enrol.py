"""Faults in how an agent registers another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from tests.mutants.echocenter_agents.model import Cue, Fault, Reshape

__all__ = ["ENROL_FAULTS"]


def _sends(body: Callable[[str], bytes]) -> Reshape:
    return lambda style: replace(style, enrols=body)


def _as_json(make: Callable[[str], object]) -> Callable[[str], bytes]:
    return lambda name: json.dumps(make(name)).encode()


def _bodies() -> Iterator[Fault]:
    for word, summary, body in (
        ("bare", "registers with the bare name", _as_json(lambda name: name)),
        ("list", "registers with a list", _as_json(lambda name: [{"username": name}])),
        ("null", "registers with null", _as_json(lambda _: None)),
        ("nothing", "registers with an empty object", _as_json(lambda _: {})),
        ("name", "registers with a name that is called name", _as_json(lambda n: {"name": n})),
        ("camel", "registers with a userName", _as_json(lambda name: {"userName": name})),
        ("bodiless", "registers without a body", lambda _: b""),
        ("empty", "registers an empty username", _as_json(lambda _: {"username": ""})),
        ("number", "registers a username that is a number", _as_json(lambda _: {"username": 7})),
        ("null_name", "registers a username of null", _as_json(lambda _: {"username": None})),
        ("form", "registers with a form", lambda name: urlencode({"username": name}).encode()),
        ("python", "registers with a dict as Python prints it", _printed),
        ("cut", "registers with an object that is not closed", lambda n: _as_json(_named)(n)[:-1]),
    ):
        yield Fault(
            name=f"register.{word}",
            section="1. Authentication",
            summary=summary,
            style="founder",
            cue=Cue.START,
            reshape=_sends(body),
        )


def _named(name: str) -> dict[str, str]:
    return {"username": name}


def _printed(name: str) -> bytes:
    return repr(_named(name)).encode()


ENROL_FAULTS: Final[tuple[Fault, ...]] = tuple(_bodies())
