"""The scenarios of Caxton and Stella: lawful peers keep them in both directions, and each catches a
broken coordinator and a broken client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from schemas import load
from schemas.arazzo.document import read_scenario
from schemas.arazzo.library import scenarios
from schemas.arazzo.model import Scenario
from tests.mutants import coordinators
from tests.mutants.sample import sampled
from tests.scenarios import caxton_clients, stella_clients
from tests.scenarios.duet import Client, Played, backward, forward

_HERE = Path(__file__).parent

CAUGHT: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    protocol: yaml.safe_load((_HERE / f"{protocol}.yaml").read_text("utf-8"))
    for protocol in ("caxton", "stella")
}

_CLIENTS = {"caxton": caxton_clients, "stella": stella_clients}

_ALL = [
    pytest.param(protocol, path, id=f"{protocol}-{path.name.partition('.')[0]}")
    for protocol in CAUGHT
    for path in scenarios(protocol)
]

_LAWFUL = [
    (protocol, path, reading)
    for protocol in CAUGHT
    for path in scenarios(protocol)
    for reading in coordinators.LAWFUL[protocol]
]

_STYLES = [
    (protocol, path, style)
    for protocol in CAUGHT
    for path in scenarios(protocol)
    for style in _CLIENTS[protocol].STYLES
]


def _read(protocol: str, path: Path) -> Scenario:
    return read_scenario(path, load(protocol))


def _broken(played: Played) -> Mapping[str, str]:
    """The rows that were not kept, and why; of those that are only implied as well."""
    return {row: played.messages[row] for row in (*played.rows("fail"), *played.rows("warn"))}


def _noted(protocol: str, path: Path) -> Mapping[str, str]:
    return CAUGHT[protocol][path.name.partition(".")[0]]


def test_every_scenario_has_its_broken_peers() -> None:
    for protocol, noted in CAUGHT.items():
        assert noted.keys() == {path.name.partition(".")[0] for path in scenarios(protocol)}


@pytest.mark.parametrize(("protocol", "path"), sampled(_ALL, 2))
async def test_the_mock_keeps_it(protocol: str, path: Path) -> None:
    async with coordinators.served_mock(protocol) as target:
        played = await forward(_read(protocol, path), target)
    assert _broken(played) == {}
    assert played.kept, played.endings


@pytest.mark.parametrize(("protocol", "path"), sampled(_ALL[::-1], 2))
async def test_a_client_that_is_the_scenario_keeps_it(protocol: str, path: Path) -> None:
    played = await backward(_read(protocol, path), patience=10.0)
    assert _broken(played) == {}
    assert played.kept, played.endings


@pytest.mark.parametrize(("protocol", "path"), sampled(_ALL, 2))
async def test_a_broken_coordinator_is_caught(protocol: str, path: Path) -> None:
    fault = _noted(protocol, path)["coordinator"]
    async with coordinators.served(protocol, fault=fault, patience=2.0) as target:
        played = await forward(_read(protocol, path), target)
    assert played.rows("fail"), f"{fault} was not caught"


@pytest.mark.parametrize(("protocol", "path"), sampled(_ALL, 12))
async def test_a_broken_client_is_caught(protocol: str, path: Path) -> None:
    noted = _noted(protocol, path)
    fault = noted["agent"]
    client = _CLIENTS[protocol].independent(style=noted.get("style", ""), fault=fault)
    played = await backward(_read(protocol, path), client, patience=4.0)
    assert _broken(played), f"{fault} was not caught"


@pytest.mark.parametrize(("protocol", "path", "reading"), sampled(_LAWFUL, 23))
async def test_a_lawful_coordinator_keeps_it(protocol: str, path: Path, reading: str) -> None:
    """It may be inconclusive: not every coordinator has procedures, or acknowledges."""
    async with coordinators.served(protocol, reading) as target:
        played = await forward(_read(protocol, path), target)
    assert played.rows("fail") == []
    assert played.kept is not False, played.endings


@pytest.mark.parametrize(
    ("protocol", "name", "reading"),
    [
        ("caxton", "watching", "header_sockets"),
        ("caxton", "watching", "guarded_sockets"),
        ("stella", "silence", "jwt_too"),
        ("stella", "silence", "operator_certificate"),
        ("stella", "strangers", "lax_handshake"),
        ("stella", "renewal", "fresh_keys"),
    ],
)
async def test_credentials_are_shown_where_they_are_wanted(
    protocol: str, name: str, reading: str
) -> None:
    (path,) = (each for each in scenarios(protocol) if each.name.startswith(name))
    async with coordinators.served(protocol, reading) as target:
        played = await forward(_read(protocol, path), target)
    assert _broken(played) == {}
    assert played.kept, played.endings


async def test_a_coordinator_without_a_hook_is_judged_up_to_there() -> None:
    (path,) = (each for each in scenarios("caxton") if each.name.startswith("crash"))
    async with coordinators.served("caxton", "natural") as target:
        hooks = {name: hook for name, hook in target.hooks.items() if name != "fail_agent"}
        played = await forward(_read("caxton", path), replace(target, hooks=hooks))
    assert played.kept is None
    assert "no hook 'fail_agent'" in played.endings[0].reason
    assert _broken(played) == {}


@pytest.mark.parametrize(("protocol", "path", "style"), sampled(_STYLES, 95))
async def test_a_lawful_client_does_not_break_it(protocol: str, path: Path, style: str) -> None:
    """It may have no occasion to do its part."""
    client: Client = _CLIENTS[protocol].independent(style=style)
    played = await backward(_read(protocol, path), client, patience=4.0)
    assert played.rows("fail") == []
    assert played.kept is not False, played.endings
