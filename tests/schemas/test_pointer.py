"""JSON Pointers and the patterns over them."""

from __future__ import annotations

import pytest

from schemas.pointer import dig, escape, join, locations, matches, parse

DOCUMENT = {"a": [{"b": 1}, {"b": 2, "c": 3}], "x/y": {"~": 4}, "": 5}


@pytest.mark.parametrize(
    ("steps", "pointer"),
    [
        ([], ""),
        ([""], "/"),
        (["a", 0, "b"], "/a/0/b"),
        (["x/y", "~"], "/x~1y/~0"),
        (["~1"], "/~01"),
    ],
)
def test_pointer_goes_to_steps_and_back(steps: list[object], pointer: str) -> None:
    assert join(steps) == pointer
    assert parse(pointer) == tuple(str(step) for step in steps)


def test_escape_writes_tilde_before_slash() -> None:
    assert escape("~/") == "~0~1"


@pytest.mark.parametrize(
    ("pattern", "steps", "lies_there"),
    [
        ("", "", True),
        ("", "/a/b", True),
        ("/a", "/a", True),
        ("/a", "/a/b/c", True),
        ("/a", "", False),
        ("/a", "/ab", False),
        ("/a/*", "/a/0", True),
        ("/a/*", "/a/0/b", True),
        ("/a/*", "/a", False),
        ("/a/*/b", "/a/7/b", True),
        ("/a/*/b", "/a/7/c", False),
    ],
)
def test_matches_tells_at_or_below(pattern: str, steps: str, lies_there: bool) -> None:
    assert matches(parse(pattern), parse(steps)) is lies_there


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("", DOCUMENT), ("/a/1/c", 3), ("/x~1y/~0", 4), ("/", 5)],
)
def test_dig_finds_a_value(pointer: str, value: object) -> None:
    assert dig(DOCUMENT, parse(pointer)) == value


@pytest.mark.parametrize("pointer", ["/b", "/a/2", "/a/-1", "/a/x", "/a/0/b/c", "/x~1y/b"])
def test_dig_refuses_a_place_that_is_not_there(pointer: str) -> None:
    with pytest.raises(LookupError):
        dig(DOCUMENT, parse(pointer))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", [""]),
        ("/a/*", ["/a/0", "/a/1"]),
        ("/a/*/b", ["/a/0/b", "/a/1/b"]),
        ("/a/*/c", ["/a/1/c"]),
        ("/*/~0", ["/x~1y/~0"]),
        ("/nowhere", []),
        ("/a/0/b/*", []),
    ],
)
def test_locations_lists_what_a_pattern_names_in_order(pattern: str, found: list[str]) -> None:
    assert [join(steps) for steps in locations(DOCUMENT, parse(pattern))] == found
