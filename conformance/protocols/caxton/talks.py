"""Messages over REST and gRPC in any order, who is told of them, and what history keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.exchange import Exchange
from conformance.fuzz.leeway import Allowance
from conformance.judge import Judge, same
from conformance.patience import Patience
from conformance.protocols.caxton.caller import Caller
from conformance.protocols.caxton.client import SHOWN, Agent
from conformance.protocols.caxton.herald import Herald, Word
from conformance.protocols.caxton.model import INTERESTS, Event, Interest
from conformance.protocols.caxton.quay import Berth, Quay
from conformance.protocols.caxton.refusals import judge_untold
from conformance.protocols.caxton.talk import PAGE, known_as, remembered, rows_of
from conformance.protocols.caxton.watch import Watch

__all__ = ["TALK_ROWS", "Talks"]

TALK_ROWS = (
    "CAXTON-MSG-005",
    "CAXTON-MSG-006",
    "CAXTON-MSG-011",
    "CAXTON-STP-011",
    "CAXTON-HIS-012",
    "CAXTON-HIS-013",
    "CAXTON-HIS-014",
    "CAXTON-HIS-016",
    "CAXTON-HIS-019",
    "CAXTON-EVT-017",
    "CAXTON-EVT-019",
    "CAXTON-SUB-001",
    "CAXTON-SUB-007",
    "CAXTON-SUB-009",
    "CAXTON-SUB-013",
    "CAXTON-GRP-025",
    "CAXTON-XTR-006",
    "CAXTON-XTR-010",
    "CAXTON-XTR-011",
    "CAXTON-XTR-012",
)
"""What is judged here."""

_OK = range(200, 300)


@dataclass(slots=True)
class _Listener:
    """A connection and what is subscribed to on it: the ids of subscriptions, where they are told.
    `unheard` is what it must not be told, and from which frame on, with the row that says so.
    """

    watch: Watch
    interests: list[tuple[Interest, str | None]] = field(default_factory=list)
    unheard: list[tuple[str, Word, int]] = field(default_factory=list)
    ended: bool = False
    """Was a subscription of this connection ended?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    word: Word
    conversation: int
    rpc: bool


class Talks:
    """What is said in one case, in a few conversations, and who listens."""

    def __init__(
        self,
        quay: Quay,
        judge: Judge,
        patience: Patience,
        *,
        listeners: int,
        conversations: int,
        reads: Allowance,
    ) -> None:
        self._reads = reads
        self.quay = quay
        self.client = quay.client
        self.judge = judge
        self.herald = Herald(quay.client, judge, patience)
        self._listeners: list[_Listener | None] = [None] * listeners
        self._talks = [quay.client.new("talk") for _ in range(conversations)]
        self._sent: list[_Sent] = []

    @property
    def caller(self) -> Caller | None:
        return self.quay.caller

    # Messages

    async def send(self, place: int, performative: str, conversation: int, *, rpc: bool) -> None:
        """A message to whoever stands there, or stood there; all who must be told are told."""
        berth = self.quay.berths[place]
        agent = berth.agent or (berth.gone[-1] if berth.gone else None)
        if agent is None:
            return
        rpc = rpc and self.caller is not None
        runs = berth.agent is not None and berth.state == "running"
        marks = [each.watch.mark() if each else 0 for each in self._listeners]
        message = self._message(agent, performative, conversation, rpc=rpc)
        known = performative in SHOWN
        said = await self._send(message, rpc=rpc, served=runs and known)
        if not runs:
            self._judge_untaken(berth, said, rpc=rpc)
            return
        row = "CAXTON-GRP-025" if rpc else "CAXTON-MSG-005"
        row = row if rpc == berth.rpc else "CAXTON-XTR-010"
        if said.ok or known:
            self.judge.status(row, said, _OK)
        message_id = said.at("/message_id")
        if not said.ok or not isinstance(message_id, str) or not message_id:
            return
        word = Word(id=message_id, said=message, exchange=said)
        for other in self._sent:
            wrong = f"two messages have the message_id {message_id}"
            apart = other.word.id != message_id
            self.judge.holds("CAXTON-MSG-006", apart, wrong, other.word.exchange, said)
        self._sent.append(_Sent(word=word, conversation=conversation, rpc=rpc))
        if said.at("/status") in ("delivered", None) or rpc:
            event = Event(kind="message.sent", performative=performative, receiver=agent.id)
            await self._judge_told(event, word, marks, rpc=rpc)

    def _message(
        self, agent: Agent, performative: str, conversation: int, *, rpc: bool
    ) -> dict[str, Any]:
        fields = {
            "performative": performative,
            "conversation_id": self._talks[conversation],
            "content": {"turn": len(self._sent), "deep": [{"note": "naïve ✓"}]},
        }
        if rpc and self.caller is not None:
            return self.caller.message(agent, **fields)
        return self.client.message(agent, **fields)

    async def _send(self, message: dict[str, Any], *, rpc: bool, served: bool) -> Exchange:
        if rpc and self.caller is not None:
            return await self.caller.send(message, served=served)
        return await self.client.call("sendMessage", body=message, served=served)

    def _judge_untaken(self, berth: Berth, said: Exchange, *, rpc: bool) -> None:
        """By somebody who is stopped or gone; of gRPC that is only likely."""
        if berth.agent is None and not rpc:
            judge_untold(self.judge, "CAXTON-MSG-011", said, berth.name)
        elif berth.state == "stopped" and not rpc:
            judge_untold(self.judge, "CAXTON-STP-011", said, berth.name)

    async def read(self, conversation: int) -> None:
        """The history of a conversation: all of it that was taken, as it was said."""
        if not self._reads.take():
            return
        wanted = [each for each in self._sent if each.conversation == conversation]
        taken = {each.word.id for each in wanted}
        seen = await remembered(
            self.client,
            self._talks[conversation],
            lambda seen: taken <= set(map(known_as, rows_of(seen))),
        )
        if not seen.ok or len(wanted) > PAGE // 2:
            return
        rows = rows_of(seen)
        ids = [known_as(row) for row in rows]
        for each in wanted:
            word = each.word
            wrong = f"the message {word.id} is {ids.count(word.id)} times in the history"
            row = "CAXTON-XTR-011" if each.rpc else "CAXTON-HIS-012"
            if self.judge.holds(row, word.id in ids, wrong, word.exchange, seen):
                self.judge.holds("CAXTON-HIS-019", ids.count(word.id) == 1, wrong, seen)
                self._judge_kept(each, rows[ids.index(word.id)], seen)
        others = {each.word.id for each in self._sent if each.conversation != conversation}
        wrong = "the history of a conversation shows messages of another"
        self.judge.holds("CAXTON-HIS-016", others.isdisjoint(ids), wrong, seen)

    def _judge_kept(self, sent: _Sent, shown: dict[str, Any], seen: Exchange) -> None:
        said = sent.word.said
        for name in ("performative", "sender", "receiver", "content"):
            row = "CAXTON-HIS-014" if name == "content" else "CAXTON-HIS-013"
            wrong = f"{name} was {said[name]!r}, and is {shown.get(name)!r} in the history"
            fine = name not in shown or same(shown[name], said[name])
            self.judge.holds("CAXTON-XTR-011" if sent.rpc else row, fine, wrong, seen)

    # Listeners

    async def listen(self, place: int) -> None:
        """Open a connection, unless it is open."""
        if self._line(place) is None:
            self._listeners[place] = _Listener(await self.client.watch(f"listener {place}"))

    async def subscribe(self, place: int, which: int) -> None:
        line = self._line(place)
        if line is not None and len(line.interests) < 3:
            known = {at: agent.id for at, agent in enumerate(self._places())}
            interest = INTERESTS[which % len(INTERESTS)]
            told = await self._subscribe(line.watch, interest, known)
            line.interests.append((interest, told))

    def _places(self) -> list[Agent]:
        return [
            agent
            for berth in self.quay.berths[:2]
            if (agent := berth.agent or (berth.gone[-1] if berth.gone else None)) is not None
        ]

    async def _subscribe(self, watch: Watch, interest: Interest, known: Any) -> str | None:
        if interest.events:
            return await watch.subscribe(*interest.events)
        asked: dict[str, Any] = {"performatives": list(interest.performatives)}
        if interest.agents:
            asked = {"agents": list(known.values())}
        return await watch.subscribe(filter=asked)

    async def unsubscribe(self, place: int, which: int) -> None:
        """End a subscription whose id was told."""
        line = self._line(place)
        known = [each for each in line.interests if each[1] is not None] if line else []
        if line is not None and known:
            ended = known[which % len(known)]
            await line.watch.unsubscribe(ended[1])
            line.interests.remove(ended)
            line.ended = True

    async def hang_up(self, place: int, *, politely: bool) -> None:
        line = self._line(place)
        if line is not None:
            self._judge_silence(line)
            socket = line.watch.socket
            if politely:
                await socket.close()
            socket.abort()
            self._listeners[place] = None

    def _line(self, place: int) -> _Listener | None:
        line = self._listeners[place]
        return line if line is not None and line.watch.socket.closed is None else None

    async def announce(
        self, agent: Agent, exchange: Exchange, *, rpc: bool, marks: Sequence[int]
    ) -> None:
        """An agent was deployed: all who must be told are told."""
        event = Event(kind="agent.deployed")
        for line, mark in zip(self._listeners, marks, strict=True):
            if line is None or not any(i.wants(event, {}) for i, _ in line.interests):
                continue
            patience = self.herald.patience
            heard = await line.watch.hope(
                "agent.deployed", lambda frame: frame.value("/agent_id") == agent.id, patience, mark
            )
            wrong = f"a subscriber is not told that {agent.name} was deployed"
            row = "CAXTON-XTR-006" if rpc else "CAXTON-EVT-017"
            self.judge.holds(row, heard is not None, wrong, exchange)

    def marks(self) -> list[int]:
        """How much each has been told so far."""
        return [each.watch.mark() if each else 0 for each in self._listeners]

    async def _judge_told(
        self, event: Event, word: Word, marks: Sequence[int], *, rpc: bool
    ) -> None:
        ids = {at: agent.id for at, agent in enumerate(self._places())}
        for line, mark in zip(self._listeners, marks, strict=True):
            if line is None or line.watch.socket.closed is not None:
                continue
            wants = [interest.wants(event, ids) for interest, _ in line.interests]
            if True in wants:
                row = "CAXTON-XTR-012" if rpc else "CAXTON-EVT-019"
                await self.herald.told(row, line.watch.socket, word, "a subscriber")
            elif None not in wants and (row := _silent_row(line)):
                line.unheard.append((row, word, mark))

    async def audit(self) -> None:
        """Nobody was told what it did not ask for."""
        for line in filter(None, self._listeners):
            if line.unheard and line.watch.socket.closed is None:
                await line.watch.settle()
            self._judge_silence(line)

    def _judge_silence(self, line: _Listener) -> None:
        for row, word, mark in line.unheard:
            who = "who did not ask for it"
            self.herald.untold(row, line.watch.socket, word, who, mark)


def _silent_row(line: _Listener) -> str:
    """Which requirement it breaks to be told; empty where that is only implied."""
    if line.ended:
        return "CAXTON-SUB-013"
    if any(interest.events for interest, _ in line.interests):
        return "CAXTON-SUB-001"
    if any(interest.agents for interest, _ in line.interests):
        return "CAXTON-SUB-007"
    return "CAXTON-SUB-009" if line.interests else ""
