"""A coordinator's life: begun anew, forgotten, moved through time, kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.coordinator import Coordinator
from mockserver.faults import Fault
from mockserver.session import MOST, Session, Sessions
from mockserver.world import RealClock, VirtualClock, World
from schemas import Protocol
from tests.mockserver.conftest import START, Talk


class Bells(Coordinator):
    """Rings at certain moments, and notes when it did."""

    def __init__(self, protocol: Any, world: World, moments: list[float]) -> None:
        super().__init__(protocol, world)
        self.moments = list(moments)
        self.rung: list[float] = []

    def due(self) -> float | None:
        return self.moments[0] if self.moments else None

    def tick(self) -> None:
        self.rung.append(self.world.clock.now())
        while self.moments and self.moments[0] <= self.world.clock.now():
            self.moments.pop(0)


def _session(protocol: Protocol, *moments: float) -> tuple[Session, Bells]:
    world = World.seeded(0, VirtualClock(100.0))
    session = Session(lambda world: Bells(protocol, world, list(moments)), world, 0)
    bells = session.coordinator
    assert isinstance(bells, Bells)
    return session, bells


def test_advance_stops_at_every_due_moment(aitbc: Protocol) -> None:
    session, bells = _session(aitbc, 101.0, 105.5, 105.5, 110.0, 111.0)
    session.advance(10)
    assert bells.rung == [101.0, 105.5, 110.0]
    assert session.world.clock.now() == 110.0
    session.advance(0.5)
    assert bells.rung == [101.0, 105.5, 110.0]


def test_advance_catches_up_with_what_is_overdue(aitbc: Protocol) -> None:
    session, bells = _session(aitbc, 90.0, 101.0)
    session.advance(5)
    assert bells.rung == [100.0, 101.0]


def test_advance_does_not_wait_for_ever_on_a_coordinator_that_does_nothing(
    aitbc: Protocol,
) -> None:
    class Idle(Bells):
        def tick(self) -> None:
            self.rung.append(self.world.clock.now())

    world = World.seeded(0, VirtualClock(100.0))
    session = Session(lambda world: Idle(aitbc, world, [101.0]), world, 0)
    session.advance(10)
    assert session.world.clock.now() == 110.0


def test_advance_tells_of_each_stop_at_its_own_time(aitbc: Protocol) -> None:
    session, _ = _session(aitbc, 101.0, 105.5)
    told: list[float] = []
    session.advance(10, lambda: told.append(session.world.clock.now()))
    assert told == [101.0, 105.5]


@pytest.mark.parametrize("seconds", [-1, 1e15, float("nan")])
def test_advance_refuses_the_impossible_whole(aitbc: Protocol, seconds: float) -> None:
    session, bells = _session(aitbc, 101.0)
    with pytest.raises(ValueError, match="time"):
        session.advance(seconds)
    assert bells.rung == []
    assert session.world.clock.now() == 100.0


def test_advance_refuses_the_real_clock(aitbc: Protocol) -> None:
    world = World.seeded(0, RealClock())
    session = Session(lambda world: Bells(aitbc, world, []), world, 0)
    with pytest.raises(TypeError, match="runs on the real clock"):
        session.advance(1)


def _task(talk: Talk) -> str:
    said = talk("POST", "/tasks/submit", {"task_data": {}, "priority": "low"})
    return said.body.decode().split('"task_id":"')[1].split('"')[0]


def test_reset_begins_anew_from_the_same_seed(talk: Talk) -> None:
    first = [_task(talk), _task(talk)]
    talk.session.faults.add(Fault(kind="drop", operation="nothing"))
    talk.session.reset()
    assert talk.session.coordinator.state()["queues"]["low"] == []
    assert len(talk.session.transcript) == 0
    assert not talk.session.faults
    assert [_task(talk), _task(talk)] == first
    assert next(iter(talk.session.transcript)).number == 1


def test_forget_knows_nobody_and_goes_on_writing(talk: Talk) -> None:
    talk("POST", "/agents/register", {"agent_id": "a", "agent_type": "worker"})
    talk.session.faults.add(Fault(kind="delay", operation="nothing"))
    talk.session.advance(30)
    talk.session.forget()
    assert talk("GET", "/agents/a").status == 404
    assert [exchange.number for exchange in talk.session.transcript] == [1, 2]
    assert talk.session.faults
    assert talk.session.world.clock.now() == START + 30


def test_sessions_share_nothing(aitbc: Protocol) -> None:
    talk = Talk(aitbc)
    sessions = talk.mock.sessions
    talk("POST", "/agents/register", {"agent_id": "a", "agent_type": "worker"})
    other = sessions.get("other")
    other.faults.add(Fault(kind="drop"))
    other.advance(50)
    assert other.coordinator.state()["agents"] == []
    assert len(other.transcript) == 0
    assert not talk.session.faults
    assert talk.session.world.clock.now() == START


def test_sessions_are_made_once_and_seeded_alike(aitbc: Protocol) -> None:
    sessions = Talk(aitbc, seed=5).mock.sessions
    assert sessions.get("a") is sessions.get("a")
    assert sessions.get("a") is not sessions.get("b")
    assert sessions.get() is sessions.get("")
    assert sessions.get("a").world.uuid() == sessions.get("b").world.uuid()
    assert sessions.keys() == ["a", "b"]


def test_sessions_make_room_for_new_ones_by_the_longest_idle(aitbc: Protocol) -> None:
    sessions: Sessions = Talk(aitbc).mock.sessions
    main = sessions.get()
    kept = {str(number): sessions.get(str(number)) for number in range(MOST)}
    sessions.get("0")  # used again: `1` is now the one that was idle longest
    sessions.get("new")
    assert len(sessions.keys()) == MOST
    assert "1" not in sessions.keys()  # noqa: SIM118  # not a mapping
    assert sessions.get("0") is kept["0"]
    assert sessions.get("1") is not kept["1"]
    assert sessions.get() is main
