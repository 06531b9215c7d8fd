"""Ways to make an ``idempotence`` token."""

from __future__ import annotations

import uuid
from typing import Final

from tests.mutants.architect_agents.model import ABSENT, Json, TokenMaker, TokenView

__all__ = ["absent", "counter", "dashed", "hex32", "integer", "random_text"]

_SIGNS: Final = "abcXYZ019 -_.:/+=~{}\"'\\äß工😀"


def hex32(view: TokenView) -> Json:
    """32 hexadecimal digits, as in the example."""
    return f"{view.rng.getrandbits(128):032x}"


def dashed(view: TokenView) -> Json:
    """A UUID as it is usually written."""
    return str(uuid.UUID(int=view.rng.getrandbits(128), version=4))


def counter(view: TokenView) -> Json:
    """1, 2, 3 as text; the lines of one client never share a number."""
    return f"{view.moment.total + 1}"


def integer(view: TokenView) -> Json:
    """Numbers that are not text, and large ones too."""
    return 1000003 * (view.moment.total + 1)


def random_text(view: TokenView) -> Json:
    """Any text; the number at the end keeps two of them apart."""
    size = view.rng.randint(1, 90)
    text = "".join(view.rng.choices(_SIGNS, k=size))
    return f"{text}#{view.moment.total}"


absent: TokenMaker = lambda _view: ABSENT  # noqa: E731
"""The struct of the document has no token."""
