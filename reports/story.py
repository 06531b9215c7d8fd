"""What led to a finding, made ready to be read: each step in a line, with its times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.text import compact, plural, shorten

__all__ = ["Story", "Told", "story"]

_STEPS = 40
"""Steps that are told beside those that the finding hangs on."""

_WIDE = 240
"""Characters of a message that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One step. `what` was said or done by `who`, `then` is what came of it, `body` what was said
    with it, unless the evidence shows it. `shown` says that it is evidence itself, `needed` that
    the finding hangs on it.

    `real` is the time since the first step, `virtual` how far the peer's clock had been moved on by
    then; both are empty where nobody knows or nothing is to be said. So is `pause`.
    """

    number: int
    who: str
    what: str
    body: str
    then: str
    shown: bool
    needed: bool
    pause: str
    real: str
    virtual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The steps in order; `left_out` says what is not told."""

    steps: Sequence[Told] = ()
    left_out: str = ""


def story(evidence: Mapping[str, Any] | None) -> Story:
    """What led to a finding; without steps where nothing beyond the evidence is known."""
    told = (evidence or {}).get("story") or {}
    steps = list(_steps(told.get("steps", ())))
    if all(step.shown for step in steps):
        return Story()
    others = [step.number for step in steps if not (step.shown or step.needed)]
    passed_over = set(others[:-_STEPS])
    kept = [step for step in steps if step.number not in passed_over]
    missing = told.get("left_out", 0) + len(passed_over)
    return Story(
        steps=kept, left_out=f"left out: {plural(missing, 'more step')}" if missing else ""
    )


def _steps(raw: Sequence[Mapping[str, Any]]) -> Iterator[Told]:
    moved = 0.0
    timed = any("at" in step for step in raw)  # the first one's is 0, and not told
    for number, step in enumerate(raw, start=1):
        who, what, body, then = _KINDS[step["is"]](step)
        shown = step.get("shown", False)
        moved += _moved(step)
        yield Told(
            number=number,
            who=who,
            what=shorten(what, _WIDE),
            body="" if shown else shorten(body, _WIDE),
            then=shorten(then, _WIDE),
            shown=shown,
            needed=step.get("needed", False),
            pause=f"{step['pause']:g} s" if step.get("pause") else "",
            real=f"{step.get('at', 0.0):.3f} s" if timed else "",
            virtual=f"+{moved:g} s" if moved else "",
        )


def _moved(step: Mapping[str, Any]) -> float:
    """The seconds that a step let pass on the peer's clock."""
    seconds = step.get("values", {}).get("seconds") if step.get("hook") == "advance" else 0
    return float(seconds) if isinstance(seconds, int | float) else 0.0


_Line = tuple[str, str, str, str]


def _request(step: Mapping[str, Any]) -> _Line:
    whose = f" with the certificate of {step['identity']}" if step.get("identity") else ""
    form = step.get("form")
    body = compact(form, _WIDE) if form else _text(step.get("body", ""))
    what = f"{step.get('method', '')} {step.get('path', '')}{whose}"
    return "assay", what, body, _outcome(step)


def _opening(step: Mapping[str, Any]) -> _Line:
    what = f"opens {step.get('path', '')} as {step.get('connection', '')}"
    return "assay", what, "", _outcome(step)


def _utterance(step: Mapping[str, Any]) -> _Line:
    kind = " ".join(
        str(part)
        for part in (step.get("kind", ""), step.get("code"), step.get("reason"))
        if part not in (None, "")
    )
    who = "assay" if step.get("sender") == "assay" else "peer"
    return who, f"{kind} on {step.get('connection', '')}", _text(step.get("data", "")), ""


def _deed(step: Mapping[str, Any]) -> _Line:
    seconds = _moved(step)
    if seconds:
        return "assay", f"lets {seconds:g} s pass on the peer's clock", "", ""
    values = compact(step["values"], _WIDE) if step.get("values") else ""
    handed = step.get("handed")
    then = "" if handed is None else f"handed over {compact(handed, _WIDE)}"
    return "assay", f"runs the hook {step.get('hook', '')}", values, then


_KINDS = {"request": _request, "opening": _opening, "utterance": _utterance, "deed": _deed}


def _outcome(step: Mapping[str, Any]) -> str:
    return str(step.get("failure") or step.get("code") or step.get("status") or "no answer")


def _text(data: Any) -> str:
    """Text as it is, else the bytes in words."""
    if isinstance(data, str):
        return shorten(data, _WIDE)
    encoded = str(data.get("base64", ""))
    count = len(encoded) * 3 // 4 - encoded.count("=")
    return f"{plural(count, 'byte')} that are no text"
