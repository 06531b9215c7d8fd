"""Which mutants are chosen, and which rows should see them."""

from __future__ import annotations

import pytest

from conformance.mutation.candidates import Candidate, named, sampled, suspects
from conformance.mutation.mutant import Mutant
from schemas import load, load_requirements

_PROTOCOL = load("aitbc")
_ROWS = [*load_requirements(_PROTOCOL).values()]


def _made(name: str, place: str = "", operator: str = "drop", **more: str) -> Mutant:
    return Mutant(name=name, source="wire", place=place, operator=operator, **more)


def _many() -> list[Candidate]:
    return [
        Candidate(mutant=_made(f"{place}:{operator}:{number}", place, operator))
        for place in ("getAgent", "submitTask", "getHealth")
        for operator in ("drop", "null", "retype", "wrong")
        for number in range(5)
    ]


def test_glob_chooses_by_name_and_a_name_means_itself() -> None:
    bracketed = Candidate(mutant=_made("body./items/[0]:drop"))
    several = [*_many(), bracketed]
    assert named(several, []) == several
    assert [each.name for each in named(several, ["getAgent:drop:*"])] == [
        f"getAgent:drop:{number}" for number in range(5)
    ]
    assert named(several, [bracketed.name]) == [bracketed]


def test_sample_is_the_same_for_a_seed_and_another_for_another() -> None:
    several = _many()
    assert sampled(several, 10, 7) == sampled(several, 10, 7)
    assert sampled(several, 10, 7) != sampled(several, 10, 8)


def test_sample_spreads_over_places_and_operators() -> None:
    chosen = sampled(_many(), 12, 0)
    assert len(chosen) == 12
    places = [each.mutant.place for each in chosen]
    assert {places.count(place) for place in set(places)} == {4}
    operators = [each.mutant.operator for each in chosen]
    assert {operators.count(operator) for operator in set(operators)} == {3}


@pytest.mark.parametrize("size", [60, 1000])
def test_sample_of_more_than_there_are_is_all_in_their_order(size: int) -> None:
    assert sampled(_many(), size, 3) == _many()


def test_rows_that_are_known_to_see_it_are_its_suspects() -> None:
    known = Candidate(
        mutant=_made("x"), section="Submit Task", rows=("AITBC-REG-001", "AITBC-NOT-A-ROW")
    )
    assert suspects(known, _PROTOCOL, _ROWS, "coordinator") == ("AITBC-REG-001",)


def test_field_is_shown_to_the_rows_of_its_place_and_section() -> None:
    field = Candidate(mutant=_made("x", "submitTask", pointer="/task_id", part="200.body"))
    found = set(suspects(field, _PROTOCOL, _ROWS, "coordinator"))
    rows = {row.id: row for row in _ROWS}
    assert found
    assert all(not rows[name].rule for name in found)
    placed = {row.id for row in _ROWS if row.place and row.place.subject == "submitTask"}
    assert {name for name in placed if rows[name].role == "coordinator"} <= found


def test_whole_answer_is_shown_to_the_general_rules_too() -> None:
    header = _made("x", "getHealth", "missing", pointer="/Content-Type", part="200.header")
    rules = {row.id for row in _ROWS if row.rule and row.role == "coordinator"}
    assert rules
    for mutant in (header, _made("y", "getHealth", "status", part="200")):
        found = suspects(Candidate(mutant=mutant), _PROTOCOL, _ROWS, "coordinator")
        assert rules <= set(found)


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        ("Submit Task", "Task Management API, Submit Task"),
        ("3. Submit Task (RFC 6455, 5.2)", "Task Management API, Submit Task"),
    ],
)
def test_section_is_known_by_its_words(told: str, ours: str) -> None:
    behaviour = Mutant(name="x", source="behaviour", place="", operator="drop")
    found = suspects(Candidate(mutant=behaviour, section=told), _PROTOCOL, _ROWS, "coordinator")
    rows = {row.id: row for row in _ROWS}
    assert {rows[name].section for name in found if not rows[name].rule} == {ours}


def test_nothing_is_suspected_where_nothing_says_where_to_look() -> None:
    behaviour = Mutant(name="x", source="behaviour", place="", operator="drop")
    lost = Candidate(mutant=behaviour, section="General")
    assert suspects(lost, _PROTOCOL, _ROWS, "coordinator") == ()
