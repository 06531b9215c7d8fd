"""How messages get to agents, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.protocols.caxton.agents import Agent
from mockserver.protocols.caxton.answers import RefusedError
from mockserver.protocols.caxton.host import Host
from mockserver.protocols.caxton.messages import Message, Messages
from mockserver.protocols.caxton.players import latency, reply

__all__ = ["Post"]

Heard = Callable[[Message | None], None]
"""Takes the answer to a message, or `None` where the agent ended before it gave one."""

_COURTESY = "agree"


class Post:
    """Delivers, writes down and tells; has the receivers answer in their own time."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.messages = Messages()
        self._waited: dict[str, tuple[Agent, Heard]] = {}
        host.watchers.append(self._watch)

    def send(self, said: Mapping[str, Any], *, answer: Heard | None = None) -> Message:
        """Take a client's message to its receiver. `answer` is called with what comes back, at
        once: who waits at the door is served first.

        Raises `RefusedError` where it cannot be delivered.
        """
        receiver = self._receiver(said["receiver"])
        message = self._write(said)
        self._deliver(message, receiver, answer)
        return message

    def write(self, said: Mapping[str, Any]) -> Message:
        """Put down a message whose part is played elsewhere, as those of a Contract Net are."""
        message = self._write(said)
        receiver = self.host.agents.get(message.receiver)
        if receiver is not None:
            self._count(receiver)
        return message

    def forget(self, message_id: str) -> None:
        """Nobody waits for the answer to that one any more."""
        self._waited.pop(message_id, None)

    def _receiver(self, agent_id: str) -> Agent:
        host = self.host
        receiver = host.agents.get(agent_id)
        if receiver is None:
            if host.dialect.unknown_receiver == "AGENT_NOT_FOUND":
                host.agents.known(agent_id, host.now())
            raise RefusedError(
                "MESSAGE_DELIVERY_FAILED",
                f"there is no agent {agent_id!r} to deliver to",
                agent_id=agent_id,
            )
        if receiver.state not in ("loaded", "running"):
            receiver.fail(host.now(), "undeliverable")
            raise RefusedError(
                "MESSAGE_DELIVERY_FAILED",
                f"{agent_id} is {receiver.state} and takes no messages",
                agent_id=agent_id,
                state=receiver.state,
            )
        return receiver

    def _write(self, said: Mapping[str, Any], answers: str = "") -> Message:
        host, messages = self.host, self.messages
        message = Message(
            number=messages.next_number(),
            id=host.new_id("msg"),
            performative=said["performative"],
            sender=said.get("sender") or "",
            receiver=said["receiver"],
            content=said["content"],
            # An answer must find its way: what comes without a conversation begins one.
            conversation_id=said.get("conversation_id") or host.new_id("conv"),
            at=host.now(),
            reply_with=said.get("reply_with") or "",
            in_reply_to=said.get("in_reply_to") or "",
            ontology=said.get("ontology") or "",
            language=said.get("language") or "",
            answers=answers,
        )
        messages.add(message)
        host.happened("message.sent", **message.event())
        return message

    def _count(self, receiver: Agent) -> float:
        """A message was taken; how long it keeps the agent, in seconds."""
        took = latency(self.host.world, receiver)
        self.host.count(receiver, took)
        return took / 1000

    def _deliver(self, message: Message, receiver: Agent, answer: Heard | None) -> None:
        took = self._count(receiver)
        said = reply(receiver, message)
        if answer is not None:
            self._waited[message.id] = (receiver, answer)
        if said is None or not (message.sender or answer):
            return  # there is nothing to say, or nobody to say it to
        now = self.host.now()
        # One after the other: answers come in the order of what they answer.
        when = now if answer else max(now + took, receiver.busy_until)
        if receiver.state == "loaded" and receiver.timer is not None:
            when = max(when, receiver.timer.at + took)  # "not executing" before that
        receiver.busy_until = max(when, receiver.busy_until)

        def speak() -> None:
            del receiver.waiting[message.id]
            self._answer(receiver, message, *said)

        if self.host.dialect.agrees_first and (message.performative, said[0]) == _AGREEABLE:
            self._answer(receiver, message, _COURTESY, {"status": "agreed"})
        receiver.waiting[message.id] = self.host.agenda.at(when, speak)
        if answer:
            self.host.agenda.keep()

    def _answer(self, agent: Agent, message: Message, performative: str, content: Any) -> None:
        said = {
            "performative": performative,
            "sender": agent.id,
            "receiver": message.sender or "client",
            "content": content,
            "conversation_id": message.conversation_id,
            "in_reply_to": message.reply_with,
            "ontology": message.ontology,
            "language": message.language,
        }
        told = self._write(said, answers=message.id)
        receiver = self.host.agents.get(told.receiver)
        if receiver is not None and receiver.works:
            self._count(receiver)
        waited = None if performative == _COURTESY else self._waited.pop(message.id, None)
        if waited is not None:
            waited[1](told)

    def _watch(self, agent: Agent, _event: str) -> None:
        """Whoever waits for an agent that has ended waits in vain."""
        if agent.state in ("stopped", "failed", "unloaded"):
            for message_id, (receiver, answer) in list(self._waited.items()):
                if receiver is agent:
                    del self._waited[message_id]
                    answer(None)


_AGREEABLE = ("request", "inform")
