"""What a step expects, by what it says of the status."""

from __future__ import annotations

import pytest

from conformance.scenario.expecting import expects
from schemas.arazzo.expressions import Scope
from schemas.arazzo.model import Step
from tests.mockserver.scenario.building import action, step


@pytest.mark.parametrize(
    ("asked", "success", "throttled"),
    [
        (step("a"), False, False),
        (step("a", "$response.body#/x == 1"), False, False),
        (step("a", "$statusCode == 200"), True, False),
        (step("a", "$statusCode >= 200 && $statusCode < 300"), True, False),
        (step("a", "$statusCode == 404"), False, False),
        (step("a", "$statusCode == 429"), False, True),
        (step("a", "$statusCode < 500"), False, True),
        (step("a", "$statusCode == 200 || $statusCode == 404"), False, False),
        (step("a", "$statusCode < 300 || $statusCode == 405"), False, False),
        (step("a", "$statusCode == 200", optional=True), False, False),
        (step("a", "$statusCode == 200", on_failure=[action("goto", step="b")]), False, False),
    ],
)
def test_success_is_expected_where_nothing_else_will_do(
    asked: Step, success: bool, throttled: bool
) -> None:
    assert expects(asked, Scope()) == (success, throttled)
