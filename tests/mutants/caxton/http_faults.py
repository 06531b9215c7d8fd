"""Faults in HTTP itself: media types, statuses, broken answers, astray requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from .fault import Fault, Row, Seed, Spot, at, table
from .gate_faults import OPS
from .model import Answer
from .seeds import answering, status

__all__ = ["HTTP_FAULTS"]


def _media(name: str) -> Callable[[Answer, Spot], None]:
    def change(answer: Answer, spot: Spot) -> None:
        answer.media = name

    return change


def _text(text: str) -> Callable[[Answer, Spot], None]:
    def change(answer: Answer, spot: Spot) -> None:
        answer.text = text

    return change


def _wire(what: Any) -> Callable[[Answer, Spot], None]:
    def change(answer: Answer, spot: Spot) -> None:
        answer.wire = what

    return change


def _nothing(answer: Answer, spot: Spot) -> None:
    answer.status, answer.text, answer.media = 204, "", ""


def _wrapped(answer: Answer, spot: Spot) -> None:
    answer.body = {"data": answer.body}


def _listed(answer: Answer, spot: Spot) -> None:
    answer.body = [answer.body]


def _camel(answer: Answer, spot: Spot) -> None:
    answer.body = _renamed(answer.body)


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {_camelled(name): _renamed(one) for name, one in value.items()}


def _camelled(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(one.title() for one in rest)


def _python(answer: Answer, spot: Spot) -> None:
    answer.text = str(answer.body)


def _second(answer: Answer, spot: Spot) -> None:
    """From the second time on it hangs."""
    if spot["turn"].nth > 1:
        answer.wire = "hang"


_SINS: Final[tuple[tuple[str, str, Callable[[Answer, Spot], None]], ...]] = (
    ("media.text", "is served as text/plain", _media("text/plain")),
    ("media.html", "is served as text/html", _media("text/html")),
    ("media.none", "has no content type", _media("")),
    ("body.wrapped", "is wrapped in `data`", _wrapped),
    ("body.listed", "is wrapped in a list", _listed),
    ("body.camel", "has its fields in camel case", _camel),
    ("body.python", "is written as Python", _python),
    ("body.html", "is a page", _text("<p>OK</p>")),
    ("body.null", "is null", _text("null")),
    ("body.none", "is 204 without a body", _nothing),
    ("wire.truncate", "is cut off", _wire("truncate")),
    ("wire.reset", "is a broken connection", _wire("reset")),
    ("wire.hang", "never comes", _wire("hang")),
    ("wire.hang_later", "never comes from the second time on", _second),
)


_UNTOLD: Final = ("media.text", "media.html", "media.none")
"""The document says JSON, and nowhere how it is labelled."""


def _by_operation() -> Iterator[Fault]:
    for place, (op, section) in enumerate(OPS.items()):
        rows: list[Row] = [
            (
                f"{'~' if name in _UNTOLD else ''}{op}.{name}",
                f"the answer of {op} {words}",
                answering(op, change),
            )
            for turn, (name, words, change) in enumerate(_SINS)
            if (place + turn) % 2 == 0
        ]
        yield from table(section, rows, prefix="http.")
        others: list[Row] = [
            (f"{op}.status.{number}", f"{op} succeeds with {number}", status(op, number))
            for number in (302, 400, 404, 500)[place % 2 :: 2]
        ]
        yield from table(section, others, prefix="http.")


def _astray(code: str, change: Callable[[Answer], object]) -> Seed:
    def bend(answer: Any, spot: Spot) -> Any:
        refusal = spot["turn"].refusal
        if refusal is not None and refusal.code == code:
            change(answer)
        return answer

    return at("answer", bend)


def _plain(answer: Answer) -> None:
    answer.text, answer.media = "not here", "text/plain"


def _framework(answer: Answer) -> None:
    answer.body = {"detail": "Not Found"}


def _status(code: str, number: int) -> Seed:
    return at(
        "refused",
        lambda refusal, s: replace(refusal, status=number) if refusal.code == code else refusal,
    )


def _strays() -> Iterator[Row]:
    for name, code in (("route", "NOT_FOUND"), ("method", "METHOD_NOT_ALLOWED")):
        yield f"{name}.plain", f"an unknown {name} is refused in plain text", _astray(code, _plain)
        yield (
            f"{name}.framework",
            f"an unknown {name} shows the framework",
            _astray(code, _framework),
        )
        yield f"{name}.ok", f"an unknown {name} is fine", _status(code, 200)
        yield f"{name}.internal", f"an unknown {name} is an internal error", _status(code, 500)


def _final(answer: Any, spot: Spot) -> Any:
    answer.wire = "final"
    return answer


HTTP_FAULTS: Final[tuple[Fault, ...]] = (
    *table(
        "API Overview",
        [
            (
                "every.wire.final",
                "the second request on a connection is dropped",
                at("answer", _final),
            )
        ],
        prefix="http.",
        implied=True,
    ),
    *_by_operation(),
    *table("Error Responses", _strays(), prefix="http.stray.", implied=True),
)
