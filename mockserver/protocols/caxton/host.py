"""The host: its world, what lives on it, and how agents come, change and go."""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.protocols.caxton.agenda import Agenda
from mockserver.protocols.caxton.agents import Agent, Agents, Handled, Resources, Temper
from mockserver.protocols.caxton.answers import RefusedError
from mockserver.protocols.caxton.dialects import Dialect
from mockserver.protocols.caxton.lifecycle import AGENT, Machine
from mockserver.protocols.caxton.sizes import bytes_of
from mockserver.world import END, World, iso

__all__ = ["LARGEST", "MEMORY", "Host", "module_of"]

MEMORY = 8192 * 10**6
"""Bytes of the host, and"""
LARGEST = 4096 * 10**6
"""those that one agent may ask for."""

_HEADER = b"\0asm\1\0\0\0"
"""Silence 10: what a module must hold at least."""

_ONE_LINE = str.maketrans("", "", "\r\n")
"""Base64 may come in lines, as many encoders write it."""

_GRACE = 30.0
"""Seconds that an agent has to stop, where nobody says how many."""
_WIND_UP = 0.2
"""Seconds that an agent takes to stop once it is idle."""

_REMEMBERED = 20_000
"""Messages whose times are remembered, whoever handled them."""

_EVENT_OF = {
    "load": "agent.deployed",
    "stop": "agent.draining",
    "drained": "agent.stopped",
    "crash": "agent.failed",
    "remove": "agent.removed",
}


class Host:
    """What the other parts share: agents, time, ids and whom to tell. `watchers` hear of each event
    of an agent's life once it has happened; `tell` takes the events that clients may hear.
    """

    def __init__(self, world: World, dialect: Dialect) -> None:
        self.world = world
        self.dialect = dialect
        self.agenda = Agenda(world.clock)
        self.agents = Agents()
        self.tell: Callable[[Mapping[str, Any]], None] = _nobody
        self.watchers: list[Callable[[Agent, str], None]] = []
        self.work: list[Callable[[Agent], float]] = []
        """When an agent will have done what else it has at hand (seconds since 1970)."""
        self.lives: Machine[Agent] = Machine(AGENT, self.agenda, self._entered)
        self.began = world.clock.now()
        self.processed = 0
        self.handled: deque[Handled] = deque(maxlen=_REMEMBERED)
        self.spawns: deque[float] = deque(maxlen=1000)

    def now(self) -> float:
        return self.agenda.now()

    def new_id(self, kind: str) -> str:
        return f"{kind}_{self.world.random.getrandbits(48):012x}"

    def happened(self, kind: str, **fields: Any) -> None:
        """Tell an event, with its time."""
        self.tell({"type": kind, **fields, "timestamp": iso(self.now())})

    def count(self, agent: Agent, latency: float) -> None:
        """An agent took a message, which keeps it for so long (ms)."""
        agent.take(self.now(), latency)
        self.handled.append(Handled(self.now(), latency))
        self.processed += 1

    # Agents come

    def deploy(self, module: str, config: Mapping[str, Any]) -> Agent:
        """A new agent. Raises `RefusedError` for a module, a name or resources that will not do."""
        size = len(module_of(module))
        self.agents.claim(config["name"])
        resources = self.resources(config.get("resources", {}), Resources())
        now = self.now()
        agent = Agent(
            id=self.new_id("agent"),
            name=config["name"],
            version="1.0.0",
            module=size,
            resources=resources,
            temper=Temper.drawn(self.world),
            created=now,
            deployed=now,
            strategy=config.get("strategy", "immediate"),
            environment=config.get("environment", {}),
            capabilities=tuple(config.get("capabilities", ())),
            spawn=self.dialect.spawn,
            spawn_ms=round(self.world.random.uniform(60, 110), 2),
        )
        self.spawns.append(agent.spawn_ms)
        self.agents.add(agent)
        self.lives.step(agent, "load")
        self.agenda.keep()  # where it takes no time, it runs already
        return agent

    def resources(self, said: Mapping[str, Any], before: Resources) -> Resources:
        """What is asked for. Raises `RefusedError` where the host has not that much."""
        wanted = before.changed(said)
        if bytes_of(wanted.memory) > LARGEST:
            raise RefusedError(
                "RESOURCE_LIMIT_EXCEEDED",
                f"an agent has {LARGEST // 10**6}MB of memory at most, not {wanted.memory}",
                requested=wanted.memory,
                limit=f"{LARGEST // 10**6}MB",
            )
        return wanted

    # Agents go

    def stop(self, agent: Agent, grace: float | None, *, drain: bool) -> float:
        """Have an agent finish what it has begun, and end; returns when. One that is ending or has
        ended stays as it is.
        """
        now = self.now()
        if agent.state == "stopped":
            return agent.ended or now
        if agent.state == "draining":
            assert agent.timer is not None, "what drains will have drained"
            return agent.timer.at
        grace = _GRACE if grace is None else grace
        if not drain:
            agent.drop_work(now, "stopped")
        owed = [each.at for each in agent.waiting.values()]
        owed += [until(agent) for until in self.work] if drain else []
        needed = _WIND_UP + max([0.0, *(at - now for at in owed)])
        agent.grace = grace if self.dialect.whole_grace else min(grace, needed)
        self.lives.step(agent, "stop")
        return min(END, now + agent.grace)

    def remove(self, agent: Agent) -> None:
        self.lives.step(agent, "remove")

    def _entered(self, agent: Agent, event: str) -> None:
        """Once an agent's state is new."""
        now = self.now()
        if event == "start":
            agent.started, agent.ended = now, None
        elif agent.state in ("stopped", "failed", "unloaded"):
            agent.ended = agent.ended or now
            agent.drop_work(now, event)
        if event == "remove":
            self.agents.remove(agent)
        if event in _EVENT_OF:
            self.happened(_EVENT_OF[event], agent_id=agent.id, name=agent.name)
        for watcher in self.watchers:
            watcher(agent, event)


def module_of(text: str) -> bytes:
    """The bytes of a module. Raises `RefusedError` where they do not begin as those of one."""
    try:
        module = base64.b64decode(text.translate(_ONE_LINE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError("INVALID_WASM", f"the module is not base64: {error}") from error
    if not module.startswith(_HEADER):
        shown = module[:8].hex(" ")
        raise RefusedError(
            "INVALID_WASM",
            "the module does not begin as WebAssembly of version 1 does",
            expected=_HEADER.hex(" "),
            found=shown,
        )
    return module


def _nobody(_: Mapping[str, Any]) -> None:
    """Where no coordinator listens, nobody is told."""
