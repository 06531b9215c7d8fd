"""What strangers offer in the handshake, by the row that has it blocked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from conformance.protocols.architect.dialogue import VERSION, Dialogue

__all__ = ["OFFERS", "Offer", "of"]

Offer = Callable[[Dialogue], list[str]]


def of(*pattern: str) -> Offer:
    """An offer from a pattern: `V`, `U` and `P` stand for what is right."""

    def offer(script: Dialogue) -> list[str]:
        right = {"V": VERSION, "U": script.username, "P": script.password}
        return [right.get(each, each) for each in pattern]

    return offer


def _bent(bend: Callable[[str], str], *, username: bool = False) -> Offer:
    """The right offer with one of its secrets bent."""

    def offer(script: Dialogue) -> list[str]:
        if username:
            return [VERSION, bend(script.username), script.password]
        return [VERSION, script.username, bend(script.password)]

    return offer


def _half(text: str) -> str:
    return text[: max(1, len(text) // 2)]


def _another(letter: str) -> str:
    return "k" if letter != "k" else "q"


def _swapped(text: str) -> str:
    """The same signs, two neighbours in each other's place."""
    at = next((n for n, pair in enumerate(pairwise(text)) if pair[0] != pair[1]), -1)
    return text if at < 0 else text[:at] + text[at + 1] + text[at] + text[at + 2 :]


OFFERS: Mapping[str, list[Offer]] = {
    "ARCH-AUTH-001": [
        of(),
    ],
    "ARCH-AUTH-004": [
        of("V", "U", "assay-wrong"),
        of("V", "U", "*"),
        of("V", "U", ".*"),
        of("V", "U", "%"),
    ],
    "ARCH-AUTH-003": [
        of("V", "assay-nobody", "P"),
        of("V", "assay-nobody", "assay-wrong"),
        of("V", "*", "P"),
        of("V", "%", "P"),
    ],
    "ARCH-AUTH-002": [
        of("V"),
    ],
    "ARCH-AUTH-007": [
        of("V", "P", "U"),
        of("P", "U", "V"),
    ],
    "ARCH-AUTH-008": [
        of("V", "U"),
        of("V", "P"),
        of("V", "U", ""),
        of("V", "", "P"),
        of("V", "", ""),
    ],
    "ARCH-AUTH-009": [
        of("U", "P"),
    ],
    "ARCH-AUTH-005": [
        _bent(str.swapcase),
        _bent(_half),
        _bent(lambda text: text[:-1] or "x"),
        _bent(lambda text: text + "x"),
        _bent(lambda text: "x" + text),
        _bent(lambda text: text[:8] + "assay"),
        _bent(lambda text: "x" * len(text)),
        of("V", "U", "U"),
        _bent(lambda text: text[1:] or "x"),
        _bent(lambda text: text[:-1] + _another(text[-1:])),
        _bent(lambda text: _another(text[:1]) + text[1:]),
        _bent(lambda text: "".join(filter(str.isalnum, text)) or "x"),
        _bent(_swapped),
        _bent(lambda text: "".join(sorted(text))),
        _bent(lambda text: text.replace("-", "_")),
        _bent(lambda text: text.replace("_", "-")),
        _bent(lambda text: text + "assay"),
        _bent(lambda text: text + "."),
    ],
    "ARCH-AUTH-019": [
        _bent(str.swapcase, username=True),
        _bent(str.upper, username=True),
    ],
    "ARCH-AUTH-006": [
        _bent(_half, username=True),
        _bent(lambda text: text + "x", username=True),
        _bent(lambda text: "x" + text, username=True),
        _bent(lambda text: text[:-1] + _another(text[-1:]), username=True),
        _bent(_swapped, username=True),
        _bent(lambda text: text + ".", username=True),
    ],
    "ARCH-AUTH-010": [
        of("SMP2.0", "U", "P"),
        of("SMP1.1", "U", "P"),
        of("smp1.0", "U", "P"),
        of("SMP1", "U", "P"),
        of("SMP1.0x", "U", "P"),
        of("SMP1.0.1", "U", "P"),
        of("assay", "U", "P"),
        of("U", "P", "V"),
        of("U", "V", "P"),
    ],
    "ARCH-AUTH-011": [
        of("V", "U", "P", "more"),
        of("more", "V", "U", "P"),
        of("V", "more", "U", "P"),
    ],
}
