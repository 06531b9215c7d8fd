"""The reference of faults tells of every kind and parameter, and its examples can strike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import schemas
from mockserver.faults.fit import misfit
from mockserver.faults.kinds import DISTRIBUTIONS, GENERAL, KINDS, PLACES
from mockserver.faults.text import read_faults

DOCUMENT = (Path(__file__).parents[3] / "docs/faults.md").read_text("utf-8")
ROWS = {
    row[0].strip("` "): row
    for line in DOCUMENT.splitlines()
    if line.startswith("| `")
    for row in [[cell.strip() for cell in line.strip("|").split("|")]]
}
EXAMPLES = DOCUMENT.rpartition("```\n")[0].rpartition("```\n")[2].split()


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_told_with_its_places_and_parameters(kind: str) -> None:
    facts = {str(name): facts for name, facts in KINDS.items()}[kind]
    row = ROWS[kind]
    marked = [place for place, mark in zip(PLACES, row[1:5], strict=True) if mark]
    assert set(marked) == facts.places
    if kind != "delay":
        told = re.findall(r"`(\w+)`", row[6])
        assert [name for name in facts.parameters if name not in told] == []


def test_kinds_stand_in_the_order_of_their_work() -> None:
    assert [name for name in ROWS if name in KINDS] == [*KINDS]


def test_general_parameters_and_distributions_are_told() -> None:
    assert set(GENERAL) <= set(ROWS)
    for name, (needed, others) in DISTRIBUTIONS.items():
        assert re.findall(r"`(\w+)`", ROWS[name][1]) == [*needed]
        assert re.findall(r"`(\w+)`", ROWS[name][2]) == [*others]


@pytest.mark.parametrize("text", EXAMPLES)
def test_example_can_strike_in_some_protocol(text: str) -> None:
    faults = read_faults(text)
    protocols = [schemas.load(name) for name in schemas.protocol_ids()]
    assert all(any(not misfit(fault, each) for each in protocols) for fault in faults)


def test_there_is_an_example_of_each_kind() -> None:
    assert {fault.kind for text in EXAMPLES for fault in read_faults(text)} == set(KINDS)
