"""The history of messages: what is in it, and how it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.clock import TOLERANCE
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.talk import PAGE, Talk, known_as, rows_of, texts_of
from conformance.times import parse_time

_LONG = 23
"""Messages of a conversation that is longer than the shortest pages."""


@requirement(
    "CAXTON-HIS-012",
    "CAXTON-HIS-013",
    "CAXTON-HIS-014",
    "CAXTON-HIS-015",
    "CAXTON-HIS-016",
    "CAXTON-HIS-019",
    "CAXTON-HIS-021",
    "CAXTON-HIS-022",
    "CAXTON-HIS-026",
    "CAXTON-HIS-030",
    "CAXTON-HIS-031",
)
async def test_flow_messages_are_remembered(client: Client, crew: Crew, judge: Judge) -> None:
    """Two conversations with two agents each, by turns."""
    await client.clock.refill()
    agents = await crew.mates(client, 2)
    talks = [Talk(client), Talk(client)]
    before = client.clock.now()
    for number, performative in enumerate(("request", "inform")):
        for talk in talks:
            content = {"turn": number, "of": talk.id}
            await talk.say(agents[number % 2], performative=performative, content=content)
            more = {"in_reply_to": client.new("word"), "ontology": "harbour", "language": "sl0"}
            partner = agents[1 - number % 2]
            await talk.say(partner, performative="inform", content=content, **more)
    alone = await _say_bare(client, talks[0].sender, agents[0])
    now = client.clock.now()
    for talk, other in (talks, reversed(talks)):
        seen = await talk.remembered()
        stray = alone.ok and alone.at("/message_id") in texts_of(seen)
        wrong = "a message of no conversation is in the history of one"
        judge.holds("CAXTON-HIS-016", not stray, wrong, alone, seen, pointer="/messages")
        _judge_there(judge, talk, seen)
        _judge_as_sent(judge, talk, seen)
        _judge_times(judge, talk, seen, before - client.clock.lag, now)
        _judge_apart(judge, talk, other, seen)
        _judge_once(judge, seen)
        _judge_whole(judge, talk, seen)
    await _judge_unfiltered(client, judge, talks)
    await client.clock.pass_by(_LATER if client.clock.can_jump else 0.0)
    _judge_times(judge, talks[0], await talks[0].history(), before - client.clock.lag, now)
    if client.clock.can_jump:
        await client.clock.jump(_HOURS)
        late = await talks[1].history()
        missing = talks[1].taken.keys() - set(texts_of(late))
        wrong = f"of {len(talks[1].taken)} messages {len(missing)} are forgotten after two hours"
        judge.holds("CAXTON-HIS-031", late.ok and not missing, wrong, late, pointer="/messages")
    else:
        judge.inconclusive("CAXTON-HIS-031", "the target has no hook 'advance'")


async def _say_bare(client: Client, sender: str, receiver: Agent) -> Exchange:
    """A message of no conversation."""
    bare = {"performative": "inform", "sender": sender, "receiver": receiver.id, "content": {}}
    return await client.call("sendMessage", body=bare, served=False)


async def _judge_unfiltered(client: Client, judge: Judge, talks: Sequence[Talk]) -> None:
    """Of all conversations, in whatever order: whether that may be asked for is unsaid."""
    seen = await client.call("queryMessages", query={"limit": str(PAGE)}, served=False)
    if not seen.ok:
        judge.inconclusive("CAXTON-HIS-030", f"without a conversation it is {seen.outcome}")
        return
    taken = {found: message for talk in talks for found, message in talk.taken.items()}
    rows = rows_of(seen)
    known = [(row, sent) for row in rows if (sent := taken.get(known_as(row))) is not None]
    other = [
        known_as(row)
        for row, sent in known
        if any(row.get(name) != sent[name] for name in ("performative", "receiver", "content"))
    ]
    wrong = f"without a conversation {len(rows)} messages are shown, {len(other)} of them otherwise"
    judge.holds("CAXTON-HIS-030", bool(rows) and not other, wrong, seen, pointer="/messages")


_HOURS = 7200.0
"""Seconds after which a history is still one: two hours."""

_LATER = 3 * TOLERANCE
"""Seconds after which a time that is not that of the message gives itself away."""


def _judge_there(judge: Judge, talk: Talk, seen: Exchange) -> None:
    missing = talk.taken.keys() - set(texts_of(seen))
    wrong = f"of {len(talk.taken)} messages {len(missing)} are not in the history"
    shown = [said for said in talk.answers if said.at("/message_id") in missing][:1]
    for row in ("CAXTON-HIS-012", "CAXTON-HIS-016"):
        judge.holds(row, seen.ok and not missing, wrong, *shown, seen, pointer="/messages")


def _judge_as_sent(judge: Judge, talk: Talk, seen: Exchange) -> None:
    for number, row in enumerate(rows_of(seen)):
        sent = talk.taken.get(known_as(row))
        if sent is None:
            continue
        for name in ("performative", "sender", "receiver"):
            judge.equal("CAXTON-HIS-013", seen, f"/messages/{number}/{name}", sent[name])
        judge.equal("CAXTON-HIS-014", seen, f"/messages/{number}/content", sent["content"])
        more = {name: row[name] for name in _MORE if row.get(name) is not None}
        other = {name: value for name, value in more.items() if value != sent.get(name)}
        wrong = f"the history shows {other} of a message that was sent otherwise"
        judge.holds("CAXTON-HIS-026", not other, wrong, seen, pointer=f"/messages/{number}")


_MORE = ("conversation_id", "reply_with", "in_reply_to", "ontology", "language")
"""What the history need not show of a message."""


def _judge_times(judge: Judge, talk: Talk, seen: Exchange, before: float, after: float) -> None:
    for number, row in enumerate(rows_of(seen)):
        if known_as(row) not in talk.taken:
            continue
        told = parse_time(row.get("timestamp"))
        at = told.timestamp() if told else 0.0
        judge.holds(
            "CAXTON-HIS-015",
            before - TOLERANCE <= at <= after + TOLERANCE,
            f"a message that was sent just now has the timestamp {row.get('timestamp')}",
            seen,
            pointer=f"/messages/{number}/timestamp",
        )


def _judge_apart(judge: Judge, talk: Talk, other: Talk, seen: Exchange) -> None:
    ids = set(texts_of(seen))
    strays = len(ids & other.taken.keys()) + len(talk.strange(seen))
    wrong = f"the history of a conversation shows {strays} messages of another"
    judge.holds("CAXTON-HIS-016", not strays, wrong, seen, pointer="/messages")


def _judge_once(judge: Judge, *pages: Exchange) -> None:
    many = {found: n for found, n in Counter(_all(pages)).items() if n > 1}
    wrong = f"messages are shown more than once: {many}"
    judge.holds("CAXTON-HIS-019", not many, wrong, *pages[:2], pointer="/messages")


def _all(pages: Sequence[Exchange]) -> list[str]:
    return [found for page in pages for found in texts_of(page)]


def _judge_whole(judge: Judge, talk: Talk, seen: Exchange) -> None:
    """All of it is on the one page, which is the last therefore."""
    count = len(rows_of(seen))
    if not seen.ok or not talk.taken.keys() <= set(texts_of(seen)):
        return
    judge.equal("CAXTON-HIS-021", seen, "/total", count)
    cursor = seen.at("/next_cursor")
    fine = cursor is MISSING or cursor in (None, "")
    wrong = f"the one page of a conversation of {count} messages has the next_cursor {cursor!r}"
    judge.holds("CAXTON-HIS-022", fine, wrong, seen, pointer="/next_cursor")


@requirement(
    "CAXTON-HIS-012",
    "CAXTON-HIS-016",
    "CAXTON-HIS-019",
    "CAXTON-HIS-020",
    "CAXTON-HIS-021",
    "CAXTON-HIS-022",
    "CAXTON-HIS-023",
    "CAXTON-HIS-027",
    "CAXTON-HIS-028",
)
async def test_flow_pages(client: Client, crew: Crew, judge: Judge) -> None:
    """A conversation of seven messages, by pages of three, one and seven."""
    agents = await crew.mates(client, 2)
    talk, other = Talk(client), Talk(client)
    turns = [(talk, agents[n % 2]) for n in range(7)] + [(other, agents[0])] * 3
    await asyncio.gather(*(each.say(agent, performative="inform") for each, agent in turns))
    whole = await talk.settled()
    _judge_there(judge, talk, whole)
    _judge_apart(judge, talk, other, whole)
    pages, heeded = await talk.walk(3)
    one, exact = await talk.history(limit=1), await talk.history(limit=len(rows_of(whole)) or 1)
    for limit, page in ((1, one), *((3, page) for page in pages)):
        count = len(rows_of(page))
        wrong = f"a page with the limit {limit} shows {count} messages"
        judge.holds("CAXTON-HIS-020", count <= limit, wrong, page, pointer="/messages")
    _judge_once(judge, exact)
    _judge_whole(judge, talk, exact)
    for page in (one, *pages[:1]):
        judge.equal("CAXTON-HIS-021", page, "/total", len(rows_of(whole)), whole)
    for page in (whole, one, *pages[:1]):
        _judge_total(judge, talk, page)
    for page in (one, *pages[:1]):
        _judge_further(judge, talk, page)
    _judge_walk(judge, talk, pages, heeded=heeded)
    await _judge_long(client, judge, agents[0])


async def _judge_long(client: Client, judge: Judge, agent: Agent) -> None:
    """A conversation of more messages than ten, whatever the longest page is."""
    talk = Talk(client)
    for _ in range(_LONG):
        await talk.say(agent, performative="inform")
    seen = await talk.remembered()
    _judge_total(judge, talk, seen)
    _judge_further(judge, talk, seen)


def _judge_total(judge: Judge, talk: Talk, page: Exchange) -> None:
    """Whether it counts the conversation or all there is, these are among them."""
    total = page.at("/total")
    wrong = f"of a conversation of {len(talk.taken)} messages the total is {total}"
    fine = isinstance(total, int) and total >= len(talk.taken)
    judge.holds("CAXTON-HIS-028", fine or not page.ok, wrong, page, pointer="/total")


def _judge_further(judge: Judge, talk: Talk, page: Exchange) -> None:
    """A first page that lacks messages which were taken says how to come to them."""
    if not page.ok or talk.taken.keys() <= set(texts_of(page)):
        return
    cursor = page.at("/next_cursor")
    wrong = f"a page shows {len(rows_of(page))} of {len(talk.taken)} messages, and no next_cursor"
    fine = isinstance(cursor, str) and cursor != ""
    judge.holds("CAXTON-HIS-027", fine, wrong, page, pointer="/next_cursor")


def _judge_walk(judge: Judge, talk: Talk, pages: Sequence[Exchange], *, heeded: bool) -> None:
    if not heeded:
        judge.inconclusive("CAXTON-HIS-023", "the peer takes next_cursor by another name")
        return
    last, ids = pages[-1], _all(pages)
    missing = talk.taken.keys() - set(ids)
    again = len(ids) - len(set(ids))
    ended = last.ok and last.at("/next_cursor") in (MISSING, None, "")
    judge.holds(
        "CAXTON-HIS-023",
        ended and not missing and not again,
        f"a walk by next_cursor shows {len(set(ids))} messages on {len(pages)} pages: it lacks "
        f"{len(missing)}, shows {again} again and {'ends' if ended else 'has no end'}",
        *pages[:3],
        pointer="/next_cursor",
    )


def _judge_alike(judge: Judge, talk: Talk, other: Talk, seen: Exchange) -> None:
    """Names that differ are other names; only of capitals it may be thought otherwise."""
    strays = len(other.taken.keys() & set(texts_of(seen)))
    wrong = f"the history of {talk.id!r} shows {strays} messages of {other.id!r}"
    row = "CAXTON-HIS-017" if talk.id.lower() == other.id.lower() else "CAXTON-HIS-016"
    judge.holds(row, seen.ok and not strays, wrong, seen, pointer="/messages")


@requirement("CAXTON-HIS-012", "CAXTON-HIS-016", "CAXTON-HIS-017", "CAXTON-HIS-018")
@from_profile("standard")
async def test_flow_names_of_conversations(client: Client, crew: Crew, judge: Judge) -> None:
    """Conversations whose names are alike, and one whose name must be encoded."""
    agent = await crew.mate(client)
    stem = client.new("Gespräch")
    names = [stem, f"{stem}-2", stem.upper(), f"{stem} &limit=1%2B+ç?#/"]
    talks = [Talk(client, name, served=False) for name in names]
    for talk in talks:
        await talk.say(agent, performative="inform")
    for talk in talks:
        seen = await talk.remembered()
        if not talk.taken:
            continue  # whether such a name is taken is another matter
        _judge_there(judge, talk, seen)
        for each in talks:
            if each is not talk:
                _judge_alike(judge, talk, each, seen)
    nobody = Talk(client, stem[:-1], served=False)
    seen = await nobody.history()
    others = {found for each in talks for found in each.taken}
    wrong = "a part of a conversation's name shows its messages"
    judge.holds("CAXTON-HIS-016", not others & set(texts_of(seen)), wrong, seen)
    seen = await Talk(client).history()
    judge.equal("CAXTON-HIS-018", seen, "/messages", [])
    judge.equal("CAXTON-HIS-018", seen, "/total", 0)


@requirement("CAXTON-HIS-025")
@from_profile("standard")
async def test_odd_limits(client: Client, crew: Crew, judge: Judge) -> None:
    talk = Talk(client)
    await talk.say(await crew.mate(client), performative="inform")
    limits = ("-3", "many", "0", "99999999999999999999")
    for limit in limits if client.clock.free else limits[:2]:
        query = {"conversation_id": talk.id, "limit": limit}
        said = await client.call("queryMessages", query=query, lawful=False)
        wrong = f"a history with the limit {limit} is answered {said.outcome}"
        fine = said.status is not None and said.status < 500
        judge.holds("CAXTON-HIS-025", fine, wrong, said)
