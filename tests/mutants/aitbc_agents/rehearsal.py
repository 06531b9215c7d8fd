"""A whole life in milliseconds: real requests to a recorder, time that only seems to pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tests.mutants.aitbc_agents.cli import StopAgent, live, shaped
from tests.mutants.aitbc_agents.client import Client
from tests.mutants.aitbc_agents.life import Life
from tests.mutants.aitbc_agents.model import Answer, Draft, Fault, Needs, Style
from tests.mutants.aitbc_agents.recorder import Seen, recording
from tests.mutants.aitbc_agents.styles import STYLES
from tests.mutants.aitbc_agents.wire import Link, parse_base

__all__ = ["NAME", "Story", "rehearse"]

NAME: Final = "Rehearsed-1"
# Virtual seconds that one request takes, so that even a storm ends at the horizon.
REQUEST_TIME: Final = 0.03
PATIENT: Final = 5.0
IMPATIENT: Final = 0.05


class _VirtualClock:
    def __init__(self, horizon: float) -> None:
        self._now = 0.0
        self._horizon = horizon

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds
        if self._now > self._horizon:
            self._horizon = float("inf")
            raise StopAgent


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """Everything an agent did: what it sent and when (virtual seconds), how it ended."""

    seen: tuple[Seen, ...]
    times: tuple[float, ...]
    status: int | str


def rehearse(
    style_name: str, fault: Fault | None = None, *, trouble: Needs, horizon: float = 3.2
) -> Story:
    """Live with ``fault``, under ``trouble`` at the first registrations, until the horizon."""
    style = _in_a_hurry(shaped(STYLES[style_name], fault), trouble)
    clock = _VirtualClock(horizon)
    times: list[float] = []
    with recording(trouble) as recorder:
        link = Link(parse_base(recorder.url), timeout=style.timeout, keep_alive=style.keep_alive)

        def exchange(draft: Draft) -> Answer:
            clock.sleep(REQUEST_TIME)
            times.append(round(clock.now(), 6))
            return link.exchange(draft)

        tamper = fault.tamper if fault else None
        client = Client(name=NAME, style=style, exchange=exchange, tamper=tamper)
        life = Life(client=client, style=style, clock=clock, interval=0.4, log=_mute)
        status = _end(life, style, link)
        link.close()
        seen = tuple(replace(each, headers=_portable(each)) for each in recorder.seen)
    return Story(seen=seen, times=tuple(times), status=status)


def _end(life: Life, style: Style, link: Link) -> int | str:
    try:
        return live(life, style, link)
    except RuntimeError:
        return "crashed"


def _in_a_hurry(style: Style, trouble: Needs) -> Style:
    # A busy machine is slow too, so impatience is only let loose where an answer is held back.
    impatient = style.timeout < STYLES[style.name].timeout and trouble is Needs.SLOW
    return replace(style, timeout=IMPATIENT if impatient else PATIENT)


def _portable(request: Seen) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in request.headers if pair[0] != "host")


def _mute(_text: str) -> None:
    """The agent's log is no part of the story."""
