"""What a stella agent must cope with, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from conformance.examiner import Situation
from conformance.protocols.stella import losses, odd, plays, renewals
from conformance.protocols.stella.foreman import Foreman
from conformance.protocols.stella.impostor import IMPOSTOR, REPLACED, USUAL
from conformance.protocols.stella.notes import NORMAL, Notebook
from conformance.stage import Stage
from mockserver import Fault

__all__ = [
    "CALM",
    "FORGOTTEN",
    "NAMES",
    "NORMAL",
    "OUTSIDE",
    "REFUSED",
    "SETTLED",
    "WELL",
    "situations",
]

_CALM: Mapping[str, plays.Scene] = {
    NORMAL: plays.normal_life,
    "another interval": plays.another_interval,
    "no tasks": plays.no_tasks,
    "many tasks": plays.many_tasks,
    "long task": plays.long_task,
}
_WELL: Mapping[str, plays.Scene] = {
    "odd tasks": plays.odd_tasks,
    "two ways": plays.two_ways,
    "told again": plays.told_again,
    "cancelled": plays.cancelled,
    "renewal": renewals.renewal,
    "unknown fields": odd.odd_answers("more"),
    "null renewal": odd.odd_answers("null"),
    "other times": odd.odd_answers("times"),
    "pieces": odd.in_pieces,
    "asked to end": plays.asked_to_end,
}
_TROUBLED: Mapping[str, plays.Scene] = {
    "renewal with key": renewals.renewal_with_key,
    "garbled answers": odd.odd_answers("garbled"),
    **{f"stream: {turn.name}": odd.odd_messages(turn) for turn in odd.STREAM_TURNS},
    "broken frames": losses.broken_frames,
    "unavailable": losses.struck,
    "internal errors": losses.struck,
    "slow answers": losses.struck,
    "dropped connections": losses.struck,
    "lost streams": losses.lost_streams,
    "unknown task": losses.refused_completion,
    "restart": losses.restart,
}
_REFUSED: Mapping[str, plays.Scene] = {
    "registration unavailable": losses.struck,
    "token refused": losses.not_registered,
    "name taken": losses.not_registered,
    IMPOSTOR: losses.impostor,
    REPLACED: losses.replaced,
}
_FORGOTTEN: Mapping[str, plays.Scene] = {
    "forgotten": losses.forgotten("forget"),
    "revoked": losses.forgotten("revoke"),
    "forbidden": losses.forgotten(""),
}

CALM, WELL = tuple(_CALM), (*_CALM, *_WELL)
"""Those in which nothing odd happens, and those in which nothing is wrong."""

REFUSED, FORGOTTEN = ("token refused", "name taken"), tuple(_FORGOTTEN)

SETTLED = (*CALM, "odd tasks", "unknown fields", "renewal")
"""Those that last until every task is reported, if it is at all within reason."""

OUTSIDE = (*REFUSED, "registration unavailable", IMPOSTOR, REPLACED)
"""Those in which nobody need be registered, or not for long."""

_SCENES = {**_CALM, **_WELL, **_TROUBLED, **_REFUSED, **_FORGOTTEN}

NAMES = tuple(_SCENES)

_REGISTER = "registerAgent"

_FAULTS: Mapping[str, Sequence[Fault]] = {
    "unavailable": losses.failing(503, 3),
    "internal errors": losses.failing(500, 2),
    "slow answers": [
        Fault(kind="delay", operation="sendHeartbeat", seconds=1.3, skip=1, times=2),
        Fault(kind="delay", operation="getPendingTasks", seconds=1.3, skip=1),
        Fault(kind="delay", operation="completeTask", seconds=1.3),
    ],
    "dropped connections": [
        Fault(kind="drop", operation="sendHeartbeat", skip=1, times=2),
        Fault(kind="drop", operation="getPendingTasks", skip=1),
        Fault(kind="drop", operation="completeTask"),
        Fault(kind="drop", operation="taskStream"),
    ],
    "pieces": [Fault(kind="dribble", size=97, times=None)],
    "unknown task": [Fault(kind="status", operation="completeTask", status=404, times=None)],
    "registration unavailable": [Fault(kind="status", operation=_REGISTER, status=503, times=2)],
    "token refused": [Fault(kind="status", operation=_REGISTER, status=401, times=None)],
    "name taken": [Fault(kind="status", operation=_REGISTER, status=409, times=None)],
}

_TERMS: Mapping[str, Mapping[str, Any]] = {
    # Two that differ: whoever takes the one for the other is found out.
    "another interval": {"heartbeatInterval": 2, "taskPollInterval": 3},
    "renewal": {
        "certificateLifetime": renewals.LIFETIME,
        "renewBefore": renewals.RENEW_BEFORE,
    },
}

_LAST_LONGEST = ("renewal", "lost streams", "many tasks", "cancelled", "stream: ")


def situations(book: Notebook, *, launched: bool) -> tuple[Situation, ...]:
    """All of them, for one examination. Those that last longest begin first, side by side with the
    others; but they may be the end of an agent that is not `launched` for each of them.
    """

    async def play(name: str, stage: Stage) -> None:
        async with Foreman(stage, book, name) as foreman:
            await _SCENES[name](foreman)
            if name in SETTLED:
                await foreman.settle()

    rest = [name for name in NAMES if name != NORMAL]
    if launched:
        rest.sort(key=lambda name: not name.startswith(_LAST_LONGEST))
    return tuple(
        Situation(
            name=name,
            faults=_FAULTS.get(name, ()),
            commands=(("configure", {**USUAL, **_TERMS.get(name, {})}),),
            play=partial(play, name),
        )
        for name in (NORMAL, *rest)
    )
