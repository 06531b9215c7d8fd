"""A second, independent reading of the document: what an agent breaks in one story.

A plain complaint rests on what the document says or shows; an implied one on plain reading only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from tests.mutants.stella_agents.bugs import Cue
from tests.mutants.stella_agents.judge_bodies import body_complaints
from tests.mutants.stella_agents.judge_stream import stream_complaints
from tests.mutants.stella_agents.judge_work import work_complaints
from tests.mutants.stella_agents.model import What
from tests.mutants.stella_agents.reading import Complaint, beats, kind_of, plain, suspected
from tests.mutants.stella_agents.rehearsal import Story
from tests.mutants.stella_agents.stage import INTERVAL, JWT, POLL, SECRET, TOKEN

__all__ = ["complaints"]

_END: Final = 2.6
_AFTER_RENEWAL: Final = 0.5
_SHAKING: Final = 0.1
_QUICK_END: Final = frozenset({Cue.IMPOSTOR, Cue.LATE_IMPOSTOR})


def complaints(story: Story) -> tuple[Complaint, ...]:
    """Everything that is wrong with it."""
    return tuple(_complaints(story))


def _complaints(story: Story) -> Iterator[Complaint]:
    yield from _secrets(story)
    yield from _ending(story)
    if story.cue in _QUICK_END:
        yield from _trust(story)
        return
    yield from _requests(story)
    yield from _registrations(story)
    yield from _certificates(story)
    yield from _rhythm(story)
    yield from work_complaints(story)
    yield from stream_complaints(story)


def _requests(story: Story) -> Iterator[Complaint]:
    seen_kinds = set()
    for seen in story.stage.seen:
        kind = kind_of(story, seen)
        if kind is None:
            yield plain(f"nobody documents {seen.method} {seen.path}")
            continue
        seen_kinds.add(kind)
        yield from body_complaints(story, kind, seen)
        bearer = seen.header("Authorization")
        if bearer is not None and kind is not What.REGISTER and bearer != f"Bearer {JWT}":
            yield suspected(f"{kind.value}: authorization {bearer[:40]!r}")
    if story.cue is Cue.PLAIN:
        for kind in _expected(story) - seen_kinds:
            yield plain(f"{kind.value}: never asked")


def _expected(story: Story) -> set[What]:
    style = story.style
    wanted = {What.REGISTER, What.HEARTBEAT} | {What(_ASKED[way.value]) for way in style.takes}
    wanted |= {What.DELETE} if style.deletes_itself else set()
    return wanted | ({What.GET, What.UPDATE} if style.curious else set())


_ASKED: Final = {"heartbeat": "heartbeat", "poll": "poll", "stream": "stream"}


def _registrations(story: Story) -> Iterator[Complaint]:
    sent = [seen for seen in story.stage.seen if kind_of(story, seen) is What.REGISTER]
    if not sent:
        yield plain("it never registers")
    if len(sent) > 1:
        heavy = plain if story.stage.forgotten is None else suspected
        yield heavy(f"it registers {len(sent)} times with a single-use token")
    for seen in sent:
        if seen.header("X-Agent-Token") != TOKEN:
            yield plain(f"X-Agent-Token: {seen.header('X-Agent-Token')!r}")


def _certificates(story: Story) -> Iterator[Complaint]:
    """Each request after the registration shows the newest certificate of its connection's time."""
    given = story.stage.certificates
    for seen in story.stage.seen:
        kind = kind_of(story, seen)
        if kind is None or kind is What.REGISTER or not given:
            continue
        if seen.serial not in {serial for serial, _ in given}:
            yield plain(f"{kind.value}: without the certificate that it was given")
            continue
        last, since = given[-1]
        took = next((at for at in beats(story) if at > since), None)
        if (
            took is not None
            and seen.serial != last
            and seen.dialled > took + _AFTER_RENEWAL + story.lag
        ):
            yield plain(f"{kind.value}: with a certificate that was renewed")


def _rhythm(story: Story) -> Iterator[Complaint]:
    start, end = story.stage.registered, story.stage.forgotten or story.told
    if start is None:
        return
    all_beats = beats(story)
    slack = (story.lag + 2 * min(story.style.pulse.effort, INTERVAL)) / INTERVAL
    times = [at for at in all_beats if at < end]
    if not times:
        yield plain("no heartbeat at all")
        return
    gaps = [(late - early) / INTERVAL for early, late in pairwise(times)]
    if times[0] - start > (1.6 + slack) * INTERVAL:
        yield plain(f"the first heartbeat after {times[0] - start:.2f} s")
    if end - times[-1] > (2.2 + slack) * INTERVAL:
        yield plain(f"no heartbeat in the last {end - times[-1]:.2f} s")
    if gaps and not 0.75 - slack / 2 <= sorted(gaps)[len(gaps) // 2] <= 1.35 + slack / 2:
        yield plain(f"a usual gap of {sorted(gaps)[len(gaps) // 2]:.2f} intervals")
    if any(gap > 2.2 + slack for gap in gaps):
        yield plain(f"a gap of {max(gaps):.2f} intervals")
    odd = sum(not 0.6 <= gap <= 1.5 + slack for gap in gaps)
    if odd >= 3 + 4 * slack or sum(gap < 0.3 for gap in gaps) >= 2 + 4 * slack:
        yield plain(f"an uneven rhythm: {[round(gap, 2) for gap in gaps]}")
    yield from _late_beats(story, all_beats)
    if story.cue is Cue.PLAIN:
        yield from _polls(story, slack)


def _polls(story: Story, slack: float) -> Iterator[Complaint]:
    asked = [s.at for s in story.stage.seen if kind_of(story, s) is What.POLL and s.at < story.told]
    gaps = sorted((late - early) / POLL for early, late in pairwise(asked))
    if gaps and not 0.7 - slack / 2 <= gaps[len(gaps) // 2] <= 1.6 + slack / 2:
        yield suspected(f"a usual gap of {gaps[len(gaps) // 2]:.2f} poll intervals")


def _late_beats(story: Story, times: list[float]) -> Iterator[Complaint]:
    after = [at for at in times if at > story.told + 0.15 + 2 * story.lag]
    if len(after) > (1 if story.style.farewell else 0):
        yield suspected(f"{len(after)} heartbeats after it was told to stop")
    forgotten = story.stage.forgotten
    if forgotten is not None:
        storm = [seen for seen in story.stage.seen if seen.at > forgotten]
        allowed = 14 + 2.5 * (story.told - forgotten) / INTERVAL
        if len(storm) > allowed:
            yield suspected(f"{len(storm)} requests to one that has forgotten it")


def _trust(story: Story) -> Iterator[Complaint]:
    since = story.stage.impostor_since
    for seen in story.stage.seen:
        if since is not None and seen.dialled > since + _SHAKING + story.lag:
            yield suspected(f"{seen.method} {seen.path} to an impostor")


def _ending(story: Story) -> Iterator[Complaint]:
    if story.left is None:
        yield suspected("it does not end")
        return
    if story.left < story.told:
        gone = story.cue is Cue.RESTART and story.style.leaves_when_gone
        lawful = gone or story.cue is Cue.REFUSED
        if not (lawful and isinstance(story.end, int) and story.end and story.said):
            yield suspected(f"it left by itself: {story.end}")
    elif story.end != 0:
        yield suspected(f"it ended with {story.end}")
    elif story.left - story.told > _END + 2 * story.lag:
        yield suspected(f"it took {story.left - story.told:.1f} s to end")


def _secrets(story: Story) -> Iterator[Complaint]:
    printed = "\n".join(story.said)
    for name, secret in (("token", TOKEN), ("JWT", JWT), ("credentials", SECRET)):
        if secret in printed:
            yield suspected(f"prints its {name}")
    if "PRIVATE KEY" in printed:
        yield suspected("prints its key")
    for seen in story.stage.seen:
        if TOKEN in seen.target or JWT in seen.target:
            yield suspected(f"a secret in {seen.target}")
        if kind_of(story, seen) is not What.REGISTER and seen.header("X-Agent-Token"):
            yield suspected(f"the registration token goes to {seen.path}")
        if SECRET.encode() in seen.body:
            yield suspected("sends credentials back")
    for line in story.stage.lines:
        if any(SECRET.encode() in frame.payload for _, frame in line.frames):
            yield suspected("tells credentials on the stream")
