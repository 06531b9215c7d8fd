"""The agents themselves: every style is lawful, every fault shows, the tables are consistent."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable

from tests.mutants.echocenter_agents import FAULTS, STYLES, Cue, Fault
from tests.mutants.echocenter_agents.cli import shaped
from tests.mutants.echocenter_agents.rehearsal import Story, rehearse

Job = tuple[str, Fault | None, Cue, str]

# Agents wait far more than they work.
AT_ONCE = 100
# The whole table takes a quarter of a minute; by default every seventh fault is played.
STEP = 1 if os.environ.get("ASSAY_ALL_FAULTS") else 7
# Faults that only a process of their own can show.
ALONE = frozenset(
    name for name in FAULTS if name.startswith(("sigterm.", "spin.")) or "spins" in name
)
PLAYED = [name for name in FAULTS if name not in ALONE]

LAWFUL_CUES = (Cue.SENDERS, Cue.TOGETHER, Cue.SHAPES, Cue.OTHERS, Cue.MALFORMED, Cue.RESTART)


async def _all(jobs: Iterable[Job]) -> dict[Job, Story]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(job: Job) -> Story:
        async with room:
            return await rehearse(*job)

    listed = list(jobs)
    return dict(zip(listed, await asyncio.gather(*map(one, listed)), strict=True))


def _faulty(name: str) -> Job:
    fault = FAULTS[name]
    return (fault.style, fault, fault.cue, name)


def _healthy(name: str) -> Job:
    fault = FAULTS[name]
    return (fault.style, None, fault.cue, name if fault.cue is Cue.BAD_FRAMES else "")


async def test_styles_are_lawful() -> None:
    # A slow thinker rightly owes an answer when the connection goes.
    jobs: list[Job] = [
        (style, None, cue, "")
        for style in STYLES
        for cue in LAWFUL_CUES
        if not (cue is Cue.RESTART and STYLES[style].think)
    ]
    for job, first in (await _all(jobs)).items():
        # On a busy machine, one of many may be late: then it is heard once more, alone.
        story = (await _all([job]))[job] if first.complaints else first
        assert (story.complaints, story.said if job[2] is Cue.SENDERS else ()) == ((), ()), job
        assert story.end == ("int 3" if (job[0], job[2]) == ("leaver", Cue.RESTART) else "alive")


async def test_own_client_checks_the_server() -> None:
    jobs: list[Job] = [
        ("raw", None, Cue.BAD_FRAMES, f"x.{rule}")
        for rule in ("masked", "rsv", "opcode", "control", "order", "utf8")
    ]
    for job, story in (await _all(jobs)).items():
        assert story.complaints == (), job
        assert "opcode=8" in "".join(story.odd_frames[0]), (job, story)


async def test_faults_show() -> None:
    chosen = PLAYED[::STEP]
    stories = await _all(
        {_healthy(name): None for name in chosen} | dict.fromkeys(map(_faulty, chosen))
    )
    for name in chosen:
        story, fault = stories[_faulty(name)], FAULTS[name]
        assert story != stories[_healthy(name)], f"{name} does not show"
        if not fault.implied:
            assert story.complaints, f"{name} breaks no plain word"


def test_faults_are_well_described() -> None:
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.reading in STYLES, name
        assert fault.summary, name
        assert "\n" not in fault.summary, name
        assert re.match(r"[1-4]\.", fault.section), name
        assert shaped(STYLES[fault.style], fault).name == fault.style, name
        assert fault.edit or fault.react or fault.answer or fault.reshape, name


def test_tables_are_consistent() -> None:
    assert len(FAULTS) >= 110
    assert len(STYLES) >= 11
    assert all(re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", name) for name in FAULTS)
    summaries = [(fault.summary, fault.style, fault.section) for fault in FAULTS.values()]
    assert sorted({each for each in summaries if summaries.count(each) > 1}) == []
    assert all(name == style.name and style.summary for name, style in STYLES.items())
