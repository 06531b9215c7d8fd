"""What a client does over time: repeats, pages, polls, waits, what it does to what is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from tests.mutants.caxton_agents.bugs import Cue
from tests.mutants.caxton_agents.model import Chapter, What
from tests.mutants.caxton_agents.reading import Complaint, plain, suspected
from tests.mutants.caxton_agents.record import Seen
from tests.mutants.caxton_agents.rehearsal import Story
from tests.mutants.caxton_agents.stage import NAME, parts_of

__all__ = ["conduct_complaints"]

_WINDOW: Final = 0.15
_STORM: Final = 7
_QUICK: Final = 0.015
_QUICK_POLLS: Final = 8
_LOOKS: Final = 12
_IDLE: Final = 1.5
_EARLY: Final = 0.05
_USUAL: Final = frozenset({What.DEPLOY, What.SEND, What.LIST, What.SYSTEM})
"""What comes again in each journey."""

_GETS: Final = frozenset({What.GET, What.LIST, What.HISTORY, What.PROGRESS, What.MONITOR})
_BURSTS: Final = ((frozenset({What.DEPLOY}), 20), (frozenset({What.SYSTEM, What.METRICS}), 200))

_OPERATIONS: Final = {
    Chapter.FIND: {What.LIST},
    Chapter.DEPLOY: {What.DEPLOY, What.GET},
    Chapter.MESSAGES: {What.SEND, What.HISTORY},
    Chapter.AGENTS: {What.LIST},
    Chapter.TASK: {What.TASK, What.DISTRIBUTE, What.PROGRESS},
    Chapter.ROLLOUT: {What.ROLLOUT, What.MONITOR},
    Chapter.RELOAD: {What.RELOAD},
    Chapter.UPDATE: {What.UPDATE},
    Chapter.METRICS: {What.SYSTEM},
    Chapter.END: {What.REMOVE},
}
_OVER_GRPC: Final = {
    What.DEPLOY: What.CALL_DEPLOY,
    What.LIST: What.CALL_LIST,
    What.SEND: What.CALL_SEND,
}


def conduct_complaints(story: Story) -> Iterator[Complaint]:
    """What is wrong with the whole of its requests."""
    seen = [each for each in story.stage.seen if each.what is not None]
    if story.cue is Cue.PLAIN:
        yield from _omissions(story, seen)
        yield from _refusals(story, seen)
        yield from _litter(story)
        yield from _haste(seen)
        again = story.style.awaits
        for complaint in (*_offsets(seen), *_cursors(seen, again=again)):
            yield suspected(complaint)
    yield from _repeats(seen)
    yield from _talks(story, seen)
    yield from _storms(seen)
    yield from _polls(seen)
    yield from _waits(story, seen)
    yield from _ghosts(seen)
    yield from _idleness(story, seen)


def _omissions(story: Story, seen: list[Seen]) -> Iterator[Complaint]:
    style = story.style
    if not seen and not story.stage.calls:
        yield plain("it says nothing")
    wanted = {what for chapter in style.chapters for what in _OPERATIONS[chapter]}
    wanted = {_OVER_GRPC.get(w, w) if _OVER_GRPC.get(w) in style.calls else w for w in wanted}
    wanted |= {What.STOP} if style.stops_first and What.REMOVE in wanted else set()
    wanted |= {What.ROLLBACK} if style.rolls_back and What.ROLLOUT in wanted else set()
    done = {each.what for each in seen} | {
        what
        for what in _OVER_GRPC.values()
        for call in story.stage.calls
        if _named(what, call.method)
    }
    for what in sorted(wanted - done):
        yield suspected(f"{what.value}: never asked")


def _named(what: What, method: str) -> bool:
    wanted = {What.CALL_DEPLOY: "DeployAgent", What.CALL_LIST: "ListAgents"}
    return method.endswith("/" + wanted.get(what, "SendMessage"))


def _refusals(story: Story, seen: list[Seen]) -> Iterator[Complaint]:
    late = max(story.left or 0, story.told)
    for each in seen:
        if each.answered >= 400 and each.at < late:
            yield suspected(f"{each.what}: {each.method} {each.target} earns {each.answered}")


def _litter(story: Story) -> Iterator[Complaint]:
    own = [agent for agent in story.stage.world.agents.values() if NAME in agent["name"]]
    if len(own) > 1:
        yield suspected(f"leaves {len(own)} agents behind")


def _haste(seen: list[Seen]) -> Iterator[Complaint]:
    running: set[str] = set()
    for each in seen:
        listed = each.answer.get("agents") if each.what is What.LIST else None
        shown = [each.answer, *(listed or [])]
        running |= {str(a.get("agent_id")) for a in shown if a.get("status") == "running"}
        receiver = _member(each, "receiver")
        if each.what is What.SEND and each.answered == 200 and receiver not in running:
            yield suspected(f"sends to {receiver} before it runs")


def _offsets(seen: list[Seen]) -> Iterator[str]:
    told: int | None = None
    for each in (each for each in seen if each.what is What.LIST):
        asked = each.query.get("offset", "0")
        if asked != str(told or 0):
            yield f"lists from {asked}, having been told {told}"
        told = each.answer.get("next_offset")
    if told is not None:
        yield f"does not list on from {told}"


def _cursors(seen: list[Seen], *, again: bool) -> Iterator[str]:
    told: dict[str, str | None] = {}
    for each in (each for each in seen if each.what is What.HISTORY):
        talk, asked = each.query.get("conversation_id", ""), each.query.get("cursor")
        if asked != told.get(talk):
            yield f"reads {talk} on from {asked}, having been told {told.get(talk)}"
        elif talk in told and asked is None and not again:
            yield f"reads {talk} again"
        told[talk] = each.answer.get("next_cursor")
    for talk, cursor in told.items():
        if cursor is not None:
            yield f"does not read {talk} on from {cursor}"


def _member(seen: Seen, name: str) -> Any:
    body = seen.json
    return body.get(name) if isinstance(body, dict) else None


def _key(seen: Seen) -> tuple[str, ...] | None:
    """What makes a request the same as another; None where that does not matter."""
    if seen.what is What.DEPLOY:
        return ("deploy", parts_of(seen).get("config", b"").decode(errors="replace"))
    if seen.what is What.SEND:
        return ("send", str(_member(seen, "conversation_id")), str(_member(seen, "reply_with")))
    if seen.what is What.TASK:
        return ("task", str(_member(seen, "name")))
    if seen.what is What.ROLLOUT:
        return ("rollout", str(_member(seen, "agent_id")), str(_member(seen, "version")))
    if seen.what in {What.DISTRIBUTE, What.ROLLBACK, What.STOP, What.REMOVE}:
        return (seen.what.value, seen.id)
    return None


def _repeats(seen: list[Seen]) -> Iterator[Complaint]:
    done: set[tuple[str, ...]] = set()
    unknown: dict[tuple[str, ...], bool] = {}
    """By key, whether it has looked since."""
    marks: Counter[str] = Counter()
    for each in seen:
        key = _key(each)
        if each.what in _GETS:
            unknown = dict.fromkeys(unknown, True)
        if each.what is What.REMOVE and each.answered == 200:
            done = {own for own in done if own[0] != "deploy"}
        if key is None:
            continue
        if key in done:
            yield suspected(f"again, although it was done: {key}")
        elif key in unknown and (not unknown[key] or each.what in {What.TASK, What.ROLLOUT}):
            yield suspected(f"again, without knowing what became of it: {key}")
        if each.answered == 200:
            done.add(key)
            mark = _member(each, "reply_with") if each.what is What.SEND else None
            marks[str(mark)] += mark is not None
        elif each.method == "POST" and (not each.answered or each.answered >= 500):
            unknown[key] = False
    yield from (suspected(f"reply_with {m} for {n} messages") for m, n in marks.items() if n > 1)


def _talks(story: Story, seen: list[Seen]) -> Iterator[Complaint]:
    senders: dict[str, set[str]] = {}
    looks: Counter[str] = Counter()
    lost: Seen | None = None
    for each in seen:
        if each.what is What.HISTORY:
            looks[each.query.get("conversation_id", "")] += "cursor" not in each.query
            lost = None
        if each.what is not What.SEND:
            continue
        talk = str(_member(each, "conversation_id"))
        senders.setdefault(talk, set()).add(str(_member(each, "sender")))
        if lost is not None and _renamed(lost, each):
            yield suspected("a message that got no answer comes again under other ids")
        lost = each if not each.answered else None
    for talk, names in senders.items():
        if len(names) > 1:
            yield suspected(f"{talk}: {len(names)} senders")
    for talk, number in looks.items():
        if number > _LOOKS and story.style.awaits:
            yield suspected(f"{talk}: {number} looks for its replies")


def _renamed(first: Seen, second: Seen) -> bool:
    """Whether two messages say the same under different ids."""
    same = _member(first, "content") == _member(second, "content")
    return same and _key(first) != _key(second)


def _storms(seen: list[Seen]) -> Iterator[Complaint]:
    for what in {each.what for each in seen}:
        bad = [e.at for e in seen if e.what is what and not 0 < e.answered < 400]
        if any(late - early < _WINDOW for early, late in zip(bad, bad[_STORM - 1 :], strict=False)):
            yield suspected(f"{what}: hammers")
    for group, burst in _BURSTS:
        number = sum(each.what in group for each in seen)
        if number > burst:
            yield suspected(f"{number} of {sorted(group)}, where {burst} are a burst")


def _polls(seen: list[Seen]) -> Iterator[Complaint]:
    quick = 0
    for early, late in pairwise(seen):
        same = early.what in _GETS and (early.what, early.id) == (late.what, late.id) and late.id
        quick = quick + 1 if same and late.at - early.at < _QUICK else 0
        if quick == _QUICK_POLLS:
            yield suspected(f"{late.what}: polls each {(late.at - early.at) * 1000:.0f} ms")


def _waits(story: Story, seen: list[Seen]) -> Iterator[Complaint]:
    for n, each in enumerate(seen):
        due = each.answered == 503 and each.what in _USUAL
        if each.answered != 429 and not due:
            continue
        again = next((late for late in seen[n + 1 :] if late.what is each.what), None)
        if again is None and each.at < story.told - _IDLE:
            yield suspected(f"{each.what}: never again after a {each.answered}")
        elif again is not None and each.until and again.at < each.until - _EARLY:
            yield suspected(f"{each.what}: {each.until - again.at:.2f} s before the reset")


def _ghosts(seen: list[Seen]) -> Iterator[Complaint]:
    stopped: set[str] = set()
    gone: set[str] = set()
    for each in seen:
        receiver = str(_member(each, "receiver") or "") if each.what is What.SEND else ""
        if {each.id, receiver} & gone and each.what not in {What.GET, What.REMOVE}:
            yield suspected(f"{each.what}: to an agent that it has removed")
        elif receiver in stopped:
            yield suspected("sends to an agent that it has stopped")
        if each.answered == 200 and each.what is What.STOP:
            stopped.add(each.id)
        if each.answered == 200 and each.what is What.REMOVE:
            gone.add(each.id)


def _idleness(story: Story, seen: list[Seen]) -> Iterator[Complaint]:
    times = [each.at for each in seen if each.what is not What.CONNECT]
    times += [call.at for call in story.stage.calls]
    if story.style.once or (story.left is not None and story.left < story.told):
        return
    if story.told - max(times, default=0.0) > _IDLE + story.lag:
        yield suspected("does nothing any more")
    late = [at for at in times if at > story.told + 0.3 + 2 * story.lag]
    if late and not story.style.tidy:
        yield suspected(f"{len(late)} requests after it was told to stop")
