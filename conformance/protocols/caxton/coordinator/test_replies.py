"""What calls that wait make of replies which are sent for an agent, as messages may be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.clients.grpc import GrpcClient
from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.caxton.answers import judge_reply
from conformance.protocols.caxton.caller import Caller
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.talk import rows_of

_WITHIN = 4.0

_UNDER_WAY = 0.5
"""Seconds in which a call has begun to wait."""

_BY_ITSELF = 1.5
"""Seconds in which an agent replies for which nobody speaks, if it does."""


@pytest.fixture
def caller(procedures: GrpcClient, client: Client) -> Caller:
    return Caller(procedures, client)


class _Voice:
    """Speaks for an agent, to another that is said to have asked."""

    def __init__(self, client: Client, agent: Agent, asker: Agent) -> None:
        self.client = client
        self.agent = agent
        self.asker = asker
        self.said: dict[str, dict[str, Any]] = {}

    async def replies(self, conversation: str, to: str) -> bool:
        """Is it taken that the agent answers what was sent with that `reply_with`?"""
        message = self.client.message(
            self.asker,
            performative="agree",
            sender=self.agent.id,
            conversation_id=conversation,
            in_reply_to=to,
            content={"mark": self.client.new("mark"), "depth": {"fathoms": 7}},
        )
        self.said[to] = message
        return (await self.client.call("sendMessage", body=message, served=False)).ok

    def misses(self, said: Exchange) -> bool:
        """Is a call answered by what we have not said?"""
        told = said.at("/message/content")
        return said.ok and not any(same(told, each["content"]) for each in self.said.values())


@requirement("CAXTON-GRP-028", "CAXTON-GRP-029", "CAXTON-GRP-030")
async def test_flow_replies_on_behalf(
    caller: Caller, client: Client, crew: Crew, judge: Judge
) -> None:
    """Two calls of one conversation wait; what comes first answers neither, and then come the
    replies, the later one first.
    """
    if "reply" in client.hooks.target.hooks:
        return  # agents reply by themselves
    _, asker, agent = await crew.mates(client, 3)
    talk = client.new("conversation")
    asked = [caller.message(agent, sender=asker.id, conversation_id=talk) for _ in range(2)]
    calls = [asyncio.create_task(caller.send_and_wait(each, _WITHIN)) for each in asked]
    other = caller.message(agent, sender=asker.id)
    unspoken = asyncio.create_task(caller.send_and_wait(other, _BY_ITSELF))
    await asyncio.sleep(_UNDER_WAY)
    voice = _Voice(client, agent, asker)
    for to in (client.new("nothing"), *(each["reply_with"] for each in reversed(asked))):
        spoken = await voice.replies(talk, to)
        if not spoken:
            break
    *together, answered = await asyncio.gather(*calls, unspoken)
    if not any(each.ok for each in together):
        raise UnjudgeableError("the agent does not reply, and the target has no hook 'reply'")
    if not spoken or not await caller.tells("MessageReply", "message"):
        raise UnjudgeableError("nobody may speak for an agent, or replies are not described")
    alone = not voice.misses(answered) and not await _speaks_itself(client, agent, talk, voice)
    for said, message in zip(together, asked, strict=True):
        wrong = "of two calls that wait one gets its reply, and one none"
        if judge.holds("CAXTON-GRP-030", said.ok, wrong, *together):
            judge_reply(judge, "CAXTON-GRP-030", said, message)
            if alone and said.at("/message/in_reply_to") == message["reply_with"]:
                _judge_said(judge, said, voice.said[message["reply_with"]], together)


def _judge_said(
    judge: Judge, said: Exchange, reply: dict[str, Any], together: Sequence[Exchange]
) -> None:
    """Nobody but us spoke for the agent: the reply is ours."""
    for name in ("performative", "content"):
        told = said.at(f"/message/{name}")
        shown = "nothing" if told is MISSING else repr(told)
        wrong = f"the reply has the {name} {reply[name]!r}, and the call is answered with {shown}"
        judge.holds("CAXTON-GRP-028", same(told, reply[name]), wrong, said, *together)


async def _speaks_itself(client: Client, agent: Agent, talk: str, voice: _Voice) -> bool:
    """Does the history show more of the agent in this conversation than we have said for it?"""
    rows = rows_of(await client.history(talk, limit=20))
    return len([row for row in rows if row.get("sender") == agent.id]) > len(voice.said)
