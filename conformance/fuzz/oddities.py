"""What may lawfully be said though nobody has ever said it: texts, values, ways to write JSON."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from conformance.lively import LIVELY

__all__ = ["Oddities"]

_TEXTS = (
    *LIVELY,
    "nul\0byte",
    "\u05e9\u05dc\u05d5\u05dd \u0639\u0631\u0628\u064a",
    "\u2028\u2029\u0085\ufeff\u200b\u202e",
    "e\u0301\u0327 \U0001f469\u200d\U0001f680 \U0001d518",
    "[1, 2]",
    '{"type": "none"}',
    "true",
    "-0",
    "${HOME} %PATH% $(id) `id`",
    "../../etc/passwd",
    "\x1b[31mred\x1b[0m\x07",
)

_NUMBERS = (
    0,
    -1,
    1,
    255,
    -32769,
    2147483647,
    2147483648,
    4294967296,
    -9007199254740991,
    9007199254740993,
    9223372036854775807,
    -0.0,
    0.1,
    1e-7,
    -2.5e300,
    1.5e21,
)
"""All within what a double can hold, more or less exactly: RFC 8259 lets a parser know no more."""

_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz0123456789 ",
    "\u00e4\u00f6\u00fc\u00df\u00e9\u00f1\u0142\u0111\u0153",
    "\u4e2d\u6587\u65e5\u672c\uac00\u0e44\u0905\u05d0\u0627",
    "\U0001f916\U0001f30d\u2603\u2713\u20ac\u00a0\u200d",
    "\"\\/{}[]<>&'`%$#@!~^|;:,.?*+-=()\t\n\r",
)

_WORDS = ("unheard_of", "note", "Ref", "9", "tags", "\u00e4\u4e2d")

_MEMBERS = (
    "x-dashed",
    "x.dotted.name",
    "X_SHOUTED",
    "xWithABump",
    "x with blanks",
    "",
    " ",
    "$x",
    "@x",
    "__proto__",
    "constructor",
    "x\u00e4\u4e2d",
    "\U0001f916",
    'x"quoted"\\',
    "x" * 300,
)
"""Names that no document uses, in whatever case one reads them."""

_LONG = 9000
"""Characters of a long text: no message outgrows what anybody takes."""

_DEEP = 12


class Oddities:
    """Draws from one generator: the same seed says the same."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def text(self) -> str:
        rng = self.rng
        turn = rng.random()
        if turn < 0.5:
            return rng.choice(_TEXTS)
        letters = "".join(rng.sample(_ALPHABETS, rng.randint(1, len(_ALPHABETS))))
        length = rng.choice((1, 2, 7, 40, 127, 300, 1100)) if turn < 0.95 else _LONG
        return "".join(rng.choices(letters, k=length))

    def number(self) -> int | float:
        return self.rng.choice(_NUMBERS)

    def value(self, depth: int = 3) -> Any:
        """Any JSON value."""
        rng = self.rng
        turn = rng.randrange(9 if depth else 6)
        if turn < 6:
            plain = (None, True, False, self.number(), self.text(), "")
            return plain[turn]
        count = rng.choice((0, 0, 1, 2, 5))
        if turn == 6:
            return self.deep()
        if turn == 7:
            return [self.value(depth - 1) for _ in range(count)]
        return {self.member(): self.value(depth - 1) for _ in range(count)}

    def deep(self) -> Any:
        """Something in something in something."""
        found: Any = self.number()
        for _ in range(self.rng.randint(1, _DEEP)):
            found = [found] if self.rng.random() < 0.5 else {"x": found}
        return found

    def member(self) -> str:
        """A name that no document knows."""
        rng = self.rng
        return f"x_{rng.choice(_WORDS)}" if rng.random() < 0.5 else rng.choice(_MEMBERS)

    def beside(self, said: Any, *, leave: tuple[str, ...] = ()) -> Any:
        """The same with members that no document knows, in it and in what it holds; what stands
        under the names to `leave` stays as it is, as somebody else's.
        """
        if isinstance(said, list):
            return [self.beside(each, leave=leave) for each in said]
        if not isinstance(said, dict):
            return said
        more = {self.member(): self.value() for _ in range(self.rng.choice((0, 1, 1, 3)))}
        told = {
            name: value if name in leave else self.beside(value, leave=leave)
            for name, value in said.items()
        }
        return {**{name: value for name, value in more.items() if name not in told}, **told}

    def shuffled(self, said: Any) -> Any:
        """The same with the members of its objects in another order."""
        if isinstance(said, list):
            return [self.shuffled(each) for each in said]
        if not isinstance(said, dict):
            return said
        names = self.rng.sample(list(said), len(said))
        return {name: self.shuffled(said[name]) for name in names}

    def written(self, said: Any) -> str:
        """The same value in JSON, as somebody may write it: order, white space, escapes."""
        rng = self.rng
        text = json.dumps(
            self.shuffled(said) if rng.random() < 0.5 else said,
            ensure_ascii=rng.random() < 0.5,
            indent=rng.choice((None, None, 0, 3, "\t")),
            separators=rng.choice((None, (",", ":"), (" ,\r\n", " :\t"))),
        )
        return rng.choice(("", " ", "\r\n\t")) + text + rng.choice(("", "\n", " \t"))
