"""What of a step's criteria counts in which direction, and whether it held. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from mockserver.scenario.acts import Sight, Word
from schemas.arazzo.criteria import Criterion
from schemas.arazzo.expressions import ExpressionError, Scope
from schemas.arazzo.model import Step
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

    def passes_over(self, step: Step) -> bool:
        """Does what misses go by, and the step await what comes next? Forward, an answer to what
        was asked is the one, and so is a message that is known by its correlation id.
        """
        known = step.action != "receive" or step.correlation is not None
        return step.never or not self._forward or not known

    def misses(self, step: Step, sight: Sight, scope: Scope) -> list[Weight]:
        """All by which what was seen is not what a step awaits."""
        weights = self.others(step.criteria, scope)
        weights += self.judged(step.criteria, scope) if self._forward else []
        wrong = [weight for weight in weights if not weight.holds]
        refused = self._refused(step, sight, scope)
        return [*wrong, Weight((), holds=False, message=refused)] if refused else wrong

    def judge(self, step: Step, sight: Sight, scope: Scope) -> tuple[list[Word], list[str]]:
        """The words about the rows of its criteria, and all that is wrong with what came."""
        weights = self.judged(step.criteria, scope)
        words = [
            Word(weight.rows, weight.holds, "" if weight.holds else weight.message, step.id)
            for weight in weights
        ]
        wrong = self.misses(step, sight, scope) if self._forward else weights
        return words, [weight.message for weight in wrong if not weight.holds]

    def _refused(self, step: Step, sight: Sight, scope: Scope) -> str:
        """Success without criteria: the answer is none that refuses. What must not be asked has
        been asked, however it is answered.
        """
        if step.never or not isinstance(sight.status, int):
            return ""
        if self.judged(step.criteria, scope) or self.others(step.criteria, scope):
            return ""
        if not self._forward and (step.reply is not None or step.faults):
            return ""  # the script has it so
        wrong = sight.status != 101 if step.opens else bool(step.operation) and sight.status >= 400
        return f"{step.name} was answered {sight.status}" if wrong else ""

    def _weigh(self, criteria: Iterator[Criterion], scope: Scope) -> Iterator[Weight]:
        for criterion in criteria:
            rows = self.rows(criterion.requirements)
            try:
                outcome = criterion.judge(scope)
            except ExpressionError as error:
                yield Weight(rows, False, str(error))
            else:
                yield Weight(rows, outcome.holds, outcome.message)
