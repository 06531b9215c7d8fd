"""Faults in the rhythm of heartbeats and in what a heartbeat says about the work."""

from __future__ import annotations

from typing import Final

from tests.mutants.stella_agents.bugs import Bug, Cue, Reaction, Trouble
from tests.mutants.stella_agents.edits import doubled, late, on, put_from, silent
from tests.mutants.stella_agents.model import Fault, Rhythm, What
from tests.mutants.stella_agents.seeds import bugged, polling, pulse, reacting, restyled, suffering

__all__ = ["PULSE_FAULTS"]

_SECTION: Final = "Send Heartbeat"

_RHYTHMS: Final = (
    pulse("beat.every_second", "a heartbeat each second, whatever was configured", seconds=1.0),
    pulse("beat.every_5s", "a heartbeat each 5 s, whatever was configured", seconds=5.0),
    pulse("beat.every_30s", "a heartbeat each 30 s, whatever was configured", seconds=30.0),
    pulse("beat.every_100ms", "a heartbeat each 100 ms, whatever was configured", seconds=0.1),
    pulse("beat.every_2s", "a heartbeat each 2 s, whatever was configured", seconds=2.0),
    pulse("beat.whole_seconds", "the interval rounded up to whole seconds", whole=True),
    pulse("beat.half", "heartbeats at twice the rate", factor=0.5),
    pulse("beat.double", "heartbeats at half the rate", factor=2.0),
    pulse("beat.triple", "heartbeats at a third of the rate", factor=3.0),
    pulse("beat.quadruple", "heartbeats just too late to stay online", factor=4.2),
    pulse("beat.minutes", "takes the interval for minutes", factor=60.0),
    pulse("beat.milliseconds", "takes the interval for milliseconds", factor=0.001),
    pulse("beat.drifts", "each interval is longer than the one before", growth=1.3),
    pulse("beat.hurries", "each interval is shorter than the one before", growth=0.75),
    pulse("beat.wild", "intervals from a tenth to twice of what was configured", jitter=0.9),
    pulse("beat.burst", "four heartbeats in place of each fourth", burst=4),
    pulse("beat.pairs", "two heartbeats in place of each fourth", burst=2),
    pulse("beat.never", "no heartbeat at all", limit=0),
    pulse("beat.once", "one heartbeat in its life", limit=1),
    pulse("beat.stops_after_2", "no heartbeat after the second", limit=2),
    pulse("beat.stops_after_4", "no heartbeat after the fourth", limit=4),
    pulse("beat.late_start", "the first heartbeat after five intervals", at_once=False, first=5.0),
    Fault(
        name="beat.doubled",
        summary="each heartbeat is sent twice",
        section=_SECTION,
        edit=on(What.HEARTBEAT, edit=doubled),
    ),
    Fault(
        name="beat.lost",
        summary="nothing is sent from the sixth heartbeat on, though it thinks so",
        section=_SECTION,
        edit=on(What.HEARTBEAT, edit=late(silent, 5)),
    ),
    Fault(
        name="beat.poll_rhythm",
        summary="heartbeats come at five times the rate that was configured",
        section=_SECTION,
        reshape=restyled(pulse=Rhythm(factor=0.2)),
    ),
    polling("poll.twice", "polls at twice the rate", factor=0.5),
    polling("poll.every_100ms", "a poll each 100 ms, whatever was configured", seconds=0.1),
    polling("poll.triple", "polls at a third of the rate", factor=3.0),
    bugged("beat.stops_while_working", Bug.STOPS_WHILE_WORKING, _SECTION, implied=True),
    Fault(
        name="beat.waits_for_tasks",
        summary=Bug.BEAT_WAITS.value,
        section=_SECTION,
        implied=True,
        reshape=suffering(Bug.BEAT_WAITS, pulse=Rhythm(fixed_rate=False)),
    ),
    bugged("beat.quits_after_3", Bug.QUITS_EARLY, _SECTION),
)

_COUNTS: Final = (
    bugged("running.never_falls", Bug.RUNNING_NEVER_FALLS, _SECTION, implied=True),
    bugged("running.counts_done", Bug.RUNNING_DONE, _SECTION, implied=True),
    bugged("running.late", Bug.RUNNING_LATE, _SECTION, implied=True),
    bugged("running.cancelled", Bug.CANCEL_STILL_RUNNING, _SECTION, implied=True, cue=Cue.CANCEL),
    Fault(
        name="running.plus_one",
        summary="runningTasks is one too many",
        section=_SECTION,
        implied=True,
        edit=on(
            What.HEARTBEAT, edit=put_from("runningTasks", lambda _i, memory: memory.running + 1)
        ),
    ),
    Fault(
        name="running.minus_one",
        summary="runningTasks is one too few, where there are any",
        section=_SECTION,
        implied=True,
        edit=on(
            What.HEARTBEAT,
            edit=put_from("runningTasks", lambda _i, memory: max(0, memory.running - 1)),
        ),
    ),
    Fault(
        name="running.beats",
        summary="runningTasks counts the heartbeats",
        section=_SECTION,
        implied=True,
        edit=on(What.HEARTBEAT, edit=put_from("runningTasks", lambda item, _m: item.nth)),
    ),
    Fault(
        name="running.yes_or_no",
        summary="runningTasks is 1 however many run",
        section=_SECTION,
        implied=True,
        edit=on(
            What.HEARTBEAT,
            edit=put_from("runningTasks", lambda _i, memory: min(1, memory.running)),
        ),
    ),
)

_STOPS: Final = tuple(
    reacting(f"beat.stops_{word}", trouble, Reaction.STOP, cue, section=_SECTION)
    for word, trouble, cue in (
        ("at_503", Trouble.BUSY, Cue.TROUBLE),
        ("at_500", Trouble.BROKEN, Cue.TROUBLE),
        ("at_drop", Trouble.DROPPED, Cue.TROUBLE),
        ("at_garbage", Trouble.GARBLED, Cue.TROUBLE),
        ("at_cancel", Trouble.CANCELLED, Cue.CANCEL),
        ("at_renewal", Trouble.RENEWED, Cue.RENEWAL),
        ("at_task", Trouble.TASK, Cue.PLAIN),
        ("after_task", Trouble.FINISHED, Cue.PLAIN),
        ("at_close", Trouble.CLOSED, Cue.CLOSE),
        ("at_unknown", Trouble.UNKNOWN, Cue.ODD),
    )
)
_SLOWER: Final = tuple(
    reacting(f"beat.slower_{word}", trouble, Reaction.SLOWER, cue, section=_SECTION)
    for word, trouble, cue in (
        ("at_503", Trouble.BUSY, Cue.TROUBLE),
        ("at_drop", Trouble.DROPPED, Cue.TROUBLE),
        ("at_task", Trouble.TASK, Cue.PLAIN),
        ("at_renewal", Trouble.RENEWED, Cue.RENEWAL),
    )
)

PULSE_FAULTS: Final = (*_RHYTHMS, *_COUNTS, *_STOPS, *_SLOWER)
