"""What an agent said, held against the document: in every situation, whatever it was led to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from conformance.disguises import holds_secret
from conformance.examiner import Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from mockserver.transcript import Entry, Frame, HttpExchange
from schemas.spec import Channel

__all__ = ["busiest_second", "judge_keys", "judge_secret", "judge_sent", "judge_unprinted"]


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


def judge_secret(
    judge: Judge,
    row: str,
    seen: Observation,
    secret: str,
    told: str,
    *,
    places: Callable[[HttpExchange], Iterable[str | bytes]] = lambda heard: (
        heard.path,
        heard.query,
        heard.body,
    ),
) -> None:
    """A secret, in whatever disguise, stands in none of these `places` of a request, in no message
    and in nothing that the agent printed; `told` begins to say what does, if it does.
    """
    asked = [h for h in seen.exchanges if any(holds_secret(each, secret) for each in places(h))]
    said = [f for f in seen.frames if f.sender == "agent" and holds_secret(f.data, secret)]
    printed = seen.ending is not None and holds_secret(seen.ending.output, secret)
    where = "a request" if asked else "a message" if said else "what the agent prints"
    judge.holds(
        row,
        not asked and not said and not printed,
        f"{told} stands in {where}",
        *map(of_transcript, asked[:1]),
        *seen.shown(*said[:1]),
    )


def judge_unprinted(judge: Judge, row: str, seen: Observation, secret: str, told: str) -> None:
    """Nothing that the agent prints holds that secret. Raises `UnjudgeableError` for an agent that
    we did not launch.
    """
    if seen.ending is None:
        raise UnjudgeableError("what it prints is seen only where Assay launches it")
    printed = holds_secret(seen.ending.output, secret)
    judge.holds(row, not printed, f"{told} stands in what the agent prints")


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
