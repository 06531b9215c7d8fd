"""What a script of Architect's makes of trouble, told from what it said."""

from __future__ import annotations

import json

import pytest

from conformance.examiner import Observation
from conformance.protocols.architect.coping import hasty_after, mishap
from conformance.protocols.architect.playbook import Playbook, Strike
from conformance.protocols.architect.scripts import Request, read_requests
from mockserver.transcript import Frame

ACTIONS = ("list_actions", "version", "status", "players", "kick", "ban")


class Talk:
    """A transcript that is written line by line."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.strikes: list[Strike] = []

    def say(self, sender: str, connection: int, **said: object) -> None:
        number = len(self.frames) + 1
        self.frames.append(
            Frame(number, 0.0, 0.0, connection, "", sender, "text", json.dumps(said).encode())
        )

    def call(self, connection: int, nth: int) -> None:
        name = f"{connection}-{nth}"
        self.say("agent", connection, action=ACTIONS[nth], parameters={}, idempotence=name)

    def reply(self, connection: int, nth: int) -> None:
        self.say("coordinator", connection, idempotence=f"{connection}-{nth}", result=None)

    def strike(self) -> None:
        """Something else is said, that is no reply to what waits."""
        self.say("coordinator", 1, idempotence="something else", result=None)
        self.strikes.append(Strike(kind="twice", number=len(self.frames), real=0.0))

    @property
    def hasty(self) -> list[Request]:
        requests = read_requests(self.frames)
        return hasty_after(self.strikes, requests, requests)


def test_calls_that_wait_on_connections_of_their_own_wait_for_nothing_else() -> None:
    talk = Talk()
    for nth in range(len(ACTIONS)):
        talk.call(1, nth)
        talk.call(2, nth)
        talk.strike()
        talk.reply(1, nth)
        talk.reply(2, nth)
    assert talk.hasty == []


@pytest.mark.parametrize("other", [False, True], ids=["alone", "beside one that waits in peace"])
def test_call_behind_a_strike_took_it_for_the_reply(other: bool) -> None:
    talk = Talk()
    if other:
        talk.call(2, 0)
    talk.call(1, 0)
    for nth in range(1, len(ACTIONS)):
        talk.strike()
        talk.call(1, nth)
        talk.reply(1, nth - 1)
    assert len(talk.hasty) == len(talk.strikes)


def test_calls_that_wait_one_behind_the_other_show_it_before_the_strike_as_well() -> None:
    talk = Talk()
    for nth in range(len(ACTIONS)):
        talk.call(1, nth)
        if nth:
            talk.strike()
            talk.reply(1, nth - 1)
    assert len(talk.hasty) >= 3


def _life(situation: str, calls: int, *, ends: bool) -> Observation:
    talk = Talk()
    for nth in range(calls):
        talk.call(1, nth)
        talk.reply(1, nth)
    if ends:
        number = len(talk.frames) + 1
        talk.frames.append(Frame(number, 0.0, 0.0, 1, "", "agent", "close", b"", code=1000))
    return Observation(situation=situation, entries=tuple(talk.frames), seconds=1.0)


@pytest.mark.parametrize(
    ("unfinished", "calls", "early"),
    [(True, 5, False), (True, 4, False), (True, 3, True), (False, 5, True)],
)
def test_life_that_was_cut_short_does_not_show_that_a_script_stays(
    unfinished: bool, calls: int, early: bool
) -> None:
    book = Playbook(unfinished={"calm"} if unfinished else set())
    seen = _life("large replies", calls, ends=True)
    wrong = mishap(seen, _life("calm", 4, ends=False), Strike(kind="x", number=2, real=0.0), book)
    assert bool(wrong) == early


@pytest.mark.parametrize(("comes_back", "may_leave"), [(True, True), (True, False), (False, True)])
def test_script_that_connects_anew_over_an_error_lives(comes_back: bool, may_leave: bool) -> None:
    seen = _life("errors", 2, ends=True)
    if comes_back:
        talk = Talk()
        talk.frames = list(seen.entries)  # type: ignore[arg-type]
        talk.call(2, 0)
        seen = Observation(situation="errors", entries=tuple(talk.frames), seconds=1.0)
    last = Strike(kind="error", number=2, real=0.0)
    wrong = mishap(seen, _life("calm", 4, ends=False), last, Playbook(), may_leave=may_leave)
    assert (wrong == "") == (comes_back and may_leave)
