"""Messages between agents and clients."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from . import bodies, deployments, events, shapes
from .model import Agent, Answer, Message, Obj, Refusal, RefusedError, Turn, Via

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["PERFORMATIVES", "post", "record", "send"]

PERFORMATIVES = (
    "request",
    "inform",
    "query-if",
    "query-ref",
    "propose",
    "accept-proposal",
    "reject-proposal",
    "agree",
    "refuse",
    "failure",
    "not-understood",
    "cfp",
    "cancel",
    "subscribe",
    "confirm",
    "disconfirm",
    "inform-if",
    "inform-ref",
    "propagate",
    "proxy",
    "query",
)
_MORE = ("reply_with", "in_reply_to", "ontology", "language")
_ANSWERED = ("request", "query-if", "query-ref", "query")


def post(turn: Turn) -> Answer:
    """A message over REST."""
    desk = turn.desk
    message = send(desk, bodies.obj(turn), "rest")
    status = desk.bent("send.status", "delivered")
    at = desk.stamp(message.at)
    body = {"message_id": message.id, "status": status, "delivered_at": at}
    return shapes.good(desk, 202 if desk.reading.created == 202 else 200, body)


def send(desk: Desk, data: Obj, via: Via) -> Message:
    """Judge, deliver and record a message."""
    _judge(desk, data)
    sender = data.get("sender") or "anonymous"
    receiver = _receiver(desk, str(data["receiver"]))
    if sender not in desk.agents:
        desk.clients.add(sender)
    message = _message(desk, data, sender)
    if receiver is None:
        record(desk, message, via)
        return message
    receiver = desk.bent("send.receiver", receiver, message=message, via=via)
    if receiver is not None:
        receiver.worked.append(desk.now())
    record(desk, message, via)
    if receiver is not None:
        _react(desk, receiver, message)
    return message


def _judge(desk: Desk, data: Obj) -> None:
    performative = bodies.text(desk, data, "performative", required=True)
    if desk.reading.known_performatives and performative not in PERFORMATIVES:
        bodies.invalid(desk, "the performative is not known", field="performative")
    bodies.text(desk, data, "receiver", required=True)
    bodies.text(desk, data, "sender", required=desk.reading.sender_required)
    if not isinstance(data.get("sender", ""), str):
        bodies.invalid(desk, "sender must be a string", field="sender")
    for name in ("conversation_id", *_MORE):
        value = data.get(name)
        if value is not None and not isinstance(value, str):
            bodies.invalid(desk, f"{name} must be a string", field=name)


def _receiver(desk: Desk, who: str) -> Agent | None:
    """The agent that is meant; None for a client. Refuses where nobody can take it."""
    agent: Agent | None = desk.bent("send.found", desk.agents.get(who), who=who)
    if agent is None:
        if who in desk.clients and desk.reading.clients_receive:
            return None
        raise RefusedError(_unknown(desk, who))
    able = agent.state == "running" or (agent.state == "draining" and desk.reading.draining_takes)
    if desk.bent("send.able", able or agent.state == "loaded", agent=agent):
        return agent
    agent.failures.append(desk.now())
    deployments.watch(desk, agent)
    details = {"receiver": who, "status": agent.state}
    refusal = Refusal(
        status=500,
        code="MESSAGE_DELIVERY_FAILED",
        words=f"the receiver is {agent.state}",
        details=details,
    )
    raise RefusedError(refusal)


def _unknown(desk: Desk, who: str) -> Refusal:
    code = desk.reading.unknown_receiver
    return Refusal(
        status=404 if code == "AGENT_NOT_FOUND" else 500,
        code=code,
        words=f"there is no receiver '{who}'",
        details={"agent_id": who, "searched_at": desk.stamp()},
    )


def _message(desk: Desk, data: Obj, sender: str) -> Message:
    return Message(
        id=desk.bent("message.id", desk.new_id("msg")),
        performative=data["performative"],
        sender=sender,
        receiver=str(data["receiver"]),
        content=data.get("content"),
        conversation_id=data.get("conversation_id"),
        at=desk.now(),
        more={name: data[name] for name in _MORE if data.get(name) is not None},
    )


def record(desk: Desk, message: Message, via: str) -> None:
    """Keep a message, and let subscribers know."""
    kept = desk.bent("message.kept", message, via=via)
    if kept is not None:
        desk.messages.append(kept)
    events.about_message(desk, message, via)
    for number, waiter in [*desk.waiters.items()]:
        if message.more.get("in_reply_to") == number or message.more.get("answers") == number:
            del desk.waiters[number]
            waiter(message)


def _react(desk: Desk, agent: Agent, message: Message) -> None:
    """Simulated agents answer what asks for an answer, and what they were told to answer."""
    if agent.id in desk.replies:
        told = desk.replies.pop(agent.id)
        desk.clock.later(0.02, partial(_reply, desk, agent, message, "inform", told))
        return
    asks = message.performative in _ANSWERED or desk.reading.answered == "everything"
    if not asks or desk.reading.agents_answer == "never":
        return
    words = ["agree", "inform"] if desk.reading.agents_answer == "agree_inform" else ["inform"]
    for word in words:
        answer = partial(_reply, desk, agent, message, word)
        if desk.reading.answer_seconds:
            desk.clock.later(desk.reading.answer_seconds, answer)
        else:
            answer()


def _reply(desk: Desk, agent: Agent, message: Message, performative: str, told: Any = None) -> None:
    if agent.gone or agent.state not in ("running", "draining"):
        return
    more: Obj = {"in_reply_to": message.more.get("reply_with", message.id)}
    usual = {"done": performative == "inform", "by": agent.name}
    content = usual if told is None else told
    reply = Message(
        id=desk.new_id("msg"),
        performative=performative,
        sender=agent.id,
        receiver=message.sender,
        content=content,
        conversation_id=message.conversation_id,
        at=desk.now(),
        more=more,
    )
    record(desk, reply, "agent")
    other = desk.agents.get(message.sender)
    if other is not None:
        other.worked.append(desk.now())
