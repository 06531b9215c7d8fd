"""The half of the coordinator that speaks HTTP: each operation, and how refusals are worded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.coordinator import (
    Answer,
    Call,
    Coordinator,
    Later,
    Refusal,
    Settings,
    Wrong,
    handles,
)
from mockserver.protocols.caxton import metrics
from mockserver.protocols.caxton.agents import Agent
from mockserver.protocols.caxton.answers import (
    CODE_OF,
    INVALID,
    WRONG_STATUS,
    RefusedError,
    refusal,
)
from mockserver.protocols.caxton.deployments import Change, Order, next_version
from mockserver.protocols.caxton.dialects import DIALECTS
from mockserver.protocols.caxton.host import module_of
from mockserver.protocols.caxton.limits import GROUP_OF, Limits
from mockserver.protocols.caxton.paging import cursor_after, limit_of, number_of, place_of
from mockserver.protocols.caxton.realm import Realm
from mockserver.protocols.caxton.sizes import fuel
from mockserver.world import World, iso
from schemas.spec import Protocol
from schemas.validation import Violation

__all__ = ["Service"]

_STATES = ("unloaded", "loaded", "running", "draining", "stopped", "failed")
_MODULES = ("/wasm", "/wasm_module")
_SCHEME = "bearer"
_LONGEST = 500
"""Letters of a message in a gRPC status: metadata has little room."""


class Service(Coordinator):
    """The operations of REST; those of gRPC come on top."""

    def __init__(self, protocol: Protocol, world: World, settings: Settings | None = None) -> None:
        super().__init__(protocol, world, settings)
        self.dialect = DIALECTS[self.settings.dialect]
        self.limits = Limits(limit_is_burst=self.dialect.limit_is_burst)
        self.tokens = {self.settings.token}
        self.realm = Realm(world, self.dialect)
        self.told: Mapping[str, str] = {}
        """Headers of the limit that the call at hand is counted by."""
        self.waits: dict[Later, str] = {}
        """Who waits for the answer to which message."""

    # Who may ask, and how often

    def guard(self, call: Call) -> Answer | None:
        """First the token, then the limit: both before anybody looks at the body."""
        self.told = {}
        token = token_of(call)
        if token not in self.tokens:
            what = "is not valid" if token else "is missing"
            return self._refuse(call.operation, "UNAUTHORIZED", f"the token {what}")
        now, limited = self.world.clock.now(), self.settings.limits
        reading = self.limits.take(token, call.operation, now) if limited else None
        if reading is None:
            return None
        self.told = reading.headers
        if reading.allowed:
            return None
        group, wait = reading.group, math.ceil(reading.wait)
        self.told = {**reading.headers, "Retry-After": str(wait)}
        what = f"{group.name}: {group.rate} calls in {group.per:g} s, and {group.burst} at once"
        return self._refuse(call.operation, "RATE_LIMITED", what, {"retry_after_seconds": wait})

    def answer(self, call: Call) -> Answer | Later:
        try:
            said = super().answer(replace(call, body=_without_nulls(call.body)))
        except RefusedError as refused:
            return self.worded(refused, call.operation)
        if isinstance(said, Later) or not self.told:
            return said
        return replace(said, headers={**said.headers, **self.told})

    def worded(self, refused: RefusedError, operation: str) -> Answer:
        return self._refuse(operation, refused.code, refused.message, refused.details)

    def _refuse(
        self,
        operation: str,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        status: int = 0,
    ) -> Answer:
        """The envelope. Over gRPC, code and trace stand in the trailing metadata too."""
        if operation not in GROUP_OF:
            self.told = {}  # nobody counted it
        headers = self.told
        said = refusal(
            self.realm.host.world, code, message, details or {}, status=status, headers=headers
        )
        found = self.protocol.operations.get(operation)
        if found is None or not found.is_rpc:
            return said
        trailing = {"x-error-code": code, "x-trace-id": said.body["error"]["trace_id"]}
        return replace(said, headers={**said.headers, **trailing})

    def refuse(self, refusal: Refusal) -> Answer:
        operation = refusal.operation.id if refusal.operation else ""
        status = WRONG_STATUS[refusal.wrong]
        code = INVALID if refusal.wrong is Wrong.MALFORMED else CODE_OF[status]
        if any(_is_of_module(each) for each in refusal.violations):
            code = "INVALID_WASM"
        message = "; ".join(str(each) for each in refusal.violations) or refusal.wrong.value
        said = self._refuse(operation, code, message, status=status)
        if not refusal.allowed:
            return said
        return replace(said, headers={**said.headers, "Allow": ", ".join(refusal.allowed)})

    def failure(self, status: int, reason: str, operation: str = "") -> Answer:
        code = CODE_OF.get(status, "INTERNAL_ERROR" if status >= 500 else f"HTTP_{status}")
        said = self._refuse(operation, code, reason, status=status)
        if status != 429:
            return said
        return replace(said, headers={"Retry-After": "1", **said.headers})

    def reason(self, answer: Answer) -> str:
        error = answer.body["error"]
        return f"{error['code']}: {error['message']}"[:_LONGEST]

    # Agents

    @handles("deployAgent")
    def deploy_agent(self, call: Call) -> Answer:
        agent = self.realm.deploy(call.body["wasm"], call.body["config"])
        told = {
            "agent_id": agent.id,
            "name": agent.name,
            "status": agent.state,
            "deployed_at": iso(agent.deployed),
            "version": agent.version,
            "deployment_id": agent.deployment_id,
            "lifecycle_state": agent.state,
            "resource_limits": {
                "memory": agent.resources.memory,
                "cpu_fuel": fuel(agent.resources.cpu),
            },
        }
        own = {"id": agent.id} if self.dialect.plain_id else {}
        return Answer(status=201, body={**told, **own})

    @handles("reloadAgent")
    def reload_agent(self, call: Call) -> Answer:
        agent = self._agent(call)
        module = module_of(call.body["wasm"])
        config = call.body.get("config", {})
        strategy = config.get("strategy", "graceful")
        change = replace(
            Change.none(agent), version=next_version(agent.version), module=len(module)
        )
        before = agent.version
        order = Order.split(strategy, config.get("traffic_split"))
        made = self.realm.deployments.begin("reload", agent, change, order)
        return Answer(
            body={
                "hot_reload_id": made.id,
                "status": "in_progress",
                "from_version": before,
                "to_version": change.version,
                "strategy": strategy,
                "started_at": iso(made.created),
            }
        )

    @handles("listAgents")
    def list_agents(self, call: Call) -> Answer:
        query = call.query
        limit, offset = limit_of(query), number_of(query, "offset", 0)
        status = query.get("status", "")
        if "status" in query and status not in _STATES:
            known = ", ".join(_STATES)
            raise RefusedError(INVALID, f"status is one of {known}, not {status!r}", field="status")
        found = self.listed(status)
        page = found[offset : offset + limit]
        more = offset + limit < len(found)
        now = self.world.clock.now()
        return Answer(
            body={
                "agents": [agent.entry(now) for agent in page],
                "total": len(found),
                "next_offset": offset + limit if more else None,
            }
        )

    def listed(self, status: str) -> list[Agent]:
        found = self.realm.host.agents.of_state(status)
        return found[::-1] if self.dialect.newest_first else found

    @handles("getAgent")
    def get_agent(self, call: Call) -> Answer:
        return Answer(body=self._agent(call).details(self.world.clock.now()))

    @handles("updateAgent")
    def update_agent(self, call: Call) -> Answer:
        agent = self._agent(call)
        made = self.realm.update(agent, call.body)
        return Answer(body={"agent_id": agent.id, "status": "updating", "deployment_id": made.id})

    @handles("stopAgent")
    def stop_agent(self, call: Call) -> Answer:
        agent, order = self._agent(call), call.body or {}
        drain = order.get("drain_messages", True)
        until = self.realm.host.stop(agent, order.get("grace_period_seconds"), drain=drain)
        return Answer(
            body={
                "agent_id": agent.id,
                "status": agent.state,
                "estimated_completion": iso(until),
            }
        )

    @handles("removeAgent")
    def remove_agent(self, call: Call) -> Answer:
        agent = self._agent(call)
        self.realm.host.remove(agent)
        now = iso(self.world.clock.now())
        return Answer(body={"agent_id": agent.id, "status": "removed", "removed_at": now})

    # Messages

    @handles("sendMessage")
    def send_message(self, call: Call) -> Answer:
        message = self.realm.post.send(call.body)
        return Answer(
            body={
                "message_id": message.id,
                "status": "delivered",
                "delivered_at": iso(message.at),
            }
        )

    @handles("queryMessages")
    def query_messages(self, call: Call) -> Answer:
        page, total, last = self.realm.post.messages.page(
            call.query.get("conversation_id", ""),
            place_of(call.query),
            limit_of(call.query),
            newest_first=self.dialect.newest_first,
        )
        return Answer(
            body={
                "messages": [message.told() for message in page],
                "total": total,
                "next_cursor": cursor_after(last) if last else None,
            }
        )

    # Tasks

    @handles("createTask")
    def create_task(self, call: Call) -> Answer:
        task = self.realm.tasks.create(call.body)
        told = {"task_id": task.id, "status": task.state, "created_at": iso(task.created)}
        return Answer(status=201, body=told)

    @handles("distributeTask")
    def distribute_task(self, call: Call) -> Answer:
        tasks = self.realm.tasks
        task = tasks.distribute(
            tasks.known(call.parameters["task_id"]), call.body.get("strategy", "best_bid")
        )
        return Answer(
            body={
                "task_id": task.id,
                # Silence 10: nobody bid, and the task is as it was.
                "status": task.state if task.award else "unassigned",
                "assigned_to": task.award.agent.id if task.award else None,
                "proposals_received": task.proposals,
                "winning_bid": task.award.told() if task.award else None,
            }
        )

    @handles("getTask")
    def get_task(self, call: Call) -> Answer:
        task = self.realm.tasks.known(call.parameters["task_id"])
        return Answer(body=task.details(self.world.clock.now()))

    # Deployments

    @handles("createDeployment")
    def create_deployment(self, call: Call) -> Answer:
        said, host = call.body, self.realm.host
        agent = host.agents.known(said["agent_id"], host.now())
        module = module_of(said["wasm_module"])
        change = replace(Change.none(agent), version=said["version"], module=len(module))
        made = self.realm.deployments.begin("deploy", agent, change, Order.of(said["strategy"]))
        told = {
            "deployment_id": made.id,
            "status": made.state,
            "created_at": iso(made.created),
        }
        return Answer(status=201, body=told)

    @handles("getDeployment")
    def get_deployment(self, call: Call) -> Answer:
        made = self.realm.deployments.known(call.parameters["deployment_id"])
        return Answer(body=made.details(self.world.clock.now()))

    @handles("rollbackDeployment")
    def rollback_deployment(self, call: Call) -> Answer:
        deployments = self.realm.deployments
        made = deployments.known(call.parameters["deployment_id"])
        until = deployments.roll_back(made, (call.body or {}).get("reason", ""))
        assert made.undo is not None, "only what took the place of something goes back"
        return Answer(
            body={
                "deployment_id": made.id,
                "status": made.state,
                "rollback_to_version": made.undo.version,
                "estimated_completion": iso(until),
            }
        )

    # Metrics

    @handles("getSystemMetrics")
    def get_system_metrics(self, _: Call) -> Answer:
        return Answer(body=metrics.of_system(self.realm.host))

    @handles("getAgentMetrics")
    def get_agent_metrics(self, call: Call) -> Answer:
        period = call.query.get("period", "1h")
        return Answer(body=metrics.of_agent(self.realm.host, self._agent(call), period))

    def _agent(self, call: Call) -> Agent:
        host = self.realm.host
        return host.agents.known(call.parameters["agent_id"], host.now())


def token_of(call: Call) -> str:
    """`X-Caxton-Token` over REST; over gRPC `authorization: Bearer …`."""
    if "." not in call.operation:  # an operation of REST is one word
        return call.headers.get("X-Caxton-Token", "")
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == _SCHEME else ""


def _is_of_module(violation: Violation) -> bool:
    return violation.pointer in _MODULES and violation.keyword != "required"


_OWN = ("content", "data", "environment")
"""What is a client's own affair, nulls included."""


def _without_nulls(said: Any) -> Any:
    """A body in which what may be left out is: many libraries write null for it."""
    if not isinstance(said, dict):
        return said
    told = {name: value for name, value in said.items() if value is not None}
    return {name: v if name in _OWN else _without_nulls(v) for name, v in told.items()}
