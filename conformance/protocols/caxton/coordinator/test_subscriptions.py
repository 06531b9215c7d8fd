"""Who is told what: filters, several subscriptions, and their ends."""

from __future__ import annotations

from conformance.clients.websocket import Socket
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.herald import Herald, Word
from conformance.protocols.caxton.watch import Watch

_Group = tuple[Watch, list[Word | None]]
"""A subscriber and messages of which it must be told one: who speaks may count, or who hears."""


def _wants_both(whole: list[_Group], rest: list[_Group]) -> bool:
    """Silence 4: do an agent that speaks and one that hears count together alone? Then what is said
    between two that are named is told, and nothing of one that is named alone.
    """
    between = [word.told(watch.socket) for watch, words in whole for word in words if word]
    single = [word.told(watch.socket) for watch, words in rest for word in words if word]
    return bool(between) and all(between) and not any(single)


async def _one_of(
    herald: Herald, row: str, watch: Watch, words: list[Word | None], who: str
) -> None:
    """Whether what an agent says or what is said to it counts is left open: one of the two must."""
    judged = [word for word in words if word is not None]
    if len(judged) < len(words):
        return  # only one of the two could be tried
    first, second = judged
    if not first.told(watch.socket) and not second.told(watch.socket):
        await herald.told(row, watch.socket, first, who)
    else:
        herald.judge.holds(row, True, "")


_IDS = "CAXTON-SUB-005"
_IDS_OF_MESSAGES = "CAXTON-SUB-025"


async def _judge_agent_ids(
    herald: Herald, named: list[_Group], foreign: list[tuple[Watch, Word]]
) -> None:
    """What a filter by agent_ids makes of messages. Their events carry no agent_id: a peer that
    therefore tells all of them, or none, has a reading of its own; any other must be the one.
    """
    whole = [(watch, words) for watch, words in named if None not in words]
    if _wants_both(named[:1], named[1:]):
        whole = named[:1]
    known = {any(word.told(watch.socket) for word in words if word) for watch, words in whole}
    alien = {bool(word.told(watch.socket)) for watch, word in foreign}
    row = _IDS_OF_MESSAGES if len(known | alien) == 1 else _IDS
    for watch, words in whole:
        await _one_of(herald, row, watch, words, "who asked for an agent that speaks or hears")
    for watch, word in foreign:
        herald.untold(row, watch.socket, word, "who asked for other agents")
    if row == _IDS:
        herald.judge.holds(_IDS_OF_MESSAGES, True, "")


@requirement(*(f"CAXTON-SUB-{number:03}" for number in (1, 5, 6, 7, 8, 9, 10, 25)))
async def test_flow_filters(client: Client, crew: Crew, herald: Herald) -> None:
    mate, other, third = await crew.mates(client, 3)
    pair, single, spoken, both, ids, one_id, everything, trio, fourth, typed = [
        await client.watch(name)
        for name in (
            *("pair", "single", "spoken", "both", "ids", "one id", "everything"),
            *("trio", "fourth", "typed"),
        )
    ]
    await pair.subscribe(filter={"agents": [mate.id, other.id]})
    await single.subscribe(filter={"agents": [mate.id]})
    await spoken.subscribe(filter={"performatives": ["inform", "propose"]})
    await both.subscribe(filter={"agents": [mate.id, other.id], "performatives": ["inform"]})
    await ids.subscribe("message.sent", agents=[mate.id, other.id])
    await one_id.subscribe("message.sent", agents=[mate.id])
    await everything.subscribe("message.sent")
    await trio.subscribe(filter={"agents": [third.id, other.id, mate.id]})
    await fourth.subscribe(filter={"performatives": ["propose", "refuse", "failure", "inform"]})
    await typed.subscribe("agent.failed", "task.completed", "system.alert", "message.sent")
    between = [await herald.between(mate, other), await herald.between(other, mate)]
    apart = await herald.between(mate, other, performative="refuse")
    said = await herald.say(mate)
    says = await herald.between(mate, third)
    alone = [await herald.say(other), await herald.between(other, third)]
    foreign = [await herald.say(third, performative=word) for word in ("inform", "propose")]
    odd = await herald.say(third, performative="refuse")
    last = await herald.say(third, performative="failure")
    await herald.hears(everything.socket, last)
    for word in filter(None, between):
        await herald.told("CAXTON-SUB-006", pair.socket, word, "who asked for both agents")
        await herald.told("CAXTON-SUB-010", both.socket, word, "who asked for just that")
    for word in foreign:
        await herald.told("CAXTON-SUB-008", spoken.socket, word, "who asked for what it speaks")
    await herald.silence()
    strange = [*foreign, odd, last]
    named = [(ids, between), (ids, [said, says]), (ids, alone), (one_id, [said, says])]
    elsewhere = [(each, word) for word in strange for each in (ids, one_id)]
    elsewhere += [(one_id, word) for word in alone if word is not None]
    await _judge_agent_ids(herald, named, elsewhere)
    who = "who asked for an agent that speaks or is spoken to"
    one_named: list[_Group] = [(single, [said, says]), (pair, alone)]
    if not _wants_both([(pair, between)], one_named):
        for watch, words in one_named:
            await _one_of(herald, "CAXTON-SUB-006", watch, words, who)
    if said.told(single.socket):  # so whoever is spoken to counts here, and does so as the third
        await herald.told("CAXTON-SUB-006", trio.socket, said, who)
    await herald.told("CAXTON-SUB-008", fourth.socket, said, "who asked for it as the fourth")
    await herald.told("CAXTON-SUB-001", typed.socket, said, "who asked for its type as the fourth")
    for word in filter(None, alone):
        herald.untold("CAXTON-SUB-007", single.socket, word, "who asked for another agent")
    for word in strange:
        for watch in (pair, single):
            herald.untold("CAXTON-SUB-007", watch.socket, word, "who asked for other agents")
        herald.untold("CAXTON-SUB-010", both.socket, word, "who asked for other agents")
    for word in filter(None, (odd, last, apart)):
        who = "who asked for other performatives"
        herald.untold("CAXTON-SUB-009", spoken.socket, word, who)
        herald.untold("CAXTON-SUB-010", both.socket, word, who)


# Acknowledgements and ends of subscriptions


async def _later_one_ends(client: Client, herald: Herald, mate: Agent) -> None:
    """Of two subscriptions the second is ended: the first goes on."""
    watch = await client.watch("keeps the first")
    await watch.subscribe(filter={"performatives": ["inform"]})
    later = await watch.subscribe(filter={"performatives": ["propose"]})
    if not later:
        return
    await watch.unsubscribe(later)
    since = watch.mark()
    proposal = await herald.say(mate, performative="propose")
    inform = await herald.say(mate)
    await herald.told("CAXTON-SUB-014", watch.socket, inform, "who kept its first subscription")
    await herald.silence()
    herald.untold("CAXTON-SUB-013", watch.socket, proposal, "who has unsubscribed", since)


@requirement(*(f"CAXTON-SUB-{number:03}" for number in (11, 12, 13, 14, 15, 16, 17)))
async def test_flow_unsubscriptions(
    client: Client, crew: Crew, herald: Herald, judge: Judge
) -> None:
    mate = await crew.mate(client)
    watch, other, stranger = [await client.watch(name) for name in ("watcher", "other", "stranger")]
    informs = await watch.subscribe(filter={"performatives": ["inform"]})
    proposals = await watch.subscribe(filter={"performatives": ["propose"]})
    theirs = await other.subscribe("message.sent")
    others = await stranger.subscribe("agent.*")
    known = [informs, proposals, theirs, others]
    acknowledged = all(known)
    frames = [*watch.socket.frames[-1:], *other.socket.frames[-1:]]
    wrong = "a subscription is not acknowledged with its subscription_id"
    judge.holds("CAXTON-SUB-011", acknowledged, wrong, *frames)
    if acknowledged:
        wrong = f"subscriptions share a subscription_id: {known}"
        judge.holds("CAXTON-SUB-012", len(set(known)) == len(known), wrong, *frames)
    await _ends_nothing(herald, mate, watch, stranger)
    if not acknowledged or len(set(known)) < len(known):
        raise UnjudgeableError("which subscription is which is not told")
    # Each is in force, and still is when somebody else has named it.
    offender = await client.watch("offender")
    await offender.unsubscribe(informs)
    inform = await herald.say(mate)
    await herald.told("CAXTON-SUB-016", watch.socket, inform, "who did not unsubscribe")
    await watch.unsubscribe(informs)
    since = watch.mark()
    inform = await herald.say(mate)
    proposal = await herald.say(mate, performative="propose")
    await herald.told("CAXTON-SUB-014", watch.socket, proposal, "who kept this subscription")
    await herald.told("CAXTON-SUB-015", other.socket, inform, "a subscriber elsewhere")
    await herald.silence()
    herald.untold("CAXTON-SUB-013", watch.socket, inform, "who has unsubscribed", since)
    await _later_one_ends(client, herald, mate)
    await watch.unsubscribe(proposals)
    since = watch.mark()
    proposal = await herald.say(mate, performative="propose")
    await herald.told("CAXTON-SUB-015", other.socket, proposal, "a subscriber elsewhere")
    await herald.silence()
    herald.untold("CAXTON-SUB-013", watch.socket, proposal, "who has unsubscribed", since)
    again = await watch.subscribe(filter={"performatives": ["inform"]})
    inform = await herald.say(mate)
    await herald.told("CAXTON-SUB-014", watch.socket, inform, "who subscribed again")
    judge.holds("CAXTON-SUB-011", again is not None, "a later one is not", *frames)


async def _ends_nothing(herald: Herald, mate: Agent, watch: Watch, stranger: Watch) -> None:
    """Unsubscribing what there is not."""
    await stranger.unsubscribe(herald.client.new("subscription"))
    await herald.settle(stranger.socket)
    ended = stranger.socket.closed
    wrong = "after an unsubscription by an unknown id the connection is ended"
    shown = [] if ended is None else [ended]
    herald.judge.holds("CAXTON-SUB-017", ended is None, wrong, *shown)
    word = await herald.say(mate)
    await herald.told("CAXTON-SUB-017", watch.socket, word, "a subscriber")
    if ended is None:
        await stranger.subscribe(filter={"performatives": ["inform"]})
        word = await herald.say(mate)
        await herald.told("CAXTON-SUB-017", stranger.socket, word, "who subscribed after it")


@requirement("CAXTON-SUB-014", "CAXTON-SUB-019", "CAXTON-SUB-020")
async def test_flow_subscriptions_overlap(client: Client, crew: Crew, herald: Herald) -> None:
    mate = await crew.mate(client)
    watch = await client.watch()
    await watch.subscribe("message.sent")
    await watch.subscribe(filter={"performatives": ["inform", "propose"]})
    apart = await client.watch("types apart")
    for kind in ("message.sent", "task.completed"):
        await apart.subscribe(kind)
    words = [await herald.say(mate, performative=word) for word in ("inform", "refuse")]
    for word in words:
        await herald.told("CAXTON-SUB-019", watch.socket, word, "who subscribed twice")
        who = "who has also subscribed to something else since"
        await herald.told("CAXTON-SUB-019", apart.socket, word, who)
    await _judge_beside(client, crew, herald)
    await herald.silence()
    for word, most in zip(words, (2, 1), strict=True):
        told = [f for f in word.told(watch.socket) if f.value("/type") == "message.sent"]
        wrong = f"a message that {most} of the subscriptions name is told {len(told)} times"
        herald.judge.holds("CAXTON-SUB-020", len(told) <= most, wrong, word.exchange, *told[:3])


async def _judge_beside(client: Client, crew: Crew, herald: Herald) -> None:
    """A filter is for its own subscription; and of two that are alike one goes on."""
    mate, other = await crew.mates(client, 2)
    mixed = await client.watch("filtered first")
    await mixed.subscribe("message.sent", agents=[other.id])
    await mixed.subscribe("message.sent")
    twins = await client.watch("alike")
    first, second = [await twins.subscribe("message.sent") for _ in range(2)]
    if first and second and first != second:
        await twins.unsubscribe(first)
    word = await herald.say(mate)
    who = "who subscribed without a filter after one with"
    await herald.told("CAXTON-SUB-019", mixed.socket, word, who)
    await herald.told("CAXTON-SUB-014", twins.socket, word, "who kept the other of two alike")


# Ends of connections


@requirement("CAXTON-SUB-021", "CAXTON-SUB-022", "CAXTON-SUB-023")
async def test_flow_connections_end(client: Client, crew: Crew, herald: Herald) -> None:
    mate = await crew.mate(client)
    stays = await client.watch("stays")
    await stays.subscribe("message.sent")
    for ending in ("closed", "torn"):
        gone = await client.watch("goes")
        await gone.subscribe("message.sent")
        before = await herald.say(mate)
        await herald.told("CAXTON-SUB-022", gone.socket, before, "a new connection")
        if ending == "closed":
            await gone.socket.close()
        else:
            gone.socket.abort()
        lost = await herald.say(mate)
        again, fresh = await client.watch("came again"), await client.watch("subscribes")
        await again.subscribe("agent.*")
        await fresh.subscribe("message.sent")
        word = await herald.say(mate)
        await herald.told("CAXTON-SUB-022", fresh.socket, word, f"who came after one was {ending}")
        for each in (lost, word):
            who = f"a subscriber, after another connection was {ending},"
            await herald.told("CAXTON-SUB-023", stays.socket, each, who)
        await herald.silence()
        for each in (lost, word):
            who = "who did not subscribe to messages on this connection"
            herald.untold("CAXTON-SUB-021", again.socket, each, who)


@requirement("CAXTON-SUB-028")
async def test_a_subscription_outlives_an_agent(client: Client, crew: Crew, herald: Herald) -> None:
    """Whoever asked for several agents is told of the others when one of them is removed."""
    if not client.clock.free:
        raise UnjudgeableError("it costs too many deployments")
    await client.clock.refill()
    mate, other = await crew.mates(client, 2)
    gone = await crew.spare(client)
    watch = await client.watch()
    await watch.subscribe(filter={"agents": [mate.id, gone.id, other.id]})
    said = [await herald.say(mate), await herald.between(mate, other)]
    await herald.settle(watch.socket)
    await herald.silence()
    if not any(word.told(watch.socket) for word in said if word is not None):
        raise UnjudgeableError("a subscriber by agents is told of none so soon")
    first = said[0] is not None and bool(said[0].told(watch.socket))
    await client.remove(gone, served=False)
    word = await (herald.say(mate) if first else herald.between(mate, other))
    if word is not None:
        who = "who asked for several agents, of whom one was removed,"
        await herald.told("CAXTON-SUB-028", watch.socket, word, who)


@requirement("CAXTON-SUB-024")
async def test_flow_unknown_types(client: Client, crew: Crew, herald: Herald, judge: Judge) -> None:
    mate = await crew.mate(client)
    watch, alone = await client.watch("of both"), await client.watch("of unknown ones")
    await watch.subscribe("message.sent")
    for odd in (["lighthouse.lit"], ["lighthouse.*"], ["message.sent.twice", "messages"]):
        for each in (watch, alone):
            await each.subscribe(*odd)
    for name, each in (("of both", watch), ("of unknown ones", alone)):
        ended = each.socket.closed
        wrong = f"a subscription to unknown types ends the connection {name}"
        judge.holds("CAXTON-SUB-024", ended is None, wrong, *([ended] if ended else []))
    word = await herald.say(mate)
    if isinstance(watch.socket, Socket) and watch.socket.closed is None:
        await herald.told("CAXTON-SUB-024", watch.socket, word, "who subscribed to messages too")
    await herald.silence()
    herald.untold("CAXTON-SUB-024", alone.socket, word, "who subscribed to unknown types")
