"""What happens to the connection of an EchoCenter agent."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.protocols.echocenter.prompter import QUIET, Prompter
from conformance.stage import Stage
from mockserver import Fault

__all__ = ["AFTER_A_LOSS", "broken_frames", "broken_messages", "losses", "outage", "refused"]

AFTER_A_LOSS = (7201, 7202, 7203)
"""Who speaks before the first loss, after it, and after the second."""

_BROKEN_FRAMES = (
    b"\xf1\x02{}",  # reserved bits, which nobody asked for
    b"\x83\x02{}",  # a reserved opcode
    b"\x09\x02hi",  # a ping in fragments
)
_BROKEN_MESSAGES = (
    b"\x80\x02{}",  # the continuation of nothing
    b'\x81\x04"\xff\xfe"',  # a text that is no UTF-8
)
"""What RFC 6455 has a client fail the connection for. That no frame to it may be masked is left
out: libraries in use do not look.
"""

_SPLIT_SECOND = 0.2
"""Seconds in which what was begun by one message shows, if it shows at all."""

_HAMMERED = 1.5
"""Seconds for which nobody is let in: long enough to tell a pause from none."""


async def broken_frames(stage: Stage) -> None:
    """Frames that nobody may take for good."""
    await _break_rules(stage, _BROKEN_FRAMES)


async def broken_messages(stage: Stage) -> None:
    """Sound frames that do not make sound messages."""
    await _break_rules(stage, _BROKEN_MESSAGES)


async def _break_rules(stage: Stage, broken: Sequence[bytes]) -> None:
    """Each on a connection of its own: few, for pauses before new connections grow."""
    prompter = Prompter(stage)
    for data in broken:
        await prompter.arrive()
        await stage.until(lambda: False, _SPLIT_SECOND)  # what it says at first must be out
        before = set(stage.session.lines)
        stage.inject(data, "raw")
        if not await prompter.parted(before, stage.patience):
            return  # it is settled that it takes them


async def losses(stage: Stage) -> None:
    """A restart, and later the loss of the connection without a word."""
    prompter = Prompter(stage)
    await prompter.arrive()
    for sender, restart in zip(AFTER_A_LOSS, (True, False, None), strict=True):
        prompter.chat(sender, f"This is instruction {sender}.")
        await prompter.settle(QUIET if sender != AFTER_A_LOSS[0] else _SPLIT_SECOND)
        if restart is not None:
            await prompter.lose(restart)


async def outage(stage: Stage) -> None:
    """The connection is lost, and for a while there is nobody to take the next."""
    prompter = Prompter(stage)
    await prompter.ask("Hold the line, please.")
    stage.session.faults.add(Fault(kind="status", operation="socket", status=503, times=None))
    before = set(stage.session.lines)
    stage.session.hang_up(1001)
    await stage.until(lambda: False, _HAMMERED)
    stage.session.faults.clear()
    await prompter.back(before)


async def refused(stage: Stage) -> None:
    """Nobody is let in."""
    stage.session.hang_up(1008)
    before = len(stage.entries)
    await stage.until(lambda: len(stage.entries) > before)
    await stage.until(lambda: False, max(_HAMMERED, min(stage.patience, 3.0)))
