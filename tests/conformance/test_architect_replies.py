"""How a peer's errors are told from its successes, whatever they look like."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.protocols.architect.catalogue import is_described, read_catalogue
from conformance.protocols.architect.replies import Manners, Request, lacks_something

LISTING = {"list_actions": {"required_parameters": None}}
UNKNOWN = Request(action="no-such-action")
BARE = {"parameters": {"actions": LISTING}}


def _manners(success: dict[str, Any]) -> Manners:
    more = {**success, "parameters": {"servers": [{"id": 1}]}}
    more |= {"action": "servers"} if "action" in success else {}
    return Manners([(Request(action="list_actions"), success), (Request(action="servers"), more)])


ERRORS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"success": True, "error": None, **BARE}, {"success": False, "error": "unknown_action"}),
    ({"status": "ok", **BARE}, {"status": "error"}),
    ({"ok": True, "action": "list_actions", **BARE}, {"ok": False, "action": "no-such-action"}),
    ({"action": "list_actions", **BARE}, {"action": "error"}),
    (BARE, {"parameters": {"status": "error", "message": "no such action"}}),
    (BARE, {"parameters": {"success": False}}),
    (BARE, {"parameters": {"code": 404, "message": "there is none"}}),
    (BARE, {"parameters": {"message": "Unknown action"}}),
    (BARE, {"error": "unknown"}),
]


@pytest.mark.parametrize(("success", "error"), ERRORS)
def test_an_error_is_told(success: dict[str, Any], error: dict[str, Any]) -> None:
    manners = _manners(success)
    said = {**error, "idempotence": "t"}
    assert not manners.passes_for_success(UNKNOWN, said)
    assert manners.tells_error(UNKNOWN, said)


@pytest.mark.parametrize(
    ("success", "reply"),
    [
        (BARE, {}),
        (BARE, {"parameters": {}}),
        ({"status": "ok", **BARE}, {"status": "ok"}),
        ({"status": "ok", **BARE}, {"status": "ok", "parameters": {}}),
        ({"action": "list_actions", **BARE}, {"action": "no-such-action", "parameters": {}}),
        (BARE, {"parameters": {"servers": [{"id": 2}]}}),
    ],
)
def test_a_success_is_none(success: dict[str, Any], reply: dict[str, Any]) -> None:
    assert _manners(success).passes_for_success(UNKNOWN, {**reply, "idempotence": "t"})


@pytest.mark.parametrize(
    ("said", "lacks"),
    [
        ("missing: limit", True),
        ("limit is required", True),
        ("missing_parameter", True),
        ("a field is missing", True),
        ("get_required_mods failed for this field", False),
        ("that map is missing on the disk", False),
        ("the workshop is lackluster, parameters unclear", False),
    ],
)
def test_something_lacks_where_a_parameter_does(said: str, lacks: bool) -> None:
    request = Request(action="get_required_mods", names=("limit", "identity"))
    assert lacks_something({"error": said}, request) is lacks


_NAMES = {"required_parameters": ["a", "b"]}


@pytest.mark.parametrize(
    ("entry", "beside", "told"),
    [
        ({}, {}, False),
        ({"params": {"a": "what it is"}}, {}, True),
        ({"params": [{"name": "a", "required": True}]}, {}, False),
        ({"params": [{"name": "a", "of": "text"}]}, {}, True),
        ({"description": "Takes a (string)"}, {}, True),
        ({}, {"types": {"a": "string"}}, True),
        ({}, {"types": {"a": ""}}, False),
    ],
)
def test_a_parameter_is_described_anywhere(
    entry: dict[str, Any], beside: dict[str, Any], told: bool
) -> None:
    entries = {"act": {**_NAMES, **entry}}
    reply = {"parameters": {"actions": entries, **beside}}
    assert bool(is_described(reply, read_catalogue(entries)["act"])("a")) is told


def test_names_are_read_from_a_map_as_well() -> None:
    read = read_catalogue({"act": {"required_parameters": {"limit": "int"}}})["act"]
    assert (read.required, read.kind("limit")) == (("limit",), "int")
