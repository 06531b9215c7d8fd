"""Peer text made harmless, and shares that never flatter."""

from __future__ import annotations

import pytest

from reports.text import compact, listing, percent, plural, printable, shorten


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "0 %"),
        (0, 9, "0 %"),
        (1, 300, "< 1 %"),
        (1, 3, "33 %"),
        (999, 1000, "99 %"),
        (7, 7, "100 %"),
    ],
)
def test_share_is_rounded_down(part: int, whole: int, expected: str) -> None:
    assert percent(part, whole) == expected


def test_harmful_characters_are_replaced() -> None:
    assert printable("a\x1b[2J\x9b1m\x07\u202eb\u2028\ud800\0") == "a�[2J�1m��b���"
    assert printable("tab\tand\nline\r\nä 𝄞 مرحبا") == "tab\tand\nline\nä 𝄞 مرحبا"


def test_words() -> None:
    assert (plural(1, "check"), plural(2, "check")) == ("1 check", "2 checks")
    assert listing(list("abcdef")) == "a, b, c, d, e, f"
    assert listing(list("abcdefg")) == "a, b, c, d, e and 2 more"
    assert shorten("abcdef", 4) == "abc…"
    assert compact({"a": "ü"}) == '{"a": "ü"}'
