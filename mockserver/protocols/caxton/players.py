"""What the simulated agents say: they answer, and they bid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.protocols.caxton.agents import Agent
from mockserver.protocols.caxton.messages import Message
from mockserver.world import World

__all__ = ["ANSWERS", "KNOWN", "Bid", "bid", "latency", "reply"]

ANSWERS: Mapping[str, str] = {
    "request": "inform",
    "query-if": "inform",
    "query-ref": "inform",
    "subscribe": "agree",
    "cancel": "inform",
    "propose": "accept-proposal",
    "cfp": "propose",
}
"""With which performative an agent answers another. Whatever else FIPA has wants no answer."""

KNOWN = frozenset(
    {
        *ANSWERS,
        "inform",
        "agree",
        "refuse",
        "failure",
        "accept-proposal",
        "reject-proposal",
        "not-understood",
        "confirm",
        "disconfirm",
        "inform-if",
        "inform-ref",
        "request-when",
        "request-whenever",
        "proxy",
        "propagate",
    }
)


def latency(world: World, agent: Agent) -> float:
    """How long an agent takes for one message, in ms: mostly near its own pace, seldom far off."""
    drawn = agent.temper.latency_ms * world.random.lognormvariate(0.0, 0.35)
    return round(min(250.0, max(1.0, drawn)), 3)


def reply(agent: Agent, message: Message) -> tuple[str, Any] | None:
    """Performative and content of what an agent answers, or `None` where it says nothing.

    What it was told to say comes first; a content of null is to say nothing.
    """
    if agent.silent:
        return None
    if agent.script:
        told = agent.script.popleft()
        if told["content"] is None:
            return None
        usual = ANSWERS.get(message.performative, "inform")
        return told.get("performative") or usual, told["content"]
    if message.answers:
        return None  # an answer wants none, or two agents would never come to an end
    if message.performative not in KNOWN:
        return "not-understood", {"reason": f"what is {message.performative!r}?"}
    performative = ANSWERS.get(message.performative)
    return None if performative is None else (performative, _content(agent, message))


def _content(agent: Agent, message: Message) -> dict[str, Any]:
    if message.performative == "cfp":
        return {"estimated_time": round(agent.temper.latency_ms, 1), "confidence": _skill(agent)}
    # No deeper than what was asked, which may be as deep as can be.
    return {**message.content, "status": "done", "answered_by": agent.name}


def _skill(agent: Agent) -> float:
    return round(agent.temper.score, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """A proposal: seconds that it would take, and how sure the agent is of that (0 to 1)."""

    agent: Agent
    estimated_time: float
    confidence: float

    def told(self) -> dict[str, Any]:
        return {
            "agent_id": self.agent.id,
            "estimated_time": self.estimated_time,
            "confidence": self.confidence,
        }


def bid(world: World, agent: Agent, requirements: Mapping[str, Any], timeout: float) -> Bid | str:
    """What an agent bids for a task, or why it refuses. It takes on nothing that it cannot do in
    the time there is.
    """
    if agent.silent:
        return "silent"
    lacking = sorted(set(requirements.get("capabilities", ())) - set(agent.capabilities))
    if lacking:
        return f"no capability for {', '.join(lacking)}"
    if agent.temper.score < requirements.get("min_performance_score", 0):
        return "the score asked for is too high"
    chance = world.random
    return Bid(
        agent=agent,
        estimated_time=round(min(chance.uniform(5, 45), 0.8 * timeout), 3),
        confidence=round(agent.temper.score * chance.uniform(0.9, 1.0), 3),
    )
