"""What a script of the Architect Agent must cope with, as data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from conformance.examiner import Situation
from conformance.protocols.architect import dresses, losses, plays
from conformance.protocols.architect.desk import TAKEN_OVER, Desk
from conformance.protocols.architect.oddities import NON_JSON, event, null_event
from conformance.protocols.architect.playbook import Playbook
from conformance.stage import Stage
from mockserver import Fault

__all__ = ["CALM", "HELD", "LOSSES", "NAMES", "NORMAL", "REFUSED", "SMALL", "SPARSE", "situations"]

NORMAL = "normal life"
CALM = "calm"
HELD = "held replies"
SMALL = "small replies"
SPARSE = "sparse entries"
REFUSED = "refused"
LOSSES = ("lost", "closed", "outage")


def _non_json(number: int) -> str:
    return NON_JSON[number % len(NON_JSON)]


def _empty(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**entry, "required_parameters": entry.get("required_parameters") or []}


def _sparse(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what is not there: neither nulls nor a flag that is not set."""
    return {name: value for name, value in entry.items() if value and name != "description"}


_SCENES: Mapping[str, plays.Scene] = {
    CALM: plays.calm,
    HELD: plays.reordered,
    "events": plays.with_company("event", event),
    "null events": plays.with_company("null event", null_event),
    "strange tokens": plays.strange_tokens,
    "duplicates": plays.duplicates,
    "late replies": plays.late_replies,
    "errors": plays.errors,
    "no JSON": plays.with_company("no JSON", _non_json),
    "strange frames": plays.strange_frames,
    "dressed": dresses.dressed,
    "fragments": dresses.fragments,
    "large replies": dresses.large_replies,
    "huge replies": dresses.huge_replies,
    SMALL: dresses.small_replies,
    "empty lists": plays.catalogue_of("empty", _empty),
    SPARSE: plays.catalogue_of("sparse", _sparse),
    "lost": losses.lost("lost", None),
    "closed": losses.lost("closed", 1001),
    "outage": losses.outage,
    REFUSED: losses.refused,
}

_LAST = (*LOSSES, "late replies", REFUSED)

NAMES = (NORMAL, *_SCENES)

_SIGNS = ("credentials", {"signs": "%2B+#"})
"""Which a header takes as they are, and of which a URL would make something else."""

_NOBODY = Fault(kind="status", operation="socket", status=401, times=None)


def situations(book: Playbook, *, launched: bool) -> tuple[Situation, ...]:
    """All of them, for one examination. Those that last longest begin first, side by side with
    the others; but they may be the end of a script that is not `launched` for each of them.
    """

    async def play(name: str, stage: Stage) -> None:
        desk = Desk(stage, book, name)
        desk.hurry()
        await _SCENES[name](desk)

    names = sorted(_SCENES, key=_LAST.__contains__, reverse=launched)
    return (
        Situation(name=NORMAL, play=partial(plays.normal_life, book, NORMAL)),
        *(
            Situation(
                name=name,
                faults=[TAKEN_OVER, *([_NOBODY] if name == REFUSED else [])],
                commands=[_SIGNS] if name == SPARSE else [],
                play=partial(play, name),
            )
            for name in names
        ),
    )
