"""The scenarios of AITBC, EchoCenter and the Architect Agent: lawful peers keep them in both
directions, and each catches broken ones.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import pytest
import yaml

from schemas import load, load_requirements
from schemas.arazzo.document import read_scenario
from schemas.arazzo.library import scenarios
from schemas.arazzo.model import Scenario, Step
from tests.mutants import agents, coordinators
from tests.mutants.sample import EVERYTHING, sampled
from tests.scenarios.duet import backward, examine, forward, itself

_HERE = Path(__file__).parent

PROTOCOLS = ("aitbc", "architect", "echocenter")

_WORDS: Mapping[str, str] = {
    "aitbc": "--url {url} --name {name}",
    "architect": "--ws-url {ws_url} --username {username} --password {password}",
    "echocenter": "--ws-url {ws_url} --token {token} --name {name}",
}

PATHS: Mapping[str, Mapping[str, Path]] = {
    protocol: {read_scenario(path).name: path for path in scenarios(protocol)}
    for protocol in PROTOCOLS
}

CAUGHT: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    protocol: yaml.safe_load((_HERE / f"{protocol}.yaml").read_text("utf-8"))
    for protocol in PROTOCOLS
}

ALL = [(protocol, name) for protocol in PROTOCOLS for name in PATHS[protocol]]

_MET = [
    (protocol, name, reading)
    for at, (protocol, name) in enumerate(ALL)
    for readings in [[*coordinators.LAWFUL[protocol]]]
    for reading in (readings if EVERYTHING else islice(cycle(readings), at, at + 1))
]
"""Which lawful coordinators play which scenario: all of them in a sweep, else each in turn."""

_HURRY = 2.0
"""Seconds that a broken coordinator is waited for."""

_PATIENCE = 2.0
"""Seconds that a client which leaves something out is waited for."""


def _read(protocol: str, name: str) -> Scenario:
    return read_scenario(PATHS[protocol][name])


def _command(protocol: str, style: str, fault: str = "") -> list[str]:
    script = _HERE.parent / "mutants" / f"{protocol}_agents" / "agent.py"
    words = [sys.executable, str(script), *_WORDS[protocol].split(), "--style", style]
    return [*words, "--fault", fault] if fault else words


@cache
def _roles(protocol: str) -> dict[str, str]:
    return {row.id: row.role for row in load_requirements(load(protocol)).values()}


def _agents_rows(scenario: Scenario, step: Step) -> set[str]:
    roles = _roles(scenario.protocol.id)
    return {row for row in step.requirements if roles[row] == "agent"}


def _owed(scenario: Scenario) -> list[Step]:
    """The steps by which rows of the agent stand or fall."""
    steps = [step for each in scenario.workflows.values() for step in each.steps]
    return [step for step in steps if _agents_rows(scenario, step) and not step.never]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_scenario_has_its_line(protocol: str) -> None:
    assert len(PATHS[protocol]) >= 8
    assert list(CAUGHT[protocol]) == sorted(PATHS[protocol])


@pytest.mark.parametrize(("protocol", "name"), ALL)
async def test_the_mock_keeps_it(protocol: str, name: str) -> None:
    async with coordinators.served_mock(protocol) as target:
        played = await forward(_read(protocol, name), target)
    assert played.kept, played.messages
    assert played.rows("fail") + played.rows("warn") + played.rows("inconclusive") == []


@pytest.mark.parametrize(("protocol", "name"), ALL)
async def test_its_own_client_keeps_it(protocol: str, name: str) -> None:
    played = await backward(_read(protocol, name))
    assert played.kept, played.messages
    assert played.rows("fail") + played.rows("warn") == []


@pytest.mark.parametrize(("protocol", "name", "reading"), _MET)
async def test_lawful_coordinator_keeps_it(protocol: str, name: str, reading: str) -> None:
    async with coordinators.served(protocol, reading) as target:
        played = await forward(_read(protocol, name), target)
    # Where nothing tells by which numbers people are routed, a scenario can't be played.
    assert played.kept or (played.kept is None and reading == "of_connections"), played.messages
    assert played.rows("fail") + played.rows("warn") == []


@pytest.mark.parametrize("name", sampled([*PATHS["echocenter"]], 5))
async def test_who_may_register_nobody_is_judged_by_those_it_names(name: str) -> None:
    async with coordinators.served("echocenter", "paged") as target:
        played = await forward(_read("echocenter", name), replace(target, headers={}))
    assert played.kept is not False, played.messages
    assert played.rows("fail") + played.rows("warn") == []


@pytest.mark.parametrize("name", PATHS["aitbc"])
async def test_without_hooks_nothing_fails(name: str) -> None:
    async with coordinators.served("aitbc", "natural") as target:
        played = await forward(_read("aitbc", name), replace(target, hooks={}))
    assert played.kept is not False, played.messages
    assert played.rows("fail") + played.rows("warn") == []


@pytest.mark.parametrize(
    ("protocol", "style"),
    sampled([(each, style) for each in PROTOCOLS for style in agents.STYLES[each]], 17),
)
async def test_lawful_agent_breaks_none(protocol: str, style: str) -> None:
    library = [_read(protocol, name) for name in PATHS[protocol]]
    played = await examine(library, _command(protocol, style))
    assert played.rows("fail") + played.rows("warn") == []


@pytest.mark.parametrize(("protocol", "name"), sampled(ALL, 4))
async def test_broken_coordinator_is_caught(protocol: str, name: str) -> None:
    fault = CAUGHT[protocol][name]["coordinator"]
    scenario = _read(protocol, name)
    async with coordinators.served(protocol, fault=fault, patience=_HURRY) as target:
        played = await forward(scenario, target)
    assert played.kept is False
    assert {*scenario.requirements} & {*played.rows("fail"), *played.rows("warn")}


@pytest.mark.parametrize(("protocol", "name"), sampled(ALL, 7))
async def test_broken_agent_is_caught(protocol: str, name: str) -> None:
    fault = CAUGHT[protocol][name]["agent"]
    command = _command(protocol, agents.style_of(protocol, fault), fault)
    played = await examine([_read(protocol, name)], command)
    assert played.rows("fail") + played.rows("warn")


_OWING = [each for each in ALL if _owed(_read(*each))]


@pytest.mark.parametrize(("protocol", "name"), sampled(_OWING, 4))
async def test_client_that_leaves_its_last_duty_out_is_caught(protocol: str, name: str) -> None:
    scenario = _read(protocol, name)
    last = _owed(scenario)[-1]

    def change(step: Step) -> Step | None:
        return None if step.id == last.id else step

    played = await backward(scenario, itself(change), _PATIENCE)
    assert played.kept is False
    assert _agents_rows(scenario, last) <= {*played.rows("fail"), *played.rows("warn")}
