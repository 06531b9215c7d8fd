"""How late it is at a Stella coordinator's, as far as the suite can know."""

from __future__ import annotations

import sys
import time

import pytest

from conformance.hooks import HookError, Hooks
from conformance.protocols.stella.hours import HOUR, Hours
from conformance.target import Hook, Target

DAY = 24 * HOUR


def hours_of(target: Target | None = None) -> Hours:
    return Hours(Hooks(target or Target()))


def test_a_peers_clock_is_taken_to_be_right() -> None:
    assert abs(hours_of().now() - time.time()) < 1


def test_witnesses_that_agree_tell_where_a_peers_clock_is() -> None:
    hours = hours_of()
    hours.agree(time.time() + 12 * DAY, time.time() + 12 * DAY - 60)
    assert abs(hours.now() - time.time() - 12 * DAY) < 1
    assert hours.asked


@pytest.mark.parametrize("witnesses", [(12 * DAY, 0.0), (12 * DAY, None), (None, None), (60.0, 0)])
def test_a_witness_alone_and_a_clock_that_is_nearly_right_change_nothing(
    witnesses: tuple[float | None, float | None],
) -> None:
    hours, now = hours_of(), time.time()
    hours.agree(*(None if each is None else now + each for each in witnesses))
    assert abs(hours.now() - time.time()) < 1


async def test_a_jump_is_the_hooks_and_moves_the_clock() -> None:
    said = Hook(command=(sys.executable, "-c", "import sys; float(sys.argv[1])", "{seconds}"))
    hours = hours_of(Target(hooks={"advance": said}))
    assert hours.can_jump
    await hours.jump(90.5)
    assert (hours.jumps, round(hours.now() - time.time())) == (1, 90)


async def test_without_the_hook_nothing_jumps() -> None:
    hours = hours_of()
    with pytest.raises(HookError, match="the target has no hook 'advance'"):
        await hours.jump(1)
    assert (hours.can_jump, hours.jumps) == (False, 0)
    assert abs(hours.now() - time.time()) < 1


async def test_a_peer_whose_time_runs_faster_is_waited_for_less() -> None:
    hours = hours_of(Target(time_scale=1000))
    began, then = time.monotonic(), hours.now()
    await hours.pass_by(100)
    assert time.monotonic() - began < 5
    assert hours.now() - then >= 100
