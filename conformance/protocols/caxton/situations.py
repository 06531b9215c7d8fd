"""What a client of caxton must cope with, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from conformance.examiner import Situation
from conformance.protocols.caxton import calm, hearing, odd, replies, straits
from conformance.protocols.caxton.calm import Scene
from conformance.protocols.caxton.keeper import Keeper
from conformance.protocols.caxton.notes import NORMAL, Notebook
from conformance.stage import Stage
from mockserver import Fault

__all__ = ["CALM", "HEARING", "LIMITED", "NAMES", "NORMAL", "REFUSED", "WELL", "situations"]

_CALM: Mapping[str, Scene] = {
    NORMAL: calm.normal_life,
    "long lists": calm.long_lists,
    "slow starts": calm.slow_starts,
}
_ODD: Mapping[str, Scene] = {
    **{name: odd.odd_answers(name) for name in odd.ODD_ANSWERS},
    "bare calls": odd.bare_calls,
    "rolled back": straits.rolled_back,
    "crosswise replies": replies.crosswise_replies,
}
_HEARING: Mapping[str, Scene] = {
    **{name: hearing.heard_amid(name) for name in hearing.HEARD},
    "unacknowledged": hearing.unacknowledged,
    "pieces": hearing.pieces,
}
_REFUSED: Mapping[str, Scene] = {
    "refused": straits.refused,
    "taken name": straits.taken_name,
    "agent gone": straits.agent_gone,
    "agents fail": straits.agents_fail,
}
_LIMITED: Mapping[str, Scene] = {
    "rate limited": straits.rate_limited,
    "over quota": straits.over_quota,
}
_TROUBLED: Mapping[str, Scene] = {
    "unavailable": straits.failing(503),
    "internal errors": straits.failing(500),
    "dropped connections": straits.struck,
    "slow answers": straits.struck,
    "garbled answers": odd.garbled,
    "unauthorized": straits.unauthorized,
    "restart": straits.restart,
    "no replies": replies.no_replies,
    "lost connections": hearing.lost_connections,
    "broken frames": hearing.broken_frames,
}

CALM, HEARING = tuple(_CALM), tuple(_HEARING)
REFUSED, LIMITED = tuple(_REFUSED), tuple(_LIMITED)
"""Those in which nothing odd happens, those in which odd things are heard, and those in which the
coordinator refuses as the document says: for good, or until there is room again.
"""

WELL = (*_CALM, *_ODD)
"""Those in which nothing is wrong."""

_SCENES = {**_CALM, **_ODD, **_HEARING, **_REFUSED, **_LIMITED, **_TROUBLED}

NAMES = tuple(_SCENES)

_FAULTS: Mapping[str, Sequence[Fault]] = {
    "dropped connections": straits.drops(),
    "slow answers": straits.delays(),
    "slow starts": [Fault(kind="dribble", size=97, times=None)],
}

_LAST_LONGEST = ("lost connections", "no replies", "rate limited", "long lists", "slow starts")


def situations(book: Notebook, *, launched: bool) -> tuple[Situation, ...]:
    """All of them, for one examination. Those that last longest begin first, side by side with the
    others; but they may be the end of a client that is not `launched` for each of them.
    """

    async def play(name: str, stage: Stage) -> None:
        keeper = Keeper(stage, book, name)
        try:
            async with keeper:
                await _SCENES[name](keeper)
        finally:
            if not launched:
                keeper.leave()

    rest = [name for name in NAMES if name != NORMAL]
    if launched:
        rest.sort(key=lambda name: name not in _LAST_LONGEST)
    return tuple(
        Situation(name=name, faults=_FAULTS.get(name, ()), play=partial(play, name))
        for name in (NORMAL, *rest)
    )
