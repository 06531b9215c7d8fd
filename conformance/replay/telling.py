"""A replay in words: who said what, what came then, and what comes now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.exchange import MISSING, Exchange, read_json, shown, value_at
from conformance.frames import Frame
from conformance.judge import same
from conformance.masking import Masker
from conformance.replay.again import Again
from conformance.replay.player import Came
from conformance.replay.story import Deed, Opening, Request, Step, Utterance

__all__ = ["tell"]

_NARROW = 60
"""Columns that a message has at least."""

_PLACES = 3
"""Offending values that are compared."""


def tell(
    again: Again, mask: Masker, width: int = 100, pointers: Sequence[str] = ()
) -> Iterator[str]:
    """Each step in a few lines, and the values at the `pointers` of the one that was judged. `mask`
    is that of the target which it was said to.
    """
    width = max(width, _NARROW)
    judged = max((at for at, came in enumerate(again.came) if came.step.shown), default=-1)
    for at, came in enumerate(again.came):
        yield from _step(at + 1, came, again, mask, width)
        if at == judged:
            yield from (_cut(line, width) for line in _places(came, pointers, mask))


def _places(came: Came, pointers: Sequence[str], mask: Masker) -> Iterator[str]:
    step = came.step
    then = read_json(b"" if isinstance(step, Opening | Deed) else _heard(step))
    now = MISSING
    if came.exchange is not None:
        now = came.exchange.json
    elif came.frame is not None:
        now = came.frame.json
    for pointer in pointers[:_PLACES]:
        if MISSING in (then, now):
            continue
        old, new = (_value(value_at(each, pointer), mask) for each in (then, now))
        yield f"        at {pointer}  then {old}  now {new}"


def _heard(step: Request | Utterance) -> bytes:
    return step.answer if isinstance(step, Request) else step.data


def _value(value: Any, mask: Masker) -> str:
    return repr(value) if value is MISSING else json.dumps(mask.json(value), ensure_ascii=False)


def _step(number: int, came: Came, again: Again, mask: Masker, width: int) -> Iterator[str]:
    point = ">" if came.step.shown else " "
    whose = again.carrier.text(getattr(came.step, "connection", ""))
    yield _cut(f"{point}{number:>3}  {_said(came.sent, whose, mask)}", width)
    then, now = _then(came.step, mask), _now(came, mask)
    if not then and not now:
        return
    if now == then or _alike(came, again):
        yield _cut(f"        then and now  {now}", width)
        return
    if then:
        yield _cut(f"        then          {then}", width)
    yield _cut(f"        now           {now}", width)


def _said(step: Step, whose: str, mask: Masker) -> str:
    """Who says what. `whose` connection it is on."""
    if isinstance(step, Request):
        body = _body(step.body, mask) if step.form is None else _form(step.form, mask)
        return f"{step.method} {mask.text(step.path)}  {body}".rstrip()
    if isinstance(step, Opening):
        return f"connect {whose} to {mask.text(step.path)}"
    if isinstance(step, Deed):
        return f"hook {step.hook}  {json.dumps(mask.json(dict(step.values)), ensure_ascii=False)}"
    if step.sender == "peer":
        return f"peer says on {whose}"
    if step.kind == "close":
        return f"{whose} closes"
    return f"{whose} says  {_body(step.data, mask)}"


def _then(step: Step, mask: Masker) -> str:
    if isinstance(step, Utterance):
        if step.sender == "assay":
            return ""
        return _frame(step.kind, step.data, step.code, mask)
    if isinstance(step, Deed):
        return ""
    if isinstance(step, Opening):
        return step.failure or str(step.status)
    return f"{step.outcome}  {_body(step.answer, mask)}".rstrip()


def _now(came: Came, mask: Masker) -> str:
    if came.exchange is not None:
        return _answer(came.exchange, mask, opening=isinstance(came.step, Opening))
    frame = came.frame
    if frame is None:
        return came.why
    return _frame(frame.kind, frame.data, frame.code, mask) if frame.sender == "peer" else ""


def _answer(exchange: Exchange, mask: Masker, *, opening: bool) -> str:
    if opening:
        return mask.text(exchange.failure) or str(exchange.status)
    return f"{mask.text(exchange.outcome)}  {_body(exchange.answer, mask)}".rstrip()


def _frame(kind: str, data: bytes, code: int | None, mask: Masker) -> str:
    word = "" if kind == "text" else f"({kind}{'' if code is None else f' {code}'}) "
    return f"{word}{_body(data, mask)}".rstrip()


def _alike(came: Came, again: Again) -> bool:
    """Is it the same, with other ids in it?"""
    if isinstance(came.step, Request) and came.exchange is not None:
        status = came.step.status == came.exchange.status
        return status and _same(came.step.answer, came.exchange.answer, again)
    frame: Frame | None = came.frame
    if isinstance(came.step, Utterance) and frame is not None:
        return came.step.kind == frame.kind and _same(came.step.data, frame.data, again)
    return False


def _same(old: bytes, new: bytes, again: Again) -> bool:
    one, other = read_json(old), read_json(new)
    if one is MISSING or other is MISSING:
        return old == new
    return same(again.carrier.value(one), other)


def _body(data: bytes, mask: Masker) -> str:
    value: Any = shown(data, mask)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _form(form: Any, mask: Masker) -> str:
    parts = [
        f"{name}=(file)" if isinstance(part, dict) and "base64" in part else f"{name}={part}"
        for name, part in form.items()
    ]
    return mask.text(" ".join(parts))


def _cut(text: str, width: int) -> str:
    flat = text.replace("\n", " ").replace("\r", " ")
    return flat if len(flat) <= width else flat[: width - 1] + "…"
