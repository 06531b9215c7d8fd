"""The agents themselves: every style is lawful, every fault shows, the tables are consistent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable

from tests.mutants.sample import sampled
from tests.mutants.stella_agents import FAULTS, STYLES, Cue, Fault
from tests.mutants.stella_agents.cli import shaped
from tests.mutants.stella_agents.judge import complaints
from tests.mutants.stella_agents.model import Way
from tests.mutants.stella_agents.reading import Complaint
from tests.mutants.stella_agents.rehearsal import rehearse

Job = tuple[str, Fault | None, Cue]

# Agents wait far more than they work.
AT_ONCE = (20, 6, 3, 1)
MOST_LAG = 0.3
STREAM_CUES = frozenset({Cue.CANCEL, Cue.ODD, Cue.BROKEN, Cue.CLOSE})
SECTIONS = frozenset(
    {
        "Register Agent",
        "Get Agent",
        "Update Agent",
        "Delete Agent",
        "Send Heartbeat",
        "Complete Task",
        "Get Pending Tasks",
        "Task Stream",
        "Error Responses",
        "Lifecycle Endpoints",
    }
)


async def _heard(jobs: Iterable[Job], at_once: int) -> dict[Job, tuple[Complaint, ...]]:
    """What the judge says of each."""
    room = asyncio.Semaphore(at_once)

    async def one(job: Job) -> tuple[Complaint, ...]:
        async with room:
            story = await rehearse(*job)
        # Where the machine stood still, a complaint about a fault proves nothing.
        return complaints(story) if job[1] is None or story.lag < MOST_LAG else ()

    listed = list(jobs)
    return dict(zip(listed, await asyncio.gather(*map(one, listed)), strict=True))


async def _unlike(
    jobs: Iterable[Job], as_wanted: Callable[[Job, tuple[Complaint, ...]], bool]
) -> dict[Job, tuple[Complaint, ...]]:
    """Those that are not as wanted, and what was said of them.

    On a busy machine, one of many may be late: then it is heard once more, among fewer.
    """
    left: dict[Job, tuple[Complaint, ...]] = dict.fromkeys(jobs, ())
    for at_once in AT_ONCE:
        found = await _heard(left, at_once)
        left = {job: said for job, said in found.items() if not as_wanted(job, said)}
    return left


def _is_lawful(_job: Job, found: tuple[Complaint, ...]) -> bool:
    return not found


def _is_shown(job: Job, found: tuple[Complaint, ...]) -> bool:
    fault = job[1]
    return fault is not None and any(fault.implied or not each.implied for each in found)


def _lawful_jobs() -> list[Job]:
    return [
        (name, None, cue)
        for name, style in STYLES.items()
        for cue in Cue
        if cue not in STREAM_CUES or Way.STREAM in style.takes
    ]


async def test_styles_are_lawful() -> None:
    assert await _unlike(sampled(_lawful_jobs(), 13), _is_lawful) == {}


async def test_faults_show() -> None:
    jobs: list[Job] = [(fault.style, fault, fault.cue) for fault in FAULTS.values()]
    hidden = await _unlike(sampled(jobs, 45), _is_shown)
    assert {job[1].name: said for job, said in hidden.items() if job[1]} == {}


def test_faults_are_well_described() -> None:
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", name), name
        assert fault.reading in STYLES, name
        assert fault.summary, name
        assert "\n" not in fault.summary, name
        assert fault.section in SECTIONS, name
        assert fault.edit or fault.reshape, name
        assert shaped(STYLES[fault.style], fault).name == fault.style, name
        assert fault.cue not in STREAM_CUES or Way.STREAM in STYLES[fault.style].takes, name


def test_tables_are_consistent() -> None:
    assert len(FAULTS) >= 400
    assert len(STYLES) >= 20
    told = [(fault.summary, fault.style, fault.section) for fault in FAULTS.values()]
    assert sorted({each for each in told if told.count(each) > 1}) == []
    assert all(name == style.name and style.summary for name, style in STYLES.items())
