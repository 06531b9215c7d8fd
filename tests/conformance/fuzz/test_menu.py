"""What each protocol says of made-up requests fits its documents."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from conformance.fuzz.menu import Menu, Refusal, kind_of
from schemas import load, load_requirements
from schemas.validation import Violation

PROTOCOLS = ("aitbc", "caxton", "echocenter", "stella")


def menu_of(name: str) -> Menu:
    menu: Menu = import_module(f"conformance.protocols.{name}.made_up").MENU
    return menu


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_menu_fits_its_protocol(name: str) -> None:
    menu, protocol = menu_of(name), load(name)
    assert menu.protocol == name
    assert set(menu.operations) <= protocol.operations.keys()
    named = {*menu.creates, *menu.removes, *menu.own, *menu.steady, *menu.survives, *menu.answers}
    assert named | menu.lists <= set(menu.operations)
    assert {each.operation for each in menu.refusals} <= set(menu.operations)
    known = {each for name in menu.operations for each in protocol.operations[name].parameters}
    assert set(menu.parameters) <= known


@pytest.mark.parametrize("name", PROTOCOLS)
def test_its_rows_are_a_coordinators_and_no_schema_judges_them(name: str) -> None:
    rows = load_requirements(load(name))
    for row in menu_of(name).rows:
        assert rows[row].role == "coordinator"
        assert rows[row].place is None


def violation(pointer: str, keyword: str, value: Any) -> Violation:
    return Violation(pointer=pointer, keyword=keyword, message="is wrong", value=value)


@pytest.mark.parametrize(
    ("pointer", "keyword", "value", "row"),
    [
        ("/agent_id", "required", None, "AITBC-REG-012"),
        ("/agent_id", "type", {"is": "x"}, "AITBC-REG-014"),
        ("/agent_id", "type", 7, None),  # a lenient reader takes it for a text
        ("/capabilities", "type", "steering", "AITBC-REG-016"),
        ("/capabilities", "type", None, None),
        ("/capabilities/2", "type", 7, "AITBC-REG-020"),
        ("/capabilities/2/0", "type", 7, None),
        ("/agent_type", "enum", "captain", None),  # whether it is checked is left open
        ("", "json", "{", "AITBC-REG-022"),
    ],
)
def test_the_row_that_has_a_body_refused(
    pointer: str, keyword: str, value: Any, row: str | None
) -> None:
    said = [violation(pointer, keyword, value)]
    found = menu_of("aitbc").refusal("registerAgent", said)
    assert (found and found.row) == row


def test_where_several_things_are_wrong_any_may_be_told() -> None:
    said = [violation("/agent_id", "required", None), violation("/metadata", "type", 7)]
    menu = menu_of("aitbc")
    alone, among = (menu.refusal("registerAgent", said[:count]) for count in (1, 2))
    assert isinstance(alone, Refusal)
    assert isinstance(among, Refusal)
    assert [*alone.statuses] == [422]
    assert [*among.statuses] == [range(400, 500)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "boolean"),
        (0.5, "number"),
        (0, "blank"),
        ("", "blank"),
        (" 1e3", "numeral"),
        ("True", "numeral"),
        ("much", "string"),
        ([], "blank"),
        ([0], "array"),
        ({"a": 0}, "object"),
    ],
)
def test_kinds(value: Any, kind: str) -> None:
    assert kind_of(value) == kind
