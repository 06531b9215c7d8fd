"""A small coordinator in memory: lenient, and lively enough for every journey. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from tests.mutants.caxton_agents.bugs import Cue
from tests.mutants.caxton_agents.model import What

__all__ = ["NOW", "World", "refusal"]

NOW: Final = "2031-05-06T07:08:09Z"
_AGENTS_A_PAGE: Final = 2
_MESSAGES_A_PAGE: Final = 2
_MOST: Final = 60
"""Agents that it keeps."""

_CODES: Final[Mapping[int, str]] = {
    400: "INVALID_WASM",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "AGENT_NOT_FOUND",
    409: "AGENT_ALREADY_EXISTS",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    503: "INTERNAL_ERROR",
}

Answer = tuple[int, dict[str, Any]]


def refusal(status: int, code: str = "") -> Answer:
    """An error as the document draws it."""
    named = {"code": code or _CODES[status], "message": "not now", "details": {"id": "x"}}
    return status, {"error": {**named, "trace_id": "trace_51"}}


class World:
    """Agents, messages, tasks, deployments."""

    def __init__(self, cue: Cue, name: str) -> None:
        self._cue = cue
        self._ids = count(1)
        self._kept: list[dict[str, Any]] = []
        self.agents: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, int] = {}
        """By id, how often each was looked at since it was distributed; -1 before."""
        self.deployments: dict[str, int] = {}
        """By id, how often each was looked at; -1 for one that is rolled back."""
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []
        """To be told on WebSockets."""
        for own in ("elder", "middle", "younger"):
            self._add(own)
        if cue is Cue.CONFLICT:
            self._add(name)

    def handle(self, what: What, about: str, query: Mapping[str, str], body: Any) -> Answer:
        """What becomes of one request."""
        members = body if isinstance(body, dict) else {}
        if what in _ABOUT_AGENTS and about not in self.agents:
            return refusal(404)
        if what in {What.DISTRIBUTE, What.PROGRESS} and about not in self.tasks:
            return refusal(404, "TASK_NOT_FOUND")
        if what in {What.MONITOR, What.ROLLBACK} and about not in self.deployments:
            return refusal(404, "DEPLOYMENT_NOT_FOUND")
        if what in {What.LIST, What.HISTORY}:
            return 200, self._empty(self._list(query) if what is What.LIST else self._read(query))
        if what in {What.DEPLOY, What.SEND, What.TASK, What.ROLLOUT}:
            return self._made(what, members)
        return 200, self._told(what, about)

    def _made(self, what: What, body: Mapping[str, Any]) -> Answer:
        if what is What.DEPLOY:
            return self.deploy(str(body.get("name")))
        if what is What.SEND:
            return self.send(body)
        own = f"{'task' if what is What.TASK else 'roll'}_{next(self._ids)}"
        if what is What.TASK:
            named = body.get("participants")
            if any(isinstance(n, str) and n not in self.agents for n in _listed(named)):
                return refusal(404)
            # Whoever distributes it gets it, whoever is meant to take part.
            self.tasks[own] = -1
            return 200, {"task_id": own, "status": "created", "created_at": NOW}
        if str(body.get("agent_id")) not in self.agents:
            return refusal(404)
        self.deployments[own] = 0
        return 200, {"deployment_id": own, "status": "initializing", "created_at": NOW}

    def deploy(self, name: str) -> Answer:
        """A new agent."""
        if any(agent["name"] == name for agent in self.agents.values()):
            return refusal(409)
        if len(self.agents) > _MOST:
            return refusal(429, "RESOURCE_LIMIT_EXCEEDED")
        own = self._add(name, "loaded")
        self.events.append({"type": "agent.deployed", "agent_id": own, "timestamp": NOW})
        return 200, {
            "agent_id": own,
            "name": name,
            "status": "loaded",
            "deployed_at": NOW,
            "version": "1.0.0",
            "deployment_id": f"deploy_{own}",
            "lifecycle_state": "loaded",
            "resource_limits": {"memory": "50MB", "cpu_fuel": 100000},
        }

    def send(self, message: Mapping[str, Any]) -> Answer:
        """A message, which is answered by two more."""
        receiver = str(message.get("receiver"))
        if receiver not in self.agents:
            return refusal(404)
        talk = self.messages.setdefault(str(message.get("conversation_id")), [])
        own = f"msg_{next(self._ids)}"
        kept = {"message_id": own, "timestamp": NOW, **message}
        back = {"performative": "inform", "sender": receiver, "receiver": message.get("sender")}
        answers: list[dict[str, Any]] = [
            {**back, "message_id": f"{own}_{n}", "timestamp": NOW, "content": {}} for n in (1, 2)
        ]
        told = message.get("reply_with")
        if told and self._cue is not Cue.UNANSWERED:
            answers[0]["in_reply_to"] = told
        talk += [kept, *(self._late(answers, talk) if self._cue is Cue.CROSSED else answers)]
        self.events.append(
            {
                "type": "message.sent",
                "message_id": f"{own}_1",
                "from": receiver,
                "to": message.get("sender"),
                "performative": "inform",
            }
        )
        return 200, {"message_id": own, "status": "delivered", "delivered_at": NOW}

    def _late(
        self, answers: list[dict[str, Any]], talk: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """What is answered in a conversation after its second message, and not before."""
        if not talk:
            self._kept = answers
            return []
        kept, self._kept = self._kept, []
        stray = {**answers[1], "message_id": "msg_stray", "in_reply_to": "asked-by-nobody"}
        return [stray, *answers, *kept]

    def _add(self, name: str, status: str = "running") -> str:
        own = f"{'attic|' if self._cue is Cue.IDS else ''}agent_{next(self._ids)}"
        self.agents[own] = {"agent_id": own, "name": name, "status": status}
        return own

    def _empty(self, answer: dict[str, Any]) -> dict[str, Any]:
        if self._cue is not Cue.EMPTY:
            return answer
        return {name: [] if isinstance(v, list) else v for name, v in answer.items()} | {"total": 0}

    def _list(self, query: Mapping[str, str]) -> dict[str, Any]:
        start, limit = _number(query.get("offset"), 0), _number(query.get("limit"), 2)
        wanted = query.get("status")
        found = [a for a in self.agents.values() if wanted in {None, a["status"]}]
        end = start + max(1, min(limit, _AGENTS_A_PAGE))
        more = {"created_at": NOW, "resources": {"memory_used": "25MB", "cpu_usage": 0.15}}
        page: dict[str, Any] = {
            "agents": [{**agent, **more} for agent in found[start:end]],
            "total": len(found),
        }
        return page | ({"next_offset": end} if end < len(found) else {})

    def _read(self, query: Mapping[str, str]) -> dict[str, Any]:
        talk = self.messages.get(query.get("conversation_id", ""), [])
        start = _number(query.get("cursor", "").removeprefix("c-"), 0)
        end = start + _MESSAGES_A_PAGE
        page: dict[str, Any] = {"messages": talk[start:end], "total": len(talk)}
        return page | ({"next_cursor": f"c-{end}"} if end < len(talk) else {})

    def _told(self, what: What, about: str) -> dict[str, Any]:
        if what in _ABOUT_AGENTS:
            return self._agent(what, about)
        if what in {What.DISTRIBUTE, What.PROGRESS}:
            self.tasks[about] += 1
            over = self.tasks[about] > 1
            status = "distributed" if what is What.DISTRIBUTE else "in_progress"
            task = {"task_id": about, "status": "completed" if over else status}
            bid = {"agent_id": "agent_1", "estimated_time": 45, "confidence": 0.9}
            return {**task, "assigned_to": "agent_1", "proposals_received": 1, "winning_bid": bid}
        if what is What.ROLLBACK:
            self.deployments[about] = -1
            return {
                "deployment_id": about,
                "status": "rolling_back",
                "rollback_to_version": "1.0.0",
                "estimated_completion": NOW,
            }
        if what is What.MONITOR:
            return self._deployment(about)
        return {"timestamp": NOW, "agents": {"total": len(self.agents)}, "performance": {}}

    def _deployment(self, about: str) -> dict[str, Any]:
        looked = self.deployments[about]
        if looked >= 0:
            self.deployments[about] += 1
        status = "rolled_back" if looked < 0 else "completed" if looked else "in_progress"
        return {
            "deployment_id": about,
            "status": status,
            "current_stage": 1,
            "current_percentage": 10,
            "metrics": {"success_rate": 1.0, "error_count": 0, "latency_p99": 2.5},
            "stages": [{"stage": 1, "percentage": 10, "status": "in_progress"}],
        }

    def _agent(self, what: What, about: str) -> dict[str, Any]:
        agent = self.agents[about]
        if what is What.REMOVE:
            del self.agents[about]
            return {"agent_id": about, "status": "removed", "removed_at": NOW}
        if what is What.STOP:
            agent["status"] = "draining"
            return {"agent_id": about, "status": "draining", "estimated_completion": NOW}
        if what is What.UPDATE:
            agent["status"] = "updating"
            return {"agent_id": about, "status": "updating", "deployment_id": f"deploy_{about}"}
        if what is What.RELOAD:
            return {
                "hot_reload_id": f"reload_{about}",
                "status": "in_progress",
                "from_version": "1.0.0",
                "to_version": "2.0.0",
                "strategy": "graceful",
                "started_at": NOW,
            }
        if what is What.METRICS:
            return {"agent_id": about, "period": "1h", "metrics": {"errors": []}}
        shown = {**agent, "version": "1.0.0", "metrics": {"messages_processed": 1}}
        following = {"loaded": "running", "updating": "running", "draining": "stopped"}
        agent["status"] = following.get(agent["status"], agent["status"])
        return shown


_ABOUT_AGENTS: Final = frozenset(
    {What.GET, What.RELOAD, What.UPDATE, What.STOP, What.REMOVE, What.METRICS}
)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(text: str | None, usual: int) -> int:
    try:
        return max(0, int(text or ""))
    except ValueError:
        return usual
