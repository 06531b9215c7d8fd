"""What of a step's criteria counts in which direction, and whether it held. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from schemas.arazzo.criteria import Criterion
from schemas.arazzo.expressions import ExpressionError, Scope
from schemas.spec import Role

__all__ = ["Direction", "Scales", "Weight"]

Direction: TypeAlias = Literal["forward", "backward"]


class Weight(NamedTuple):
    """A criterion that was looked at; `rows` are those of the judged side that it is about."""

    rows: tuple[str, ...]
    holds: bool
    message: str


class Scales:
    """Judges criteria in one direction; `roles` are those of the rows that may be judged."""

    def __init__(self, direction: Direction, roles: Mapping[str, Role]) -> None:
        self._role: Role = "coordinator" if direction == "forward" else "agent"
        self._roles = roles
        self._forward = direction == "forward"

    def rows(self, requirements: Sequence[str]) -> tuple[str, ...]:
        """Those among them that the judged side has to keep."""
        return tuple(row for row in requirements if self._roles.get(row) == self._role)

    def judged(self, criteria: Sequence[Criterion], scope: Scope) -> list[Weight]:
        """The criteria that are about rows of the judged side."""
        return list(self._weigh((each for each in criteria if self.rows(each.requirements)), scope))

    def others(self, criteria: Sequence[Criterion], scope: Scope) -> list[Weight]:
        """Those that are about none: forward without those of the client, whom we play."""
        others = (each for each in criteria if not self.rows(each.requirements))
        if self._forward:
            others = (each for each in others if not each.requirements)
        return list(self._weigh(others, scope))

    def _weigh(self, criteria: Iterator[Criterion], scope: Scope) -> Iterator[Weight]:
        for criterion in criteria:
            rows = self.rows(criterion.requirements)
            try:
                outcome = criterion.judge(scope)
            except ExpressionError as error:
                yield Weight(rows, False, str(error))
            else:
                yield Weight(rows, outcome.holds, outcome.message)
