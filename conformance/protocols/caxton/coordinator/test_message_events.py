"""What subscribers are told of messages: all of it, once, in order, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.herald import Herald, Word
from conformance.protocols.caxton.watch import Watch

_DOCUMENTED = (
    "agent.deployed",
    "agent.failed",
    "message.sent",
    "task.completed",
    "system.alert",
)


def _sent(watch: Watch, word: Word) -> list[Frame]:
    return [frame for frame in word.told(watch.socket) if frame.value("/type") == "message.sent"]


@requirement(
    *(f"CAXTON-EVT-{number:03}" for number in (19, 20, 21, 22, 28, 29, 30, 32)),
    "CAXTON-SUB-001",
    "CAXTON-SUB-003",
    "CAXTON-SUB-018",
)
async def test_flow_messages_are_told(
    client: Client, crew: Crew, herald: Herald, judge: Judge
) -> None:
    mate, other, third = await crew.mates(client, 3)
    early = await herald.say(mate)
    first, second, agents, idle = [
        await client.watch(label) for label in ("first", "second", "of agents", "idle")
    ]
    await first.subscribe("message.sent")
    await second.subscribe("agent.failed", "message.sent")
    await agents.subscribe("agent.*")
    words = [
        await herald.say(mate, performative="request"),
        await herald.say(other, performative="inform", content={"läuft": ["grün", {"n": 2}]}),
        await herald.say(mate, performative="not-understood"),
        await herald.say(third, performative="agree", in_reply_to=client.new("reply")),
        await herald.say(other, performative="propose"),
    ]
    refused = client.message(client.new("nobody"), performative="inform")
    refusal = await client.call("sendMessage", body=refused, served=False)
    between = await herald.between(mate, other, performative="inform")
    words += [between] if between else []
    words.append(await herald.say(mate))
    for word in words:
        frame = await herald.told("CAXTON-EVT-019", first.socket, word, "a subscriber")
        await herald.told("CAXTON-EVT-030", second.socket, word, "a second subscriber")
        who = "a subscriber to agent.failed and message.sent"
        await herald.told("CAXTON-SUB-001", second.socket, word, who)
        if frame is not None:
            _judge_names(judge, word, frame)
    await herald.silence()
    for watch in (first, second):
        _judge_once_in_order(judge, watch, words)
    herald.untold("CAXTON-EVT-032", first.socket, early, "who subscribed later")
    if not refusal.ok:
        spoken = [f for f in first.socket.frames if f.value("/from") == refused["sender"]]
        wrong = "a message that was refused is told as sent"
        judge.holds("CAXTON-EVT-022", not spoken, wrong, refusal, *spoken[:1])
    others = [f for f in first.events() if f.value("/type") in set(_DOCUMENTED) - {"message.sent"}]
    wrong = "a subscriber to message.sent is told of something else"
    judge.holds("CAXTON-SUB-001", not others, wrong, *others[:1])
    for word in words:
        herald.untold("CAXTON-SUB-003", agents.socket, word, "a subscriber to agent.*")
    unasked = [f for f in idle.events() if f.value("/type") in _DOCUMENTED]
    wrong = "who has subscribed to nothing is told of an event"
    judge.holds("CAXTON-SUB-018", not unasked, wrong, *unasked[:1])


def _judge_names(judge: Judge, word: Word, frame: Frame) -> None:
    kind = frame.value("/type")
    wrong = f"a message is told as {kind!r}"
    judge.holds("CAXTON-EVT-019", kind == "message.sent", wrong, word.exchange, frame)
    named = {
        "/message_id": word.id,
        "/to": word.said["receiver"],
        "/performative": word.said["performative"],
    }
    for pointer, wanted in named.items():
        told = frame.value(pointer)
        wrong = f"{pointer[1:]} of a message.sent is {told!r}, not {wanted!r}"
        judge.holds("CAXTON-EVT-020", told == wanted, wrong, word.exchange, frame, pointer=pointer)
    told, wanted = frame.value("/from"), word.said["sender"]
    wrong = f"from of a message.sent is {told!r}, not {wanted!r}"
    judge.holds("CAXTON-EVT-021", told == wanted, wrong, word.exchange, frame, pointer="/from")


def _judge_once_in_order(judge: Judge, watch: Watch, words: Sequence[Word]) -> None:
    told = [_sent(watch, word) for word in words]
    twice = next((frames for frames in told if len(frames) > 1), [])
    wrong = f"one message is told {len(twice)} times to one subscription"
    judge.holds("CAXTON-EVT-028", not twice, wrong, *twice[:2])
    firsts = [frames[0] for frames in told if frames]
    order = [watch.socket.frames.index(frame) for frame in firsts]
    wrong = "messages that were sent one after the other are told in another order"
    judge.holds("CAXTON-EVT-029", order == sorted(order), wrong, *firsts[:3])


@requirement("CAXTON-EVT-031", "CAXTON-EVT-028")
async def test_burst_is_told_in_full(
    client: Client, crew: Crew, herald: Herald, judge: Judge
) -> None:
    mates = await crew.mates(client, 2)
    watch, slow = await client.watch("watcher"), await client.watch("subscribed to more")
    await watch.subscribe("message.sent")
    await slow.subscribe("message.sent", "agent.*", "task.completed")
    words = await asyncio.gather(
        *(herald.say(mates[i % 2], content={"number": i}) for i in range(120))
    )
    for each in (watch, slow):
        for word in words:
            if await herald.hears(each.socket, word) is None:
                break
        missing = [word for word in words if not word.told(each.socket)]
        wrong = f"of {len(words)} messages at the same time {len(missing)} are not told"
        shown = [word.exchange for word in missing[:1]]
        judge.holds("CAXTON-EVT-031", not missing, wrong, *shown)
        twice = next((f for word in words if len(f := _sent(each, word)) > 1), [])
        judge.holds("CAXTON-EVT-028", not twice, "a message is told twice", *twice[:2])
