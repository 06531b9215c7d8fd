"""Peer text made harmless, and shares that never flatter."""

from __future__ import annotations

import pytest

from reports.text import compact, in_markdown, listing, percent, plural, printable, shorten


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


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("AITBC-REG-005: it fails (twice).", "AITBC-REG-005: it fails \\(twice\\)."),
        ("a | b\n\n# c", "a \\| b \\#<!-- --> c"),
        ("<b>`x`</b> *y* _z_", "\\<b\\>\\`x\\`\\</b\\> \\*y\\* \\_z\\_"),
        ("see http://h and www.h.test", "see http\\://h and www\\.h.test"),
        ("- no list", "\\- no list"),
        ("1. no list", "1<!-- -->. no list"),
        ("@octocat in #12", "\\@<!-- -->octocat in \\#<!-- -->12"),
        ("\x1b[31m", "\ufffd\\[31m"),
    ],
)
def test_markdown_takes_nothing_for_a_mark(said: str, written: str) -> None:
    assert in_markdown(said) == written


def test_markdown_is_cut_before_it_is_escaped() -> None:
    assert in_markdown("*" * 10, 4) == "\\*\\*\\*…"
