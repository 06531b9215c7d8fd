"""Faults in what an agent lives through, and in the way it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.mutants.stella_agents.bugs import Bug, Cue, Reaction, Trouble
from tests.mutants.stella_agents.model import Fault
from tests.mutants.stella_agents.seeds import bugged, reacting

__all__ = ["STURDY_FAULTS"]

_BEAT: Final = "Send Heartbeat"
_ERRORS: Final = "Error Responses"


_ANSWERED: Final = frozenset({Trouble.NULLS, Trouble.BARE, Trouble.EXTRA, Trouble.TIMES})
"""Nobody asks again after an answer."""


def _troubles() -> Iterator[Fault]:
    for word, trouble in (
        ("503", Trouble.BUSY),
        ("500", Trouble.BROKEN),
        ("drop", Trouble.DROPPED),
        ("nulls", Trouble.NULLS),
        ("bare", Trouble.BARE),
        ("extra", Trouble.EXTRA),
        ("times", Trouble.TIMES),
        ("garbage", Trouble.GARBLED),
    ):
        for verb, reaction in (
            ("dies", Reaction.CRASH),
            ("quits", Reaction.QUIT),
            ("hammers", Reaction.HAMMER),
        ):
            storm = reaction is Reaction.HAMMER
            if storm and trouble in _ANSWERED:
                continue
            name = f"{verb}.at_{word}"
            # A storm breaks the configured interval; nobody promises to live through trouble.
            section = _BEAT if storm else _ERRORS
            yield reacting(name, trouble, reaction, Cue.TROUBLE, section=section, implied=not storm)


def _restarts() -> Iterator[Fault]:
    for name, reaction in (
        ("restart.hammers", Reaction.HAMMER),
        ("restart.dies", Reaction.CRASH),
        ("restart.quits", Reaction.QUIT),
        ("restart.registers", Reaction.REGISTER),
    ):
        trouble, cue = Trouble.GONE, Cue.RESTART
        yield reacting(name, trouble, reaction, cue, section=_ERRORS, implied=True)
    name, trouble, cue = "restart.stubborn_hammers", Trouble.GONE, Cue.RESTART
    yield reacting(
        name, trouble, Reaction.HAMMER, cue, section=_ERRORS, implied=True, style="stubborn"
    )


def _refusals() -> Iterator[Fault]:
    for verb, reaction in (
        ("dies", Reaction.CRASH),
        ("quits", Reaction.QUIT),
        ("hammers", Reaction.HAMMER),
    ):
        trouble, cue = Trouble.REFUSED, Cue.REFUSED
        yield reacting(
            f"refused.{verb}", trouble, reaction, cue, section="Register Agent", implied=True
        )


def _ends() -> Iterator[Fault]:
    section = "Lifecycle Endpoints"
    for word, bug in (
        ("ignored", Bug.TERM_IGNORED),
        ("fails", Bug.TERM_FAILS),
        ("dies", Bug.TERM_CRASHES),
        ("beats_on", Bug.TERM_BEATS_ON),
        ("cuts", Bug.TERM_CUTS),
        ("leaves_tasks", Bug.TERM_LEAVES_TASKS),
        ("lies", Bug.TERM_LIES),
        ("dawdles", Bug.TERM_DAWDLES),
    ):
        yield bugged(f"term.{word}", bug, section, implied=True)


STURDY_FAULTS: Final = (*_troubles(), *_restarts(), *_refusals(), *_ends())
