"""One coordinator's life on a mock: several sessions share a port and nothing else."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mockserver.coordinator import Coordinator, Later
from mockserver.faults import FaultPlan
from mockserver.sockets import Ending, Line
from mockserver.transcript import Transcript
from mockserver.world import AdjustableClock, VirtualClock, World

if TYPE_CHECKING:
    from mockserver.scenario.script import Script

__all__ = ["Session", "Sessions"]

MOST = 256
"""Sessions that are kept; the one that was idle longest makes room."""


class Session:
    """A coordinator with its world, what was said to it, and the faults planned for it."""

    def __init__(self, make: Callable[[World], Coordinator], world: World, seed: int) -> None:
        self._make = make
        self._seed = seed
        self.world = world
        self.coordinator = make(world)
        self.transcript = Transcript()
        self.faults = FaultPlan(generator=self.world.chance)
        self.lines: dict[int, Line] = {}
        self.waiting: set[Later] = set()
        self.script: Script | None = None
        """The scenario that is played to whoever comes, if one is."""
        self._opened = 0

    def next_connection(self) -> int:
        """The number of the next connection, from 1."""
        self._opened += 1
        return self._opened

    def reset(self) -> None:
        """Begin anew, from the same seed: state, transcript and faults are gone."""
        for line in self.lines.values():
            line.forgotten = True
        self.script = None
        self._begin()
        self.transcript = Transcript()
        self.faults = FaultPlan(generator=self.world.chance)

    def forget(self) -> None:
        """What a restart does: connections end, and the coordinator knows no more than what a
        real one keeps in its database; the transcript goes on.
        """
        before = self.coordinator
        self._begin()
        self.coordinator.inherit(before)

    def hang_up(self, code: int | None = 1012, reason: str = "the service restarts") -> None:
        """End every connection, without a close frame where `code` is `None`."""
        for line in list(self.lines.values()):
            line.ending = True
            line.deliver(Ending(code, reason, at_once=True))

    def _begin(self) -> None:
        for later in list(self.waiting):
            later.deliver(self.coordinator.failure(503, "the service restarts"))
        self.waiting.clear()
        self.hang_up()
        self.lines.clear()  # how they end is the wire's business, and nobody else's
        self.world = World.seeded(self._seed, self.world.clock, self.world.authority)
        self.coordinator = self._make(self.world)

    def advance(self, seconds: float, turned: Callable[[], None] = lambda: None) -> None:
        """Let time pass at once, stopping wherever the coordinator has something to do.

        `turned` is called after each such stop: what was done then is said then, not at the end.
        Raises `TypeError` on a real clock, and `ValueError` for a step back or beyond `END`.
        """
        clock = self.world.clock
        if not isinstance(clock, VirtualClock | AdjustableClock):
            raise TypeError("time cannot be advanced: this mock runs on the real clock")
        VirtualClock(clock.now()).advance(seconds)  # refuses the whole before any part is done
        end = clock.now() + seconds
        while (due := self.coordinator.due()) is not None and due < end:
            clock.advance(max(0.0, due - clock.now()))
            self.coordinator.tick()
            turned()
            if self.coordinator.due() == due:
                break  # nothing came of it: do not wait on it for ever
        clock.advance(max(0.0, end - clock.now()))  # one that runs may be there already
        self.coordinator.catch_up()


class Sessions:
    """The sessions of one mock by key. The empty key is the one that everybody shares."""

    def __init__(self, make: Callable[[], Session]) -> None:
        self._make = make
        self._main = make()
        self._others: OrderedDict[str, Session] = OrderedDict()

    def get(self, key: str = "") -> Session:
        """The session of that key, made on first use."""
        if not key:
            return self._main
        session = self._others.get(key)
        if session is None:
            session = self._others[key] = self._make()
            if len(self._others) > MOST:
                _, idle = self._others.popitem(last=False)
                idle.hang_up(1001, "other sessions need the room")
        self._others.move_to_end(key)
        return session

    def __iter__(self) -> Iterator[Session]:
        return iter([self._main, *self._others.values()])

    def keys(self) -> list[str]:
        return list(self._others)
