"""Agents that the suite plays, and the operator who looks after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from conformance.clients import HttpClient
from conformance.clients.identity import Identity
from conformance.clients.opener import Opener
from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.exchange import MISSING, Exchange
from conformance.hooks import Hooks
from conformance.ids import IdSource
from conformance.marks import UnjudgeableError
from conformance.protocols.stella.hours import Hours

__all__ = ["CHANNEL", "Agent", "Fleet", "rows_of", "task_ids_of"]

CHANNEL = "taskStream"

_NO_BODY: Any = object()


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A registered agent. `said` is the answer to its registration, `body` what it registered."""

    id: str
    name: str
    body: Mapping[str, Any]
    said: Exchange
    identity: Identity | None
    cert: str = field(default="", repr=False)
    key: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What its requests carry: the JWT is sent though mutual TLS may be enough."""
        jwt = self.said.at("/token")
        return {"Authorization": f"Bearer {jwt}"} if isinstance(jwt, str) else {}

    @property
    def at(self) -> dict[str, str]:
        """The parameters of its paths."""
        return {"id": self.id}

    @property
    def interval(self) -> float:
        """Seconds between its heartbeats. Raises `UnjudgeableError` where it was given none."""
        told = self.said.at("/config/heartbeatInterval")
        if isinstance(told, bool) or not isinstance(told, int | float) or told <= 0:
            raise UnjudgeableError("the registration gave no heartbeatInterval")
        return float(told)


class Fleet:
    """The operations of a coordinator, by who calls them.

    What an agent calls takes `by`: another agent, or an `Identity`, in whose name it is called.
    Lawful calls are marked as such, so that their answers are judged on the way.
    """

    def __init__(
        self, peer: HttpClient, opener: Opener, hooks: Hooks, ids: IdSource, hours: Hours
    ) -> None:
        self.peer = peer
        self.hooks = hooks
        self.opener = opener
        self.target = target = hooks.target
        self.new = ids
        self.hours = hours
        operator = target.operator
        self._operator = None
        self._awake: set[str] = set()
        if operator.cert:
            self._operator = Identity.of_files(target, "operator", operator.cert, operator.key)

    def through(self, opener: Opener) -> Fleet:
        """The same fleet, whose streams are opened by another."""
        other = copy(self)
        other.opener = opener
        return other

    # Hooks

    async def mint(self) -> str:
        """A fresh registration token. Raises `HookError` where the target cannot make any."""
        token = await self.hooks("mint_token", {})
        if not isinstance(token, str) or not token.strip():
            raise UnjudgeableError(f"the hook 'mint_token' handed over no token: {token!r}")
        return token.strip()

    async def enqueue(
        self, agent: Agent, *, asleep: bool = False, **fields: Any
    ) -> tuple[str, dict[str, Any]]:
        """A new task for an agent: its id, and the task as it was asked for. Who may count as
        offline need not be given any: each has sent a heartbeat, unless it is to be `asleep`.
        """
        if not asleep:
            await self.wake(agent)
        task = self.task(**fields)
        known = {"agent": agent.id, "name": agent.name, "task": task}
        task_id = await self.hooks("create_task", known)
        if isinstance(task_id, str):
            task_id = task_id.strip()
        if not task_id or not isinstance(task_id, str | int):
            raise UnjudgeableError(f"the hook 'create_task' handed over no id: {task_id!r}")
        return str(task_id), task

    async def cancel(self, agent: Agent, task_id: str) -> None:
        known = {"agent": agent.id, "name": agent.name, "task": task_id}
        await self.hooks("cancel_task", known)

    async def assign(self, agent: Agent, target: str) -> None:
        """Give an agent a deployment target of that name."""
        known = {"agent": agent.id, "name": agent.name, "target": target}
        await self.hooks("assign_target", known)

    # What is sent

    def registration(self, **fields: Any) -> dict[str, Any]:
        """A registration with every documented field, of an agent that is new."""
        return {
            "name": self.new("stevedore"),
            "version": "4.7.1",
            "capabilities": ["docker", "nomad", "compose"],
            "labels": {"site": "harbour-9", "tier": "edge"},
            **fields,
        }

    def task(self, **fields: Any) -> dict[str, Any]:
        """A task with every documented field."""
        return {
            "taskType": "docker.run",
            "payload": {"project": self.new("project"), "replicas": 3, "detached": True},
            "credentials": {"vault.user": self.new("user"), "vault.secret": self.new("secret")},
            "timeout": 240,
            "priority": 7,
            **fields,
        }

    def pulse(self, **fields: Any) -> dict[str, Any]:
        """A heartbeat with every documented field."""
        return {
            "status": "healthy",
            "resourceUsage": {"cpu": 23.5, "memory": 41.5, "disk": 57.0},
            "capabilities": ["docker", "nomad", "compose"],
            "runningTasks": 0,
            **fields,
        }

    def outcome(self, **fields: Any) -> dict[str, Any]:
        """A completion with every documented field, and no values but such as the example has."""
        line = {"timestamp": "2026-02-03T04:05:06Z", "level": "info", "message": "All is aboard"}
        return {
            "success": True,
            "result": {"imageId": "sha256:0badcafe", "berth": "north-3"},
            "logs": [line, {**line, "message": "The crane was slow"}],
            **fields,
        }

    # Registration

    async def ask_to_register(
        self,
        body: Any = _NO_BODY,
        token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        lawful: bool = True,
        served: bool = True,
        raw: bytes | None = None,
    ) -> Exchange:
        """A registration, whatever comes of it; without a token none is sent."""
        sent = {} if token is None else {"X-Agent-Token": token}
        more: dict[str, Any] = {} if body is _NO_BODY else {"body": body}
        return await self.peer.call(
            "registerAgent",
            headers={**sent, **(headers or {})},
            lawful=lawful,
            served=served,
            raw=raw,
            **more,
        )

    async def register(self, token: str | None = None, **fields: Any) -> Agent:
        """A newly registered agent. Raises `UnjudgeableError` if it cannot be had: what was wrong
        with the answer has been judged by then.
        """
        body = self.registration(**fields)
        said = await self.ask_to_register(body, token or await self.mint())
        return self.agent_of(body, said)

    async def awake(self, **fields: Any) -> Agent:
        """One that is online: of who is not reached some things may be refused."""
        agent = await self.register(**fields)
        await self.heartbeat(agent, self.pulse(capabilities=agent.body["capabilities"]))
        return agent

    def agent_of(self, body: Mapping[str, Any], said: Exchange) -> Agent:
        """The agent that an answer to a registration makes."""
        agent_id = said.at("/agentId")
        if not said.ok or not isinstance(agent_id, str) or not agent_id:
            raise UnjudgeableError(f"no agent could be registered: {said.outcome}")
        cert, key = said.at("/certificate/cert"), said.at("/certificate/key")
        identity = None
        if self.secure:
            if not isinstance(cert, str) or not isinstance(key, str):
                raise UnjudgeableError("the registration handed over no certificate and key")
            identity = self.identity(str(body.get("name", agent_id)), [cert], key)
        return Agent(
            id=agent_id,
            name=str(body.get("name", "")),
            body=body,
            said=said,
            identity=identity,
            cert=cert if isinstance(cert, str) else "",
            key=key if isinstance(key, str) else "",
        )

    def identity(self, name: str, chain: Sequence[str], key: str) -> Identity:
        """Who shows that certificate. Raises `UnjudgeableError` where nobody could use it."""
        try:
            return Identity.of_pem(self.target, name, chain, key)
        except (OSError, ValueError) as error:
            raise UnjudgeableError(f"the certificate of {name} cannot be used: {error}") from error

    @property
    def secure(self) -> bool:
        """Does the target speak TLS, so that certificates can be shown?"""
        return self.target.url.startswith("https")

    # What an agent calls

    async def call(
        self,
        operation: str,
        agent: Agent,
        *,
        by: Agent | Identity | None = None,
        jwt: Agent | None = None,
        parameters: Mapping[str, str] | None = None,
        lawful: bool = True,
        served: bool = True,
        **more: Any,
    ) -> Exchange:
        """Call one of an agent's operations, in its own name or, with `by`, in another's. The JWT
        goes with the certificate unless `jwt` says whose it is.
        """
        caller = agent if by is None else by
        identity = caller.identity if isinstance(caller, Agent) else caller
        bearer = jwt or (caller if isinstance(caller, Agent) else agent)
        return await self.peer.call(
            operation,
            {**agent.at, **(parameters or {})},
            headers=bearer.headers,
            identity=identity,
            lawful=lawful and by is None,
            served=served and by is None,
            **more,
        )

    async def heartbeat(self, agent: Agent, pulse: Any = None, **options: Any) -> Exchange:
        """It tells the capabilities that its agent registered, where no `pulse` says otherwise."""
        skills = agent.body.get("capabilities")
        told = {"capabilities": skills} if isinstance(skills, list) else {}
        body = self.pulse(**told) if pulse is None else pulse
        if options.get("by") is None:
            self._awake.add(agent.id)
        return await self.call("sendHeartbeat", agent, body=body, **options)

    async def wake(self, agent: Agent) -> None:
        """A heartbeat, where it is ours and has sent none in this check. What comes of it others
        judge.
        """
        if agent.body and agent.id not in self._awake:
            await self.heartbeat(agent, served=False)

    async def poll(self, agent: Agent, **options: Any) -> Exchange:
        return await self.call("getPendingTasks", agent, **options)

    async def complete(
        self, agent: Agent, task_id: str, outcome: Any = None, **options: Any
    ) -> Exchange:
        body = self.outcome() if outcome is None else outcome
        return await self.call(
            "completeTask", agent, parameters={"taskId": task_id}, body=body, **options
        )

    async def stream(
        self, agent: Agent, *, by: Agent | Identity | None = None, **options: Any
    ) -> Socket | Refused:
        """Open an agent's task stream, in its own name or in another's."""
        caller = agent if by is None else by
        identity = caller.identity if isinstance(caller, Agent) else caller
        bearer = caller if isinstance(caller, Agent) else agent
        return await self.opener.open(
            CHANNEL,
            agent.name,
            parameters=agent.at,
            identity=identity,
            headers={**self.target.headers, **bearer.headers},
            **options,
        )

    async def streaming(self, agent: Agent, **options: Any) -> Socket:
        """An open task stream. Raises `UnjudgeableError` where it is refused."""
        said = await self.stream(agent, **options)
        if isinstance(said, Refused):
            raise UnjudgeableError(f"the task stream cannot be opened: {said.reason}")
        return said

    async def raw_stream(self, agent: Agent, **options: Any) -> RawSocket | Refused:
        """A task stream on which any bytes can be sent."""
        return await self.opener.raw(
            CHANNEL,
            agent.name,
            parameters=agent.at,
            identity=agent.identity,
            headers={**self.target.headers, **agent.headers},
            **options,
        )

    # What an operator calls

    @property
    def operator(self) -> dict[str, Any]:
        """What a call carries that an operator makes."""
        return {"headers": self.target.operator.headers, "identity": self._operator}

    async def _operate(
        self, operation: str, parameters: Mapping[str, str] | None = None, **options: Any
    ) -> Exchange:
        return await self.peer.call(operation, parameters, **self.operator, **options)

    async def list(self, query: Mapping[str, str] | None = None, **options: Any) -> Exchange:
        return await self._operate("listAgents", query=query, **options)

    async def get(self, agent_id: str, **options: Any) -> Exchange:
        """`served=False` asks for one that may not be there."""
        return await self._operate("getAgent", {"id": agent_id}, **options)

    async def update(self, agent_id: str, body: Any, **options: Any) -> Exchange:
        return await self._operate("updateAgent", {"id": agent_id}, body=body, **options)

    async def delete(self, agent_id: str, **options: Any) -> Exchange:
        return await self._operate("deleteAgent", {"id": agent_id}, **options)

    async def listed(
        self, agent: Agent, query: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        """How the list shows an agent, or `None` where it does not."""
        said = await self.list(query)
        return next((row for row in rows_of(said) if row.get("id") == agent.id), None)


def rows_of(said: Exchange) -> list[dict[str, Any]]:
    """The agents that a list shows; what is no object is left out."""
    data = said.json
    rows = data if isinstance(data, list) and data is not MISSING else []
    return [row for row in rows if isinstance(row, dict)]


def task_ids_of(said: Exchange) -> list[str]:
    """The taskIds that the answer to a heartbeat or a poll brings, in their order."""
    tasks = said.at("/tasks")
    rows = tasks if isinstance(tasks, list) else []
    ids = [row.get("taskId") for row in rows if isinstance(row, dict)]
    return [task_id for task_id in ids if isinstance(task_id, str)]
