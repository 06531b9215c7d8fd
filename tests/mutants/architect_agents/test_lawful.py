"""Every lawful style keeps to the document, whatever a lawful server does."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

import pytest

from tests.mutants.architect_agents import STYLES, Needs
from tests.mutants.architect_agents.catalogue import entries, find_value, read_action
from tests.mutants.architect_agents.judge import hear
from tests.mutants.architect_agents.model import LIST, Json, Match, OnLoss
from tests.mutants.architect_agents.rehearsal import Outcome, rehearse

ROUGH: Final = frozenset(Needs) - {
    Needs.SLOW,
    Needs.LATE,
    Needs.LOST,
    Needs.LOST_OFTEN,
    Needs.CLOSED,
    Needs.CLOSED_OFTEN,
    Needs.UNREACHABLE,
}
ENOUGH: Final = 24
PATIENCE: Final = 90.0
"""Seconds for the busiest machine: each style is told to stop as soon as it has said enough."""


def _own(outcome: Outcome) -> list[str]:
    """Complaints, but for those that this reading may earn."""
    tokenless = outcome.style.match is Match.SHAPE
    return [word for word in outcome.complaints if not (tokenless and word == "no token")]


def _ends_by_itself(name: str) -> bool:
    return STYLES[name].rounds is not None


async def _one(name: str, needs: frozenset[Needs]) -> Outcome:
    enough = {"example": 2, "poller": 8}.get(name, ENOUGH)
    return await rehearse(name, needs=needs, seconds=PATIENCE, enough=enough)


async def _all(needs: frozenset[Needs]) -> dict[str, Outcome]:
    outcomes = await asyncio.gather(*(_one(name, needs) for name in STYLES))
    return dict(zip(STYLES, outcomes, strict=True))


def _keeps_the_document(name: str, outcome: Outcome) -> None:
    assert outcome.error is None, name
    assert outcome.status == 0, (name, outcome.said)
    assert _own(outcome) == [], name
    assert outcome.told is not _ends_by_itself(name), name
    closes = [hear(record).close for record in outcome.records]
    assert all(close and close[:2] == b"\x03\xe8" for close in closes), (name, closes)
    assert len(outcome.records) == STYLES[name].connections
    few = 2 if name in {"oneshot", "example"} else 5
    assert len(outcome.requests) >= few, name


async def _all_keep_the_document(needs: frozenset[Needs]) -> dict[str, Outcome]:
    """One of many may come too late to say goodbye: then it lives once more, alone."""
    outcomes = await _all(needs)
    for name in outcomes:
        try:
            _keeps_the_document(name, outcomes[name])
        except AssertionError:
            outcomes[name] = await _one(name, needs)
            _keeps_the_document(name, outcomes[name])
    return outcomes


async def test_styles_keep_the_document_in_the_rough() -> None:
    await _all_keep_the_document(ROUGH)


async def test_styles_keep_the_document_and_differ() -> None:
    outcomes = await _all_keep_the_document(frozenset())
    asked = {
        name: Counter(one["action"] for one in outcome.requests if isinstance(one, dict))
        for name, outcome in outcomes.items()
    }
    assert asked["poller"].keys() == {"servers"}
    assert asked["oneshot"] == {LIST: 1, "servers": 1}
    assert asked["refreshing"][LIST] > 1
    assert {"server_info", "kick"} <= asked["sequential"].keys()
    assert "oddity" not in asked["sequential"]


async def test_style_survives_a_loss() -> None:
    outcomes = await _all(frozenset({Needs.LOST}))
    for name, outcome in outcomes.items():
        assert outcome.error is None, name
        assert _own(outcome) == [], name
        if name in {"oneshot", "example"}:  # too few requests to lose anything
            continue
        if STYLES[name].on_loss is OnLoss.EXIT:
            assert outcome.status == 3, name
            assert outcome.said[-1].startswith("the server went away"), name
        else:
            assert len(outcome.records) > STYLES[name].connections, name
            assert outcome.status == 0, name


async def test_abandoning_goes_on_with_a_new_token() -> None:
    outcome = await rehearse("abandoning", needs={Needs.LATE}, seconds=PATIENCE, enough=ENOUGH)
    assert _own(outcome) == []
    assert len(outcome.requests) >= ENOUGH


def test_catalogue_is_read_in_many_forms() -> None:
    typed: Json = {"required_parameters": ["a"], "data_types": {"a": "integer"}}
    listed: Json = [{"action": "x", "required_parameters": [{"name": "a", "type": "int"}]}]
    mapped: Json = {"x": {"required_parameters": {"a": "int"}}}
    for actions in ({"x": typed}, listed, mapped):
        found = entries({"parameters": {"actions": actions}})
        action = read_action("x", found["x"])
        assert action.required == ("a",)
        assert find_value("a", action.kinds["a"], None) == 1


@pytest.mark.parametrize(
    ("known", "value"),
    [
        ({"parameters": {"servers": [{"server_id": "s1"}]}}, "s1"),
        ({"parameters": {"servers": {"s2": {"name": "x"}}}}, "s2"),
        ({"parameters": {"servers": ["s3"]}}, "s3"),
        (None, None),
    ],
)
def test_server_id_comes_out_of_the_reply(known: Json, value: Json) -> None:
    assert find_value("server_id", "str", known) == value
