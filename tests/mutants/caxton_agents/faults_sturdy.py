"""Faults in what a client lives through: errors of each code, odd answers, odd events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.mutants.caxton_agents.bugs import Cue, Reaction, Trouble
from tests.mutants.caxton_agents.model import Fault
from tests.mutants.caxton_agents.seeds import reacting

__all__ = ["STURDY_FAULTS"]

_VERBS: Final = {
    Reaction.CRASH: "dies",
    Reaction.QUIT: "quits",
    Reaction.STALL: "stalls",
    Reaction.HAMMER: "hammers",
    Reaction.GIVE_UP: "gives_up",
    Reaction.DEAF: "deaf",
    Reaction.BLANK: "blank",
}
_FATAL: Final = (Reaction.CRASH, Reaction.QUIT, Reaction.STALL)
_CODES: Final = "Error Codes"
_EVENTS: Final = "Event Types"


def _faults(
    word: str, trouble: Trouble, cue: Cue, section: str, *reactions: Reaction
) -> Iterator[Fault]:
    for reaction in reactions:
        yield reacting(f"{_VERBS[reaction]}.at_{word}", trouble, reaction, cue, section=section)


def _answers() -> Iterator[Fault]:
    rate = "Rate Limiting"
    more = (Reaction.HAMMER, Reaction.GIVE_UP)
    yield from _faults("429", Trouble.RATE, Cue.RATE, rate, *_FATAL, *more)
    yield from _faults("quota", Trouble.RATE, Cue.QUOTA, _CODES, *_FATAL, Reaction.HAMMER)
    for word, trouble, cue in (
        ("503", Trouble.BUSY, Cue.BUSY),
        ("500", Trouble.BROKEN, Cue.BROKEN),
        ("401", Trouble.UNAUTHORIZED, Cue.UNAUTHORIZED),
    ):
        yield from _faults(word, trouble, cue, _CODES, *_FATAL, Reaction.HAMMER)
    yield from _faults("503", Trouble.BUSY, Cue.BUSY, _CODES, Reaction.GIVE_UP)
    for word, trouble, cue in (
        ("drop", Trouble.DROPPED, Cue.DROPPED),
        ("garbage", Trouble.GARBLED, Cue.GARBLED),
        ("late", Trouble.SLOW, Cue.SLOW),
        ("403", Trouble.FORBIDDEN, Cue.FORBIDDEN),
        ("404", Trouble.GONE, Cue.GONE),
        ("409", Trouble.CONFLICT, Cue.CONFLICT),
        ("400", Trouble.INVALID, Cue.INVALID),
    ):
        yield from _faults(word, trouble, cue, _CODES, *_FATAL)
    yield from _faults("409", Trouble.CONFLICT, Cue.CONFLICT, _CODES, Reaction.HAMMER)
    yield from _faults("403", Trouble.FORBIDDEN, Cue.FORBIDDEN, _CODES, Reaction.HAMMER)
    for word, trouble, cue, section in (
        ("nulls", Trouble.NULLS, Cue.NULLS, "List Agents"),
        ("extra", Trouble.EXTRA, Cue.EXTRA, "Error Responses"),
        ("empty", Trouble.EMPTY, Cue.EMPTY, "List Agents"),
        ("state", Trouble.STATE, Cue.STATES, "Agent Lifecycle States"),
        ("202", Trouble.ACCEPTED, Cue.ACCEPTED, "Create Task"),
        ("offset", Trouble.OFFSET, Cue.TIMES, "Deploy Agent"),
    ):
        yield from _faults(word, trouble, cue, section, *_FATAL)
    yield from _faults("extra", Trouble.EXTRA, Cue.EXTRA, "Error Responses", Reaction.BLANK)


def _replies() -> Iterator[Fault]:
    """Only who reads open types, or looks for replies, meets these."""
    for word, trouble, cue, style in (
        ("bare", Trouble.BARE, Cue.PLAIN, "grpc"),
        ("stray", Trouble.STRAY, Cue.CROSSED, "asking"),
        ("crossed", Trouble.CROSSED, Cue.CROSSED, "asking"),
    ):
        for reaction in _FATAL:
            name = f"{_VERBS[reaction]}.at_{word}"
            yield reacting(name, trouble, reaction, cue, section="Send Message", style=style)


def _hearing() -> Iterator[Fault]:
    for word, trouble in (
        ("event", Trouble.EVENT),
        ("untyped", Trouble.UNTYPED),
        ("surplus", Trouble.SURPLUS),
        ("no_json", Trouble.NO_JSON),
        ("no_object", Trouble.NO_OBJECT),
        ("binary", Trouble.BINARY),
        ("large", Trouble.LARGE),
        ("alert", Trouble.ALERT),
        ("failed", Trouble.FAILED),
    ):
        yield from _faults(word, trouble, Cue.ODD, _EVENTS, Reaction.CRASH, Reaction.DEAF)
    yield from _faults("unwanted", Trouble.UNWANTED, Cue.ODD, _EVENTS, Reaction.CRASH)
    yield from _faults("alert", Trouble.ALERT, Cue.ODD, _EVENTS, Reaction.QUIT)
    yield from _faults("failed", Trouble.FAILED, Cue.ODD, _EVENTS, Reaction.QUIT, Reaction.STALL)
    yield from _faults("close", Trouble.CLOSED, Cue.CLOSE, "WebSocket Events", *_FATAL)


STURDY_FAULTS: Final = (*_answers(), *_replies(), *_hearing())
