"""What an orchestrator keeps in its database: all that outlives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.protocols.stella.certificates import Certificates
from mockserver.protocols.stella.passes import Passes
from mockserver.protocols.stella.presence import Presence
from mockserver.protocols.stella.registry import Agent, Registry
from mockserver.protocols.stella.tasks import Tasks
from mockserver.protocols.stella.terms import Terms
from mockserver.protocols.stella.tokens import Tokens
from mockserver.world import World

__all__ = ["Ledger"]


class Ledger:
    """Agents with their credentials, tokens and tasks, and the terms on which agents come in.

    It keeps the world in which it was begun: chances that began anew would give ids twice.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.terms = Terms()
        self.tokens = Tokens()
        self.registry = Registry()
        self.presence = Presence()
        self.passes = Passes(world)
        self.certificates = Certificates(world)
        self.tasks = Tasks()

    def register(self, said: Mapping[str, Any]) -> Agent:
        """Take an agent in on the terms of the day. It counts as online from then on."""
        now = self.world.clock.now()
        agent = Agent(
            id=self.world.uuid(),
            name=said["name"],
            version=said["version"],
            capabilities=said["capabilities"],
            labels=said.get("labels", {}),
            config=self.terms.config(),
            registered=now,
        )
        self.registry.add(agent)
        self.presence.hear(agent, now)
        return agent

    def receipt(self, agent: Agent) -> dict[str, Any]:
        """Everything that a new agent needs, issued for it. The key is told this once."""
        now = self.world.clock.now()
        made = self.certificates.issue(agent.id, self.terms.certificate_lifetime)
        return {
            "agentId": agent.id,
            "token": self.passes.issue(agent.id, agent.name, now),
            "config": dict(agent.config),
            "certificate": {
                "cert": made.cert,
                "key": made.key,
                "ca": self.certificates.authority.pem,
                "expiresAt": made.expires_at,
            },
        }

    def renewal(self, agent: Agent, shown: bytes) -> dict[str, Any] | None:
        """A new certificate, where the one that the agent goes by is near its end.

        That is the one it `shown`, or its newest where it showed none. Old ones stay valid.
        """
        current = self.certificates.current(agent.id, shown)
        terms, now = self.terms, self.world.clock.now()
        if current is None or not current.is_due(now, terms.renew_before):
            return None
        made = self.certificates.renew(current, terms.certificate_lifetime, terms.renew_before)
        return {"cert": made.cert, "expiresAt": made.expires_at}

    def revoke(self, agent: Agent) -> None:
        """Nothing that the agent was ever given proves who it is any more."""
        self.certificates.revoke(agent.id)
        self.passes.revoke(agent.id)

    def remove(self, agent: Agent) -> None:
        """It is not registered any more: its name is free, and its tasks are gone."""
        self.registry.remove(agent)
        self.presence.forget(agent)
        self.tasks.drop(agent.id)
