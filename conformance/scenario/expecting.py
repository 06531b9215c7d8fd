"""What a step expects by its criteria: success, a refusal, the end of a rate."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from schemas.arazzo.expressions import Scope
from schemas.arazzo.model import Step

__all__ = ["Expected", "expects"]


class Expected(NamedTuple):
    """Must it be a success, and may it be a 429?"""

    success: bool
    throttled: bool


_SUCCESSES = (200, 201, 202, 204)
_REFUSALS = (400, 401, 403, 404, 405, 409, 422, 500, 503)


def expects(step: Step, scope: Scope) -> Expected:
    """By the criteria that speak of the status alone. A step without any expects nothing, and one
    whose failure the scenario bears expects no success.
    """
    by_status = [
        criterion
        for criterion in step.criteria
        if criterion.references and all(each.root == "statusCode" for each in criterion.references)
    ]
    if not by_status:
        return Expected(success=False, throttled=False)

    def accepted(status: int) -> bool:
        return all(each.judge(replace(scope, status=status)).holds for each in by_status)

    borne = step.optional or bool(step.on_failure) or any(map(accepted, _REFUSALS))
    return Expected(not borne and any(map(accepted, _SUCCESSES)), accepted(429))
