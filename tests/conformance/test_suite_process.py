"""The words that start the suite."""

from __future__ import annotations

import pytest

from conformance.context import RunContext
from conformance.suite_process import suite_command
from conformance.target import Apart, Credentials, Hook, Principal, Target

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


_PERSON = Principal(name="admin", kind="human", token="t-1")
_LOG_IN = Target(credentials=Credentials(username="admin", password="secret"))


@pytest.mark.parametrize(
    ("protocol", "target", "shared"),
    [
        ("echocenter", Target(), True),
        ("echocenter", Target(principals=(_PERSON,)), False),
        ("echocenter", _LOG_IN, False),
        ("echocenter", Target(principals=(_PERSON,), apart=_APART.apart), True),
        ("architect", _LOG_IN, True),
    ],
)
def test_workers_are_not_the_same_person(protocol: str, target: Target, shared: bool) -> None:
    """A coordinator may end a person's first connection for the second, or refuse the second."""
    context = RunContext(protocol=protocol, role="coordinator", target=target, run="r")
    assert ("-n" in suite_command(context, workers=3)) is shared
