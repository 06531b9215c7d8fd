"""Which faults are still to strike, and whom: decided purely, carried out by the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple

from mockserver.faults.fault import Fault
from mockserver.faults.kinds import ORDER, Kind, Place
from mockserver.world import Chance, chance

__all__ = ["FaultPlan", "Stroke", "in_order"]


_OF_NO_WORLD = partial(chance, 0)


class Stroke(NamedTuple):
    """One strike of a fault, with the generator that its chances are drawn from."""

    fault: Fault
    chance: Chance

    @property
    def kind(self) -> Kind:
        return self.fault.kind


def in_order(strokes: Iterable[Stroke]) -> list[Stroke]:
    """As they do their work: by kind, and those of one kind as they were planned."""
    return sorted(strokes, key=lambda stroke: ORDER[stroke.kind])


class FaultPlan:
    """The faults that are still to strike, in the order in which they were planned.

    `generator` makes the chance of each fault, so that no fault moves another's.
    """

    def __init__(
        self,
        faults: Iterable[Fault] = (),
        generator: Callable[[str], Chance] = _OF_NO_WORLD,
    ) -> None:
        self._generator = generator
        self._count = 0
        self._planned: list[_Planned] = []
        for fault in faults:
            self.add(fault)

    def __iter__(self) -> Iterator[Fault]:
        """What is left of each."""
        return (planned.left() for planned in self._planned)

    def __bool__(self) -> bool:
        return bool(self._planned)

    def add(self, fault: Fault) -> None:
        self._count += 1
        self._planned.append(_Planned(fault, self._generator(f"fault {self._count}")))

    def clear(self) -> None:
        self._planned.clear()

    def strike(self, operation: str, place: Place = "http") -> list[Stroke]:
        """The faults that strike this once at `operation`, an operation, channel or message.

        `place` is what is struck there: faults of kinds that cannot strike it are not touched.
        """
        struck = [
            Stroke(planned.fault, planned.chance)
            for planned in self._planned
            if place in planned.fault.places
            and fnmatchcase(operation, planned.fault.operation)
            and planned.strikes()
        ]
        if struck:
            self._planned = [planned for planned in self._planned if not planned.exhausted]
        return struck


class _Planned:
    """A fault and what has become of it."""

    __slots__ = ("_seen", "_struck", "chance", "fault")

    def __init__(self, fault: Fault, generator: Chance) -> None:
        self.fault = fault
        self.chance = generator
        self._seen = 0
        self._struck = 0

    @property
    def exhausted(self) -> bool:
        return self.fault.times is not None and self._struck >= self.fault.times

    def strikes(self) -> bool:
        """Does it strike the next that it can?"""
        fault = self.fault
        self._seen += 1
        after = self._seen - fault.skip
        if after <= 0 or after % fault.every:
            return False
        if fault.chance < 1 and self.chance.random() >= fault.chance:
            return False
        self._struck += 1
        return True

    def left(self) -> Fault:
        times = self.fault.times
        return replace(
            self.fault,
            skip=max(0, self.fault.skip - self._seen),
            times=None if times is None else times - self._struck,
        )
