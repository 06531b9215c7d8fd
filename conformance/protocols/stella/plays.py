"""What a stella agent is given to do in the course of a life in which nothing goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from conformance.protocols.stella.biography import Way
from conformance.protocols.stella.foreman import Foreman

__all__ = [
    "BEHIND",
    "ODD_IDS",
    "Scene",
    "another_interval",
    "asked_to_end",
    "cancelled",
    "long_task",
    "many_tasks",
    "no_tasks",
    "normal_life",
    "odd_tasks",
    "stop_on_stream",
    "told_again",
    "two_ways",
]

Scene = Callable[[Foreman], Awaitable[None]]

_WAYS: tuple[Way, ...] = ("heartbeat", "stream", "poll")

ODD_IDS = ("a/b", "50%", "a b", "q?x=1#y", "a+b", "a%2Fb", "\u00e4\u4e2d", "A:b;c=d,e@f")
"""Legal texts, each of which a path must encode, or may."""

BEHIND = "behind"
"""What tasks are for that come when something is over."""

_LONG = 3.0
"""Seconds that a long task takes."""

_REACTION = 0.8
"""Seconds after which a task that was told on a stream runs."""

_MOMENT = 0.6
"""Seconds in which a second report comes, if it comes at all."""


async def normal_life(foreman: Foreman) -> None:
    """A task on each way that the agent uses, which tells on which it takes any; then several at
    once on each of these.
    """
    await foreman.arrive()
    await foreman.beats(2)
    book = foreman.book
    book.streams = bool(foreman.asked("taskStream"))
    book.polls = bool(foreman.asked("getPendingTasks"))
    used = [way for way, uses in zip(_WAYS, (True, book.streams, book.polls), strict=True) if uses]
    first: dict[Way, Mapping[str, Any]] = {}
    for way in used:
        task = foreman.task(f"by {way}")
        if foreman.tell(way, task):
            first[way] = task
    await foreman.first_done(task["taskId"] for task in first.values())
    await _learn(foreman, first)
    for way in book.ways:
        tasks = [foreman.task(f"several by {way}") for _ in range(3)]
        foreman.tell(way, *tasks)
        await foreman.done(task["taskId"] for task in tasks)
    await foreman.beats(2)


async def _learn(foreman: Foreman, first: Mapping[Way, Mapping[str, Any]]) -> None:
    """On which ways does it take tasks? What a poll told may be fetched by a heartbeat."""
    reported = {heard.parameters["taskId"] for heard in foreman.asked("completeTask")}
    polled = first.get("poll")
    ways = [way for way in first if first[way]["taskId"] in reported]
    if polled is not None and "poll" not in ways:
        foreman.tell("heartbeat", polled)
        await foreman.done([polled["taskId"]])
    foreman.book.ways = tuple(ways)


async def another_interval(foreman: Foreman) -> None:
    """Four intervals at least, with something to do in between."""
    await foreman.arrive()
    await foreman.beats(1)
    foreman.give(foreman.task("plain"))
    await foreman.beats(3)
    await foreman.live(0.6 * foreman.interval)


async def no_tasks(foreman: Foreman) -> None:
    await foreman.arrive()
    await foreman.live(max(foreman.stage.patience, 6 * foreman.interval))


async def many_tasks(foreman: Foreman) -> None:
    """Six, and five more while one of these runs; and as many on the stream."""
    await foreman.arrive()
    given: list[str] = []
    for way in foreman.book.ways[:2] or _WAYS[:1]:
        for count in (6, 5):
            lasting = [2.2 * foreman.interval, *[0.3] * (count - 1)]
            tasks = [foreman.long(f"wave by {way}", seconds) for seconds in lasting]
            if way != "stream" or await foreman.connected():
                foreman.tell(way, *tasks)
                given += [task["taskId"] for task in tasks]
            await foreman.beats(1)
    # One after the other, they may take this long.
    await foreman.done(given, len(given) + foreman.patience)
    await foreman.beats(2)


async def long_task(foreman: Foreman) -> None:
    """One that lasts for several heartbeats, and what comes after it."""
    await foreman.arrive()
    await foreman.beats(1)
    given = foreman.give(foreman.long("long", _LONG + foreman.interval))
    await foreman.done(given, _LONG + foreman.patience + 4)
    await foreman.beats(3)


async def cancelled(foreman: Foreman) -> None:
    """One is cancelled while it runs, one before it can begin; those beside them go on, also where
    an agent is so quick that the first two are done by then.
    """
    await foreman.arrive()
    if not await foreman.connected():
        return
    way: Way = "stream" if "stream" in foreman.book.ways else "heartbeat"
    stopped, kept = (foreman.long(name, _LONG) for name in ("stopped", "kept"))
    foreman.tell(way, stopped, kept)
    await foreman.live(_REACTION if way == "stream" else 1.5 * foreman.interval + _REACTION)
    foreman.cancel(stopped["taskId"])
    going_on = [kept["taskId"]]
    if way == "stream":
        early, beside = (foreman.long(name, _LONG) for name in ("early", "beside"))
        foreman.tell(way, early, beside)
        foreman.cancel(early["taskId"])
        going_on.append(beside["taskId"])
    await foreman.done(going_on, 3 * _LONG + foreman.patience)
    await foreman.live(_LONG)  # what was not stopped would be done by now
    await foreman.beats(2)
    if way == "stream" and "heartbeat" in foreman.book.ways:
        await _stop_one(foreman, "heartbeat")
    given = foreman.give(foreman.task(BEHIND))
    pushed = foreman.task(BEHIND)
    if way == "stream" and foreman.tell(way, pushed):
        given.append(pushed["taskId"])
    await foreman.done(given, max(5.0, foreman.patience))


async def stop_on_stream(foreman: Foreman) -> None:
    """What was told on the stream that is there now is cancelled on it while it runs."""
    if "stream" in foreman.book.ways and await foreman.connected():
        await _stop_one(foreman, "stream")
        await foreman.live(_LONG)  # what was not stopped would be done by now


async def _stop_one(foreman: Foreman, way: Way) -> None:
    """A task that comes on that way is cancelled while it runs."""
    stopped = foreman.long("stopped", _LONG)
    foreman.tell(way, stopped)
    await foreman.handed(stopped["taskId"])
    await foreman.live(_REACTION)
    foreman.cancel(stopped["taskId"])


async def two_ways(foreman: Foreman) -> None:
    """The same task is told on all ways that the agent uses, a short one and a longer one."""
    await foreman.arrive()
    ways = foreman.book.ways
    if len(ways) < 2:
        return
    await foreman.beats(1)
    tasks = [foreman.long("by all ways", 1.6), foreman.task("by all ways")]
    for way in ways:
        foreman.tell(way, *tasks)
    await foreman.done((task["taskId"] for task in tasks), foreman.patience + 3)
    await foreman.beats(2)
    await foreman.live(_MOMENT + 1.6)


async def told_again(foreman: Foreman) -> None:
    """A task is told again while it runs, and when it is done."""
    await foreman.arrive()
    await foreman.beats(1)
    running = foreman.long("again", 2.2 * foreman.interval)
    done = foreman.task("again")
    for _ in range(2):
        foreman.give(running)
        await foreman.beats(1)
    foreman.give(done)
    ids = [running["taskId"], done["taskId"]]
    if not await foreman.done(ids, foreman.patience + 4):
        return
    await foreman.live(_MOMENT)
    foreman.mark("after completion")
    for _ in range(2):
        foreman.give(running, done)
        await foreman.beats(1)
    await foreman.live(2.5 * foreman.interval)


async def odd_tasks(foreman: Foreman) -> None:
    """Of a type that nobody knows, with ids of every form, with much in them and with nothing, and
    two that ask for the very same.
    """
    await foreman.arrive()
    await foreman.beats(1)
    strange = [
        foreman.task("unknown type", taskType=name) for name in ("assay.unheard-of", "juggle")
    ]
    odd = [foreman.task("odd id", taskId=name) for name in ODD_IDS]
    forms: list[dict[str, Any]] = [
        {"payload": {}, "credentials": {}},
        {"credentials": {}},
        {"payload": {"image": "assay.invalid/nothing", "note": "\u00e4\u4e2d\U0001f916 " * 6000}},
    ]
    plain = [foreman.task("form", **fields) for fields in forms]
    first = foreman.task("twin")
    plain += [first, foreman.task("twin", payload=first["payload"])]
    for tasks in (strange, odd, plain):
        given = foreman.give(*tasks)
        await foreman.done(given, foreman.patience + len(given) / 2)
    await foreman.beats(1)


async def asked_to_end(foreman: Foreman) -> None:
    """It is in the middle of something when it is told to end."""
    await foreman.arrive()
    await foreman.beats(1)
    foreman.give(foreman.long("never finished", 30.0))
    await foreman.beats(1)
    await foreman.live(1.0)
