"""What is wrong with the way tasks are done, counted and reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from tests.mutants.stella_agents.bugs import Cue
from tests.mutants.stella_agents.model import What
from tests.mutants.stella_agents.reading import Complaint, kind_of, plain, suspected
from tests.mutants.stella_agents.record import Work
from tests.mutants.stella_agents.rehearsal import Story

__all__ = ["work_complaints"]

_LATE: Final = 0.15
"""Seconds that a message may be on its way."""


def work_complaints(story: Story) -> Iterator[Complaint]:
    """Everything wrong with the work."""
    if story.cue is not Cue.RESTART:
        yield from _endings(story)
    yield from _reports(story)
    yield from _counts(story)


def _taken(story: Story, work: Work) -> tuple[float, str] | None:
    """When and on which way the agent came to know of the task."""
    ways = {way.value for way in story.style.takes}
    return next(((at, way) for at, way in work.told if way in ways), None)


def _endings(story: Story) -> Iterator[Complaint]:
    given = [work for work in story.stage.works.values() if _taken(story, work)]
    if given and not any(work.done for work in given):
        yield plain("it reports no task at all")
    for work in given:
        name = work.shown["taskId"]
        if not work.done and work.cancelled is None:
            yield suspected(f"{name} is never reported")
        if len(work.done) > 1:
            yield suspected(f"{name} is reported {len(work.done)} times")
        for at, body in work.done[:1]:
            yield from _ending(story, work, at, body)


def _ending(story: Story, work: Work, at: float, body: Any) -> Iterator[Complaint]:
    name, success = work.shown["taskId"], body.get("success") if isinstance(body, dict) else None
    known = work.shown["taskType"].startswith("docker.")
    cancelled = work.cancelled is not None and at > work.cancelled + _LATE + story.lag
    start, way = _taken(story, work) or (work.born, "")
    seconds = work.shown["payload"].get("duration", 0.0)
    paid = way != "poll" and known and not story.style.serial
    if success is True:
        if not known:
            yield suspected(f"{name} succeeds, but nobody knows what it is")
        if cancelled:
            yield suspected(f"{name} succeeds after it was cancelled")
        if paid and at - start < 0.8 * seconds - story.lag:
            yield suspected(f"{name} succeeds before its time")
    elif known and work.cancelled is None and at < story.told:
        yield suspected(f"{name} fails")


def _reports(story: Story) -> Iterator[Complaint]:
    """Each report is about a task that was given, and about no other."""
    for seen in story.stage.seen:
        if kind_of(story, seen) is not What.COMPLETE:
            continue
        name = unquote(seen.path.split("/")[-2])
        work = story.stage.works.get(name)
        if work is None:
            yield plain(f"reports {name}, which nobody gave it")
            continue
        others = [each for each in story.stage.works if each != name]
        if any(other.encode() in seen.body for other in others):
            yield suspected(f"the report of {name} is about another")


def _counts(story: Story) -> Iterator[Complaint]:
    for seen in story.stage.seen:
        if kind_of(story, seen) is not What.HEARTBEAT or seen.at > story.told:
            continue
        try:
            body = json.loads(seen.body)
        except ValueError:
            continue
        told = body.get("runningTasks") if isinstance(body, dict) else None
        if not isinstance(told, int) or isinstance(told, bool):
            continue
        least, most = _bounds(story, seen.at)
        if not least <= told <= most:
            yield suspected(f"runningTasks is {told}, not {least} to {most}")


def _bounds(story: Story, at: float) -> tuple[int, int]:
    """How many tasks can run at that moment."""
    least = most = 0
    late = _LATE + 2 * story.lag
    for work in story.stage.works.values():
        taken = _taken(story, work)
        if taken is None or taken[0] > at:
            continue
        ended = [when for when, _ in work.done] + ([work.cancelled] if work.cancelled else [])
        over = min(ended, default=float("inf"))
        most += over > at - 2 * late
        known = work.shown["taskType"].startswith("docker.")
        surely = taken[1] != "poll" and known and taken[0] < at - late
        until = taken[0] + work.shown["payload"].get("duration", 0.0)
        least += bool(surely and min(over, until) > at + late)
    return (min(1, least) if story.style.serial else least), most
