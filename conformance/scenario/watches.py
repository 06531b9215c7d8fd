"""What a coordinator must not say, or not too often: looked for in all that it says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.frames import Frame
from conformance.scenario.peer import Line
from schemas.arazzo.model import Step

__all__ = ["Watch", "Watches"]


@dataclass(slots=True, kw_only=True)
class Watch:
    """One of them: on which connection, from which of its frames on, and until when (monotonic)."""

    step: Step
    line: Line
    at: int
    until: float | None = None


class Watches:
    """Looks when it is told to, at all that was said since: who waits for news could miss what came
    together with the last of them.
    """

    def __init__(self, fits: Callable[[int, Watch, Frame], bool]) -> None:
        self._fits = fits
        self._watches: dict[int, Watch] = {}

    def begin(self, flight: int, watch: Watch) -> None:
        self._watches[flight] = watch

    def end(self, flight: int) -> None:
        self._watches.pop(flight, None)

    def seen(self, until: Frame | None = None) -> Iterator[tuple[int, Watch, Frame]]:
        """What came that fits, each once; before the frame `until`, where there is one: what comes
        behind it may come.
        """
        for flight, watch in list(self._watches.items()):
            frames = watch.line.socket.frames
            while watch.at < len(frames) and self._watches.get(flight) is watch:
                frame = frames[watch.at]
                if until is not None and (frame is until or frame.at > until.at):
                    break
                watch.at += 1
                late = watch.until is not None and frame.at > watch.until
                if frame.sender == "peer" and not late and self._fits(flight, watch, frame):
                    yield flight, watch, frame
