"""Agents: registration, discovery, look-up, status updates, heartbeats.

Every decision has its own small method, which is where a fault takes hold.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from . import shapes
from .model import Agent, Call, Env, Json, Obj, Op, RefusalError, Reply
from .parsing import FULL_BEAT, METRIC_KEYS, MalformedError, decode, field_table, problems
from .parsing import without_nulls as _without_nulls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from .reading import Reading

__all__ = ["AgentBook"]

_NARROW: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class AgentBook:
    """The half of the coordinator that knows agents."""

    def __init__(self, reading: Reading, env: Env) -> None:
        """Start with no agents."""
        self.reading = reading
        self.env = env
        self.agents: dict[str, Agent] = {}
        self.fields = field_table(reading)

    def now(self) -> datetime:
        """The present, aware and in UTC."""
        return self.env.clock()

    def stamp(self, moment: datetime) -> Json:
        """A moment as answers show it."""
        return shapes.time_text(moment, self.reading)

    # Bodies.

    def invalid_status(self, op: Op) -> int:
        """The status of a validation refusal; the document names 422 for two endpoints."""
        statuses = {
            Op.DISCOVER: self.reading.invalid_query,
            Op.SUBMIT: self.reading.invalid_task,
        }
        return statuses.get(op, 422)

    def load(self, call: Call, op: Op) -> Json:
        """Parse the body of a call."""
        self.check_media(call)
        if op is Op.DISCOVER and not call.body.strip():
            if self.reading.discover_without_body == "all":
                return {}
            raise RefusalError(self.invalid_status(op), self.detail_of("missing", "Field required"))
        try:
            return decode(call.body, first_only=self.reading.first_document)
        except MalformedError as error:
            detail = self.detail_of("json_invalid", f"JSON decode error: {error}")
            raise RefusalError(self.reading.malformed, detail) from error

    def check_media(self, call: Call) -> None:
        """Turn away a body that does not claim to be JSON."""
        media = call.media.partition(";")[0].strip().lower()
        if self.reading.foreign_media == "read" or not media:
            return
        if media == "application/json" or media.endswith("+json"):
            return
        status = 415 if self.reading.foreign_media == "refuse_415" else 422
        raise RefusalError(status, self.detail_of("media", "The body should be application/json"))

    def detail_of(self, code: str, words: str) -> Json:
        """The `detail` of a refusal that concerns the body as a whole."""
        if self.reading.detail == "text":
            return words
        return [{"type": code, "loc": ["body"], "msg": words, "input": None}]

    def accept(self, op: Op, body: Json) -> Obj:
        """Validate a body by the table."""
        if isinstance(body, dict) and self.reading.null_is_absent:
            body = _without_nulls(body)
        found = problems(body, self.fields[op])
        if found:
            detail = shapes.listed_detail(found, self.reading)
            raise RefusalError(self.invalid_status(op), detail)
        accepted: Obj = body
        return accepted

    # Registration.

    async def do_register(self, call: Call) -> Reply:
        """POST /agents/register."""
        data = self.accept(Op.REGISTER, self.load(call, Op.REGISTER))
        if self.reading.narrow_ids and not _NARROW.fullmatch(data["agent_id"]):
            raise RefusalError(422, self.detail_of("id", "The agent_id should be a short word"))
        known = self.find(data["agent_id"]) is not None
        agent = await self.enroll(data)
        words = self.reading.again_words if known else "registered"
        body = {
            "status": "success",
            "message": f"Agent {agent.agent_id} {words} successfully",
            "agent_id": agent.agent_id,
            "registered_at": self.stamp(agent.registration_time),
        }
        return Reply(status=200, body=body)

    async def enroll(self, data: Obj) -> Agent:
        """Store a registration; an id that is known already is a matter of the reading."""
        known = self.find(data["agent_id"])
        if known is not None:
            return self.enroll_again(known, data)
        agent = self.new_agent(data)
        self.keep(agent)
        return agent

    def enroll_again(self, known: Agent, data: Obj) -> Agent:
        """Register an id for the second time."""
        if self.reading.reregister == "keep":
            return known
        if self.reading.reregister == "refuse_500":
            words = f"Failed to register agent: {known.agent_id} is already registered"
            raise RefusalError(500, words)
        if self.reading.reregister != "replace":
            status = 409 if self.reading.reregister == "refuse_409" else 400
            raise RefusalError(status, f"Agent {known.agent_id} is already registered")
        agent = self.new_agent(data)
        if self.reading.keeps_first_time:
            agent.registration_time = known.registration_time
        self.keep(agent)
        return agent

    def new_agent(self, data: Obj) -> Agent:
        """An agent as it is just after registration."""
        now = self.now()
        return Agent(
            agent_id=data["agent_id"],
            agent_type=data["agent_type"],
            status=self.reading.first_status,
            capabilities=data.get("capabilities", []),
            services=data.get("services", []),
            endpoints=data.get("endpoints", {}),
            metadata=data.get("metadata", {}),
            last_heartbeat=now,
            registration_time=now,
            load_metrics=self.first_metrics(),
            sent=data,
        )

    def first_metrics(self) -> Obj:
        """Load metrics before the first update."""
        if self.reading.first_metrics == "empty":
            return {}
        zero: float = 0.0 if self.reading.float_metrics else 0
        return dict.fromkeys(METRIC_KEYS, zero)

    def keep(self, agent: Agent) -> None:
        """Put an agent on the books."""
        self.agents[agent.agent_id] = agent

    def find(self, agent_id: str) -> Agent | None:
        """Look an agent up."""
        return self.agents.get(agent_id)

    def everyone(self) -> list[Agent]:
        """All agents, in the order of the reading."""
        everyone = list(self.agents.values())
        if self.reading.agent_order == "newest":
            return everyone[::-1]
        if self.reading.agent_order == "by_id":
            return sorted(everyone, key=lambda agent: agent.agent_id)
        return everyone

    # Discovery.

    async def do_discover(self, call: Call) -> Reply:
        """POST /agents/discover."""
        sent = self.load(call, Op.DISCOVER)
        query = self.accept(Op.DISCOVER, sent)
        found = self.select(query)
        body = {
            "status": "success",
            "query": self.query_echo(sent, query),
            "agents": [self.discover_view(agent) for agent in found],
            "count": self.count(found),
            "timestamp": self.stamp(self.now()),
        }
        return Reply(status=200, body=body)

    def query_echo(self, sent: Obj, query: Obj) -> Obj:
        """The `query` of the answer, whose origin the document leaves open."""
        names = [line.name for line in self.fields[Op.DISCOVER]]
        if self.reading.query == "as_sent":
            return sent
        if self.reading.query == "full":
            return {name: query.get(name) for name in names}
        if self.reading.query == "given":
            return {name: query[name] for name in names if name in query}
        return {}

    def select(self, query: Obj) -> list[Agent]:
        """The agents that pass every filter."""
        return [agent for agent in self.everyone() if self.matches(agent, query)]

    def count(self, found: Sequence[Agent]) -> int:
        """The `count` of a discovery."""
        return len(found)

    def matches(self, agent: Agent, query: Obj) -> bool:
        """Whether an agent passes every filter that is set."""
        return all(self.passes(agent, name, query[name]) for name in self.set_filters(query))

    def set_filters(self, query: Obj) -> list[str]:
        """The filters that constrain anything; an empty list does not."""
        return [line.name for line in self.fields[Op.DISCOVER] if query.get(line.name)]

    def passes(self, agent: Agent, name: str, wanted: Json) -> bool:
        """Whether an agent passes one filter."""
        if name == "status":
            return bool(self.status_of(agent) == wanted)
        if name == "agent_type":
            return bool(agent.agent_type == wanted)
        if name == "capabilities":
            return self.covers(agent.capabilities, wanted, self.reading.capabilities_need)
        return self.covers(agent.services, wanted, self.reading.services_need)

    def covers(self, held: Sequence[str], wanted: Sequence[str], need: str) -> bool:
        """Whether a list answers a list."""
        quantor = all if need == "all" else any
        return quantor(item in held for item in wanted)

    # Views.

    def view(self, agent: Agent) -> Obj:
        """The thirteen fields of an agent."""
        return {
            "agent_id": agent.agent_id,
            "agent_type": agent.agent_type,
            "status": self.status_of(agent),
            "capabilities": self.listed(agent.capabilities),
            "services": self.listed(agent.services),
            "endpoints": shapes.urls(agent.endpoints, self.reading),
            "metadata": dict(agent.metadata),
            "last_heartbeat": self.stamp(agent.last_heartbeat),
            "registration_time": self.stamp(agent.registration_time),
            "load_metrics": dict(agent.load_metrics),
            "health_score": self.health_of(agent),
            "version": self.version_of(agent),
            "tags": self.tags_of(agent),
        }

    def listed(self, held: list[str]) -> list[str]:
        """A list as answers show it."""
        return sorted(held, key=str) if self.reading.sorted_lists else list(held)

    def discover_view(self, agent: Agent) -> Obj:
        """An agent inside the answer of a discovery."""
        return self.view(agent)

    def status_of(self, agent: Agent) -> str:
        """The status as seen now: silence may have made the agent stale."""
        limit = self.reading.stale_after
        if limit is not None and (self.now() - agent.last_heartbeat).total_seconds() > limit:
            return "stale"
        return agent.status

    def health_of(self, agent: Agent) -> float:
        """A score from 0 to 1."""
        if self.reading.health_score == "constant":
            return 1.0
        load = agent.load_metrics.get("cpu_usage", 0)
        return 1.0 - min(max(float(load), 0.0), 100.0) / 200.0

    def version_of(self, agent: Agent) -> str:
        """A version, from wherever the reading takes it."""
        sources = {"metadata": agent.metadata, "body": agent.sent}
        version = sources.get(self.reading.version_from, {}).get("version")
        return version if isinstance(version, str) else "1.0.0"

    def tags_of(self, agent: Agent) -> list[str]:
        """Tags, from wherever the reading takes them."""
        if self.reading.tags_from == "capabilities":
            return list(agent.capabilities)
        sources = {"metadata": agent.metadata, "body": agent.sent}
        tags = sources.get(self.reading.tags_from, {}).get("tags")
        return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []

    # Single agents.

    async def do_get(self, call: Call) -> Reply:
        """GET /agents/{agent_id}."""
        agent = self.find(call.arg)
        if agent is None:
            return self.unknown_on_get(call.arg)
        body = {
            "status": "success",
            "agent": self.view(agent),
            "timestamp": self.stamp(self.now()),
        }
        return Reply(status=200, body=body)

    def unknown_on_get(self, agent_id: str) -> Reply:
        """The one refusal that the document spells out for a look-up."""
        raise RefusalError(404, "Agent not found")

    async def do_update(self, call: Call) -> Reply:
        """PUT /agents/{agent_id}/status."""
        data = self.accept(Op.UPDATE, self.load(call, Op.UPDATE))
        agent = self.find(call.arg)
        if agent is None:
            return self.unknown_on_update(call.arg, data)
        self.apply(agent, data)
        return self.updated(call.arg, data)

    def updated(self, agent_id: str, data: Obj) -> Reply:
        """The answer to an update that was made."""
        body = {
            "status": "success",
            "message": f"Agent {agent_id} status updated",
            "agent_id": agent_id,
            "new_status": data["status"],
            "updated_at": self.stamp(self.now()),
        }
        return Reply(status=200, body=body)

    def unknown_on_update(self, agent_id: str, data: Obj) -> Reply:
        """An update of nobody, for which the document lists no status of its own."""
        status = self.reading.unknown_on_update
        words = "Error updating agent status: " if status == 500 else ""
        raise RefusalError(status, f"{words}Agent not found")

    def apply(self, agent: Agent, data: Obj) -> None:
        """Make an update."""
        agent.status = data["status"]
        if "load_metrics" in data:
            self.apply_metrics(agent, data["load_metrics"])
        if self.reading.update_is_life:
            agent.last_heartbeat = self.now()

    def apply_metrics(self, agent: Agent, sent: Obj) -> None:
        """Take new load metrics, by merging or by replacing."""
        known = self.reading.known_metrics_only
        kept = {name: value for name, value in sent.items() if not known or name in METRIC_KEYS}
        if self.reading.float_metrics:
            kept = {name: float(value) for name, value in kept.items()}
        elif self.reading.lax_numbers:
            kept = {name: _plain(value) for name, value in kept.items()}
        merge = self.reading.metrics == "merge"
        agent.load_metrics = {**agent.load_metrics, **kept} if merge else kept

    async def do_heartbeat(self, call: Call) -> Reply:
        """POST /agents/{agent_id}/heartbeat."""
        sent = self.heartbeat_body(call)
        agent = self.find(call.arg)
        if agent is None:
            raise RefusalError(self.reading.unknown_on_heartbeat, "Agent not found")
        self.beat(agent, sent)
        return shapes.heartbeat(agent.agent_id, self.stamp(agent.last_heartbeat), self.reading)

    def heartbeat_body(self, call: Call) -> Obj:
        """The body of a heartbeat, of which the document says nothing."""
        policy = self.reading.heartbeat_body
        if policy == "ignored" or (policy == "applied" and not call.body.strip()):
            return {}
        body = self.load(call, Op.HEARTBEAT)
        found = problems(body, FULL_BEAT if policy == "full" else ())
        if found:
            raise RefusalError(422, shapes.listed_detail(found, self.reading))
        return body if policy == "applied" else {}

    def beat(self, agent: Agent, sent: Obj) -> None:
        """Note a sign of life."""
        agent.last_heartbeat = self.now()
        if self.reading.heartbeat_revives and agent.status == "stale":
            agent.status = "active"
        update = {"status": agent.status, **sent}
        if sent and not problems(update, self.fields[Op.UPDATE]):
            self.apply(agent, update)


def _plain(value: Json) -> float:
    """A number out of what a lax validator lets through."""
    return value if type(value) in (int, float) else float(value)
