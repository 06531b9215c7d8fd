"""Whether a time that the peer tells is right, as far as its clock is known."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from conformance.exchange import Exchange
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import HOUR, Hours
from conformance.times import parse_time

__all__ = ["SOME_SECONDS", "Reckoning", "moment", "what_time_it_is"]

SOME_SECONDS = 5.0
"""By which a time may be off."""

_QUARTER = 900.0
_DAY = 24 * HOUR


def moment(text: Any) -> float | None:
    """Seconds since 1970, or `None` where it is no time."""
    found = parse_time(text.replace(",", ".") if isinstance(text, str) else text)
    return None if found is None else found.timestamp()


async def what_time_it_is(fleet: Fleet) -> tuple[float | None, float | None]:
    """The peer's time as a new certificate tells it, which ends after a day, and as the list does
    after a heartbeat.
    """
    agent = await fleet.register()
    ends = moment(agent.said.at("/certificate/expiresAt"))
    await fleet.heartbeat(agent)
    row = await fleet.listed(agent) or {}
    return None if ends is None else ends - _DAY, moment(row.get("lastHeartbeat"))


class Reckoning:
    """The peer's clock as one agent knows it.

    It is right by ours, or by the header Date of an answer as long as time did not jump, or as
    far off as certificates say, which end a day after they were issued: virtual time begins
    anywhere.
    """

    def __init__(self, hours: Hours, agent: Agent) -> None:
        self._hours = hours
        ends = moment(agent.said.at("/certificate/expiresAt"))
        self._off = None if ends is None else ends - _DAY - hours.now()

    def off(self, text: Any, span: tuple[float, float], *said: Exchange) -> float | None:
        """By how many seconds a time lies outside of `span`, by the kindest clock; `None` where it
        is no time. `said` are answers that tell the date.
        """
        told = moment(text)
        if told is None:
            return None
        shifts = [0.0, *([self._off] if self._off is not None else [])]
        ways = [_outside(told, span[0] + by, span[1] + by, _zoneless(text)) for by in shifts]
        known = map(_date, said) if not self._hours.jumps else ()  # it may not jump with the rest
        dates = [date for date in known if date is not None]
        ways += [_outside(told, min(dates), max(dates) + 1, _zoneless(text))] if dates else []
        return max(0.0, min(ways) - self._hours.lag)

    def right(self, text: Any, span: tuple[float, float], *said: Exchange) -> bool:
        """Is it a time within `span`, to a few seconds?"""
        off = self.off(text, span, *said)
        return off is not None and off <= SOME_SECONDS


def _zoneless(text: str) -> bool:
    return datetime.fromisoformat(text.replace(",", ".")).tzinfo is None


def _outside(told: float, first: float, last: float, local: bool) -> float:
    """Seconds by which it lies outside. Without a zone it may be local anywhere on earth."""
    off = max(first - told, told - last, 0.0)
    if local and off < 15 * HOUR:
        off = abs(off - round(off / _QUARTER) * _QUARTER)
    return off


def _date(said: Exchange) -> float | None:
    try:
        return parsedate_to_datetime(said.answer_headers["date"]).replace(tzinfo=UTC).timestamp()
    except (KeyError, ValueError):
        return None
