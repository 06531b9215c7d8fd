"""The half of the coordinator that speaks gRPC: the same state, in protobuf's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.coordinator import Answer, Call, Later, handles
from mockserver.protocols.caxton.agents import Agent
from mockserver.protocols.caxton.answers import INVALID, RefusedError
from mockserver.protocols.caxton.messages import Message
from mockserver.protocols.caxton.paging import DEFAULT, MOST
from mockserver.protocols.caxton.service import Service
from mockserver.world import iso

__all__ = ["Procedures"]

_PREFIX = "AGENT_STATUS_"
_ANY = ("", 0, f"{_PREFIX}UNSPECIFIED")

_PATIENCE = 30.0
"""Seconds that a reply is waited for, where the options say nothing."""


class Procedures(Service):
    """Unset fields of protobuf are empty; what is empty was not given."""

    @handles("AgentService.DeployAgent")
    def rpc_deploy(self, call: Call) -> Answer:
        said = call.body["config"]
        config = {name: value for name, value in said.items() if value}
        config["resources"] = {
            name: value for name, value in said.get("resources", {}).items() if value
        }
        agent = self.realm.deploy(call.body["wasm_module"], config)
        return Answer(
            body={
                "agent_id": agent.id,
                "status": _status(agent),
                "deployed_at": iso(agent.deployed),
            }
        )

    @handles("AgentService.ListAgents")
    def rpc_list(self, call: Call) -> Answer:
        wanted = call.body.get("status_filter", "")
        if wanted not in _ANY and not isinstance(wanted, str):
            raise RefusedError(
                INVALID, f"there is no status of number {wanted}", field="status_filter"
            )
        status = "" if wanted in _ANY else wanted.removeprefix(_PREFIX).lower()
        limit = min(MOST, call.body.get("limit") or DEFAULT)
        offset = call.body.get("offset", 0)
        found = self.listed(status)
        page = [
            {
                "agent_id": agent.id,
                "name": agent.name,
                "status": _status(agent),
                "created_at": iso(agent.created),
            }
            for agent in found[offset : offset + limit]
        ]
        return Answer(body={"agents": page, "total": len(found)})

    @handles("MessageService.SendMessage")
    def rpc_send(self, call: Call) -> Answer:
        message = self.realm.post.send(call.body["message"])
        return Answer(
            body={
                "message_id": message.id,
                "status": "delivered",
                "delivered_at": iso(message.at),
            }
        )

    @handles("MessageService.SendMessageAndWait")
    def rpc_send_and_wait(self, call: Call) -> Answer | Later:
        """The agent's own words, `agree` left aside. Where none come: 504, or 500 where the agent
        ends first.
        """
        wait = call.body.get("options", {}).get("timeout_seconds") or _PATIENCE
        waiting = _Waiting(self, call.operation)
        message = self.realm.post.send(call.body["message"], answer=waiting.take)
        if waiting.said is not None:
            return waiting.said
        waiting.later = Later()
        self.waits[waiting.later] = message.id

        def give_up() -> None:
            if waiting.later in self.waits:
                self.realm.post.forget(message.id)
                late = RefusedError(
                    "REPLY_TIMEOUT", f"no reply in {wait:g} s", message_id=message.id
                )
                waiting.give(self.worded(late, call.operation))

        self.realm.host.agenda.after(wait, give_up)
        return waiting.later

    def abandoned(self, later: Later) -> None:
        message_id = self.waits.pop(later, None)
        if message_id is not None:
            self.realm.post.forget(message_id)


class _Waiting:
    """A caller at the door: takes the reply, at once or later."""

    def __init__(self, desk: Procedures, operation: str) -> None:
        self._desk = desk
        self._operation = operation
        self._headers = dict(desk.told)
        self.said: Answer | None = None
        self.later: Later | None = None

    def take(self, reply: Message | None) -> None:
        if reply is None:
            gone = RefusedError("MESSAGE_DELIVERY_FAILED", "the agent ended before it answered")
            self.give(self._desk.worded(gone, self._operation))
        else:
            self.give(Answer(body={"message": reply.fipa()}))

    def give(self, answer: Answer) -> None:
        if self.later is None:
            self.said = answer
            return
        headers: Mapping[str, Any] = {**answer.headers, **self._headers}
        self._desk.waits.pop(self.later, None)
        self._desk.settle(
            self.later, Answer(status=answer.status, body=answer.body, headers=headers)
        )


def _status(agent: Agent) -> str:
    return _PREFIX + agent.state.upper()
