"""What an agent said, held against the document: in every situation, whatever it was led to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from conformance.examiner import Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from mockserver.transcript import Entry, Frame
from schemas.spec import Channel

__all__ = ["busiest_second", "judge_keys", "judge_sent"]


def judge_sent(
    judge: Judge,
    seen: Observation,
    channel: Channel,
    *,
    well: bool,
    spared: Callable[[Frame], bool] = lambda _: False,
) -> None:
    """Bodies and messages by the schema of their place, all else by the general rules. `well` says
    that nothing in this situation gave cause to end a connection at once; what is `spared` is not
    held against the agent.
    """
    for heard in seen.exchanges:
        judge.see_request(heard)
    for frame in seen.frames:
        if frame.kind == "lost" and (not well or frame.number > seen.played):
            continue  # it was given cause to end it at once, or was asked to
        if frame.sender == "coordinator" and frame.kind == "close" and _echoes(frame, seen):
            continue  # the code is the agent's own
        if spared(frame):
            continue
        (shown,) = seen.shown(frame)
        judge.see_frame(shown, channel)


def judge_keys(judge: Judge, seen: Observation, channel: Channel, row: str) -> None:
    """Each handshake has a key of its own."""
    known: dict[str, int] = {}
    for heard in seen.exchanges:
        key = heard.headers.get("Sec-WebSocket-Key")
        if heard.operation != channel.id or not key or not heard.status:
            continue  # what was dropped without an answer, libraries send once more as it was
        wrong = f"the key {key} came with the handshake {known.get(key)} already"
        judge.holds(row, key not in known, wrong, of_transcript(heard))
        known[key] = heard.number


def _echoes(close: Frame, seen: Observation) -> bool:
    """Is our close frame the answer to the agent's?"""
    return any(
        frame.sender == "agent"
        and frame.kind == "close"
        and frame.connection == close.connection
        and frame.number < close.number
        for frame in seen.frames
    )


def busiest_second(said: Iterable[Entry]) -> int:
    """The most of what was said, in its order, within one second."""
    times = [each.real for each in said]
    return max((bisect_left(times, t + 1.0) - n for n, t in enumerate(times)), default=0)
