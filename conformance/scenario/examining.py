"""What an agent did in a scenario, judged: all that it said, and what its flow found."""

from __future__ import annotations

from conformance.examiner import Observation
from conformance.exchange import Exchange, of_transcript
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.scenario.judging import Part, broken_down, end, tell
from conformance.scenario.play import Played

__all__ = ["weigh"]


def weigh(part: Part, seen: Observation, played: Played, judge: Judge) -> None:
    """Judge one workflow. What other clients said, whose parts were ours, is not the agent's."""
    shown = _said(part, seen, played, judge)
    words, finished = played.words(part.name), played.finished(part.name)
    if finished is None:
        return
    if not finished.kept and seen.ending is not None and seen.ending.broke_down:
        finished, word = broken_down(judge, part, finished, seen.ending.describe())
        words.append(word)
    for word in words:
        if part.row or word.holds is not None:
            tell(judge, word, shown)
    if part.row:  # in the suite an agent need not come to a scenario, and nothing hangs on it
        end(judge, part, finished, words, shown)


def _said(part: Part, seen: Observation, played: Played, judge: Judge) -> list[Exchange | Frame]:
    """Judge every message by itself; returns the last ones, as evidence of the rest."""
    others, unlawful = played.others(part.name), played.unlawful(part.name)
    channels = part.scenario.protocol.channels
    exchanges = [heard for heard in seen.exchanges if heard.number not in others]
    for heard in exchanges:
        if heard.number not in unlawful:
            judge.see_request(heard)
    opened = {heard.connection: heard for heard in exchanges if heard.connection}
    shown: list[Exchange | Frame] = [of_transcript(heard) for heard in exchanges[-6:]]
    for frame in seen.frames:
        handshake = opened.get(frame.connection)
        if handshake is not None and frame.number <= seen.played and frame.number not in unlawful:
            (said,) = seen.shown(frame)
            judge.see_frame(said, channels[handshake.operation])
            shown = [*shown[-9:], said]
    return shown
