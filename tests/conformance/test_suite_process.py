"""The words that start the suite."""

from __future__ import annotations

import pytest

from conformance.context import RunContext
from conformance.suite_process import suite_command
from conformance.target import Apart, Hook, Target

_CAN_JUMP = Target(hooks={"advance": Hook(command=("true",))})
_APART = Target(hooks=_CAN_JUMP.hooks, apart=Apart(path="/of/{worker}"))
_CAN_RESTART = Target(hooks={"restart": Hook(command=("true",))})


@pytest.mark.parametrize(
    ("role", "target", "shared"),
    [
        ("coordinator", Target(), True),
        ("coordinator", _CAN_JUMP, False),
        ("coordinator", _CAN_RESTART, False),
        ("coordinator", _APART, True),
        ("agent", _APART, False),
        ("agent", Target(), False),
    ],
)
def test_workers_share_what_is_not_felt_by_all(role: str, target: Target, shared: bool) -> None:
    context = RunContext(protocol="stella", role=role, target=target, run="r")  # type: ignore[arg-type]
    assert ("-n" in suite_command(context, workers=3)) is shared
