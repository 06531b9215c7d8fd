"""All that outlives a restart, in one: the host, what is said on it, tasks and deployments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.protocols.caxton.agents import Agent
from mockserver.protocols.caxton.deployments import (
    Change,
    Deployment,
    Deployments,
    Order,
    next_version,
)
from mockserver.protocols.caxton.dialects import Dialect
from mockserver.protocols.caxton.host import Host, module_of
from mockserver.protocols.caxton.post import Post
from mockserver.protocols.caxton.tasks import Tasks
from mockserver.world import World

__all__ = ["Realm"]


class Realm:
    """What REST and gRPC both serve, and what happens on the clock by itself."""

    def __init__(self, world: World, dialect: Dialect) -> None:
        self.host = Host(world, dialect)
        self.post = Post(self.host)
        self.tasks = Tasks(self.host, self.post)
        self.deployments = Deployments(self.host)

    def deploy(self, module: str, config: Mapping[str, Any]) -> Agent:
        """A new agent, by whatever way it came."""
        agent = self.host.deploy(module, config)
        self.deployments.first(agent)
        return agent

    def update(self, agent: Agent, said: Mapping[str, Any]) -> Deployment:
        """Another configuration, another module, or both. A new name holds from now on, the rest
        once the deployment is through.
        """
        config = said.get("config", {})
        if "name" in config:
            self.host.agents.claim(config["name"], agent)
        was = Change.none(agent)
        change = replace(
            was,
            resources=self.host.resources(config.get("resources", {}), was.resources),
            environment=config.get("environment", was.environment),
            capabilities=tuple(config.get("capabilities", was.capabilities)),
        )
        if "wasm_module" in said:
            module = module_of(said["wasm_module"])
            change = replace(change, version=next_version(was.version), module=len(module))
        order = Order.of({"type": said.get("strategy", "immediate")})
        made = self.deployments.begin("deploy", agent, change, order)
        if "name" in config:
            self.host.agents.rename(agent, config["name"])
        return made
