"""`assay scenarios [PROTOCOL]`: which scenarios ship, or one of them in words."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas import PackError, load, load_requirements, protocol_ids
from schemas.arazzo.document import read_scenario
from schemas.arazzo.library import scenarios
from schemas.arazzo.model import Scenario
from schemas.arazzo.words import explain
from schemas.errors import Problem, nearest

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("protocol", nargs="?", help="only those of this one")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--show", metavar="NAME", help="explain one, by its name or its file, step by step"
    )


def run(arguments: argparse.Namespace) -> int:
    wanted = [arguments.protocol] if arguments.protocol else protocol_ids()
    if arguments.show:
        scenario = _found(arguments.show, wanted)
        print(json.dumps(_about(scenario), indent=2) if arguments.json else _text(scenario))
        return 0
    found = [*_all(wanted)]
    if arguments.json:
        print(json.dumps([_about(scenario) for scenario in found], indent=2))
        return 0
    for scenario in found:
        about = _about(scenario)
        print(f"{about['protocol']:11} {about['name']:28} {about['title']}")
        for text in (about["summary"], _figures(about)):
            if text:
                print(f"{'':11} {text}")
    if not found:
        print("there is no scenario")
    return 0


def _all(protocols: list[str]) -> Iterator[Scenario]:
    for name in protocols:
        protocol = load(name)
        yield from (read_scenario(path, protocol) for path in scenarios(name))


def _found(name: str, protocols: list[str]) -> Scenario:
    """The scenario of that name (`NAME` or `PROTOCOL/NAME`), or in that file. Raises `PackError`
    for none.
    """
    if Path(name).is_file():
        return read_scenario(Path(name))
    paths: dict[str, Path] = {}
    for each in protocols:
        for path in scenarios(each):
            short = path.name.partition(".")[0]
            paths |= {short: path, f"{each}/{short}": path}
    if name not in paths:
        hint = nearest(name, paths)
        raise PackError(Problem(file=name, message="is no scenario and no file", hint=hint))
    return read_scenario(paths[name])


def _about(scenario: Scenario) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "protocol": scenario.protocol.id,
        "title": scenario.title,
        "summary": scenario.summary,
        "path": str(scenario.path),
        "workflows": list(scenario.own),
        "steps": sum(len(scenario.workflows[key].steps) for key in scenario.own),
        "requirements": list(scenario.requirements),
        "directions": _directions(scenario),
    }


def _directions(scenario: Scenario) -> list[str]:
    """Where it judges something: forward the coordinator, backward the client. One that names no
    row says in both whether what it tells of has happened.
    """
    named = scenario.requirements
    rows = load_requirements(scenario.protocol) if named else {}
    roles = {rows[name].role for name in named} or {"coordinator", "agent"}
    words = {"coordinator": "forward", "agent": "backward"}
    return [word for role, word in words.items() if role in roles]


def _figures(about: dict[str, Any]) -> str:
    counted = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in (
            (len(about["workflows"]), "workflow"),
            (about["steps"], "step"),
            (len(about["requirements"]), "requirement"),
        )
    ]
    return f"{', '.join(counted)}; {' and '.join(about['directions'])}"


def _text(scenario: Scenario) -> str:
    return "\n".join(explain(scenario))
