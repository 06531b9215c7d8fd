"""Whether a script lived through what befell it, held against its usual life."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from conformance.agent_process import Ending
from conformance.examiner import Observation
from conformance.protocols.architect.playbook import LIVELY, Playbook, Strike
from conformance.protocols.architect.scripts import Request, messages, parting
from mockserver.transcript import Frame as Heard

__all__ = ["hasty_after", "mishap", "own_ends", "says_why", "sequential"]

_ON_ITS_WAY = 0.05
"""Seconds after a strike within which a message may have been on its way before."""

_FEW = 3
"""Times from which on something is a habit."""

_OFTEN = 0.6
"""Share of the times at which a script takes one message for another, that it does."""

_COURSE = 8
"""Calls from the first on by which the course of a life is known."""

_VARIES = re.compile(r"[0-9a-f]{8,}|\d+")


def mishap(
    seen: Observation,
    usual: Observation,
    last: Strike,
    book: Playbook,
    *,
    may_leave: bool = False,
) -> str:
    """What went wrong with a script whose `last` strike was this one; empty where nothing did.

    `usual` is a life without it. `may_leave` says that it may end, if only it says why, or connect
    anew and go on.
    """
    ending = seen.ending
    if ending is not None and ending.broke_down:
        return ending.describe()
    left_early = _left_early(seen, usual, book)
    if ending is not None and not ending.asked:
        if not left_early or (may_leave and says_why(seen, usual)):
            return ""
        return f"it ended with {ending.code}, and usually has more to say"
    if left_early:
        anew = may_leave and _came_back(seen)  # what it does about an error is its own affair
        return "" if anew else "it ended the connection, and usually does not, or has more to say"
    since = [each for each in messages(seen.frames) if each.real > last.real + _ON_ITS_WAY]
    if not since and _count(seen) < _expected(usual, book) and book.tells:
        return "it runs on, and says nothing more"
    return ""


def _expected(usual: Observation, book: Playbook) -> int:
    """How many messages it has at least: one that says little may say a word more or less."""
    said = _count(usual)
    return said if said >= LIVELY else min(said, book.habits.messages)


def _count(seen: Observation) -> int:
    return sum(each.number <= seen.played for each in messages(seen.frames))


def own_ends(seen: Observation) -> list[Heard]:
    """The frames by which the script itself ended connections before it was asked to end."""
    opened = [each.connection for each in seen.exchanges if each.connection]
    known = dict.fromkeys([*opened, *(each.connection for each in seen.frames)])
    ends = (parting(seen.frames, connection) for connection in known)
    own = [each for each in ends if each is not None and each.sender == "agent"]
    return [each for each in own if each.number <= seen.played]


def _left_early(seen: Observation, usual: Observation, book: Playbook) -> bool:
    """Did it end a connection, or itself, before it said what it usually says until then? A life
    that was over while it spoke shows how much it says at least, and not that it stays.
    """
    habit, own = _said_until_end(usual), _said_until_end(seen)
    if habit or not own:
        return bool(own) and min(own) < min(habit)
    return usual.situation not in book.unfinished or min(own) < _most_said(usual)


def _came_back(seen: Observation) -> bool:
    """Did it speak again after a connection that it had ended itself? The last of several may have
    ended too late for that.
    """
    first = min((end.number for end in own_ends(seen)), default=0)
    return any(each.number > first for each in messages(seen.frames))


def _most_said(seen: Observation) -> int:
    """The messages on the connection that carried most of them."""
    said = Counter(each.connection for each in messages(seen.frames) if each.number <= seen.played)
    return max(said.values(), default=0)


def _said_until_end(seen: Observation) -> list[int]:
    """For each connection that the script ended, how many messages it had sent on it."""
    heard = messages(seen.frames)
    return [
        sum(each.connection == end.connection and each.number < end.number for each in heard)
        for end in own_ends(seen)
    ]


def says_why(seen: Observation, usual: Observation) -> bool:
    """Does its status say that something went wrong, or its last word what it usually doesn't?"""
    ending = seen.ending
    if ending is None or ending.code != 0:
        return True
    said = _kinds_of_lines(ending)[-1:]
    known = _kinds_of_lines(usual.ending) if usual.ending else []
    return bool(said) and said[0] not in known


def _kinds_of_lines(ending: Ending) -> list[str]:
    lines = (line.strip() for line in ending.output.splitlines())
    return [_VARIES.sub("#", line) for line in lines if line]


# Matching


def sequential(requests: Sequence[Request]) -> bool:
    """Did each of them, and there were some, wait for the reply to the one before?"""
    pairs = [
        each
        for at, each in enumerate(requests)
        if any(
            before.heard.connection == each.heard.connection and before.waits_at(each.heard.number)
            for before in requests[:at]
        )
    ]
    return len(requests) > _FEW and not pairs


def hasty_after(
    strikes: Sequence[Strike], requests: Sequence[Request], usual: Sequence[Request]
) -> list[Request]:
    """Calls that came between a strike and the reply that was still due, where that is the rule and
    they are those that `usual`ly follow: the strike was taken for that reply. A script that calls
    something because of what it was told has other calls in between.
    """
    chances, hasty = 0, []
    for strike in strikes:
        waiting = [each for each in requests if each.waits_at(strike.number)]
        if waiting:
            chances += 1
            hasty += [each for one in waiting for each in _behind(one, strike, requests)][:1]
    if len(hasty) < max(_FEW, _OFTEN * chances):
        return []
    course = [(each.action, len(each.parameters)) for each in requests[:_COURSE]]
    known = [(each.action, len(each.parameters)) for each in usual[: len(course)]]
    return hasty if course == known and len(set(course)) >= _FEW else []


def _behind(waiting: Request, strike: Strike, requests: Sequence[Request]) -> list[Request]:
    """The calls that did not wait for its reply, on its connection: those behind the strike, and
    before it those that wait as well. Once one strike was taken for a reply, each is taken for the
    next.
    """
    due = waiting.reply
    return [
        each
        for each in requests
        if each.heard.connection == waiting.heard.connection
        and each.heard.number > waiting.heard.number
        and (each.heard.number > strike.number or each.waits_at(strike.number))
        and (due is None or each.heard.number < due.number)
    ]
