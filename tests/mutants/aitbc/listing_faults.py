"""Faults in the list that a discovery answers with."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .coordinator import Coordinator
from .fault import Aimed, Fault, Row, Section, expand
from .model import Agent, Call, Env, Obj, Op, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .reading import Reading

__all__ = ["LISTING_FAULTS"]

_SECTION: Final[Section] = "Discover Agents"


class _Cut(Aimed):
    def select(self, query: Obj) -> list[Agent]:
        return super().select(query)[: int(self.target)]


class _Tally(Aimed):
    def count(self, found: Sequence[Agent]) -> int:
        if self.target == "everyone":
            return len(self.agents)
        return min(len(found), 10) if self.target == "capped_at_10" else len(self.agents) - 1


class _CountRemembered(Coordinator):
    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._count: int | None = None

    def count(self, found: Sequence[Agent]) -> int:
        if self._count is None:
            self._count = len(found)
        return self._count


class _Listing(Aimed):
    """Spoils the list itself."""

    def select(self, query: Obj) -> list[Agent]:
        found = super().select(query)
        if self.target == "last_dropped":
            return found[:-1]
        if self.target == "first_dropped":
            return found[1:]
        if self.target == "first_repeated":
            return [*found[:1], *found]
        return found or self.everyone()


class _Remembered(Coordinator):
    """A cache without expiry."""

    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._cache: dict[str, Reply] = {}

    async def do_discover(self, call: Call) -> Reply:
        reply = await super().do_discover(call)
        return self._cache.setdefault(json.dumps(self.load(call, Op.DISCOVER)), reply)


class _Hiding(Aimed):
    """Leaves agents out by status, whatever was asked for."""

    def everyone(self) -> list[Agent]:
        hidden = ("inactive", "stale") if self.target == "inactive" else (self.target,)
        return [agent for agent in super().everyone() if self.status_of(agent) not in hidden]


class _Nothing(Aimed):
    """An empty result is told in another way."""

    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is not Op.DISCOVER or reply.status != 200 or reply.body["agents"]:
            return reply
        if self.target == "404":
            return Reply(status=404, body={"detail": "No agents found"})
        if self.target == "204":
            return Reply(status=204)
        body = dict(reply.body)
        if self.target == "null":
            body["agents"] = None
        else:
            del body["agents"]
        return replace(reply, body=body)


class _Touching(Aimed):
    """A discovery changes the agents that it finds."""

    def discover_view(self, agent: Agent) -> Obj:
        view = super().discover_view(agent)
        if self.target == "last_heartbeat":
            agent.last_heartbeat = self.now()
        elif self.target == "status":
            agent.status = "busy"
        elif self.target == "registration_time":
            agent.registration_time = self.now()
        else:
            self.agents.pop(agent.agent_id, None)
        return view


class _OldView(Coordinator):
    """Shows agents as they were when first looked at."""

    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._views: dict[str, Obj] = {}

    def keep(self, agent: Agent) -> None:
        super().keep(agent)
        self._views[agent.agent_id] = self.view(agent)

    def discover_view(self, agent: Agent) -> Obj:
        return dict(self._views.get(agent.agent_id) or self.view(agent))


class _Shared(Aimed):
    """All entries of the list show the value that the last one has."""

    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is Op.DISCOVER and reply.status == 200:
            agents = reply.body["agents"]
            for agent in agents:
                agent[self.target] = agents[-1][self.target]
        return reply


class _SparseTail(Aimed):
    """Only the first entry of the list is complete."""

    def finish(self, call: Call, reply: Reply) -> Reply:
        if call.op is Op.DISCOVER and reply.status == 200:
            for agent in reply.body["agents"][1:]:
                del agent[self.target]
        return reply


def _plain() -> Iterator[Fault]:
    rows: tuple[tuple[str, str, type[Coordinator]], ...] = (
        ("count.remembered", "count never changes after the first answer", _CountRemembered),
        ("cached", "an answer is repeated for ever for the same query", _Remembered),
        ("old_view", "agents look as they did at registration", _OldView),
    )
    for name, summary, make in rows:
        yield Fault(name=f"discover.{name}", summary=summary, section=_SECTION, make=make)


def _rows() -> Iterator[Row]:
    wrong = ("last_dropped", "first_dropped", "first_repeated", "everyone_for_nobody")
    touched = ("last_heartbeat", "status", "registration_time", "removed")
    members = ("agent_id", "agent_type", "status", "metadata", "capabilities")
    sparse = ("endpoints", "metadata", "load_metrics", "tags", "last_heartbeat")
    counts = ("everyone", "capped_at_10", "all_but_one")
    nobody = ("404", "204", "null", "missing")
    hidden = ("inactive", "busy", "stale")
    yield "discover.cut_at_{}", "no more than {}", _SECTION, _Cut, ("1", "10", "50", "100")
    yield "discover.count.{}", "count is wrong: {}", _SECTION, _Tally, counts
    yield "discover.list.{}", "the list is wrong: {}", _SECTION, _Listing, wrong
    yield "discover.nobody.{}", "an empty result is told as {}", _SECTION, _Nothing, nobody
    yield "discover.hides_{}", "{} agents are never shown", _SECTION, _Hiding, hidden
    yield "discover.changes.{}", "the agents found are changed: {}", _SECTION, _Touching, touched
    yield "discover.shared.{}", "all entries show the {} of the last", _SECTION, _Shared, members
    yield "discover.sparse.{}", "{} is only in the first entry", _SECTION, _SparseTail, sparse


LISTING_FAULTS: Final = (*_plain(), *expand(_rows()))
