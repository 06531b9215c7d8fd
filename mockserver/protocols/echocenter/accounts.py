"""Who there is: a person, the Butler, and the agents with their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mockserver.protocols.echocenter.passes import Passes
from mockserver.world import World, iso

__all__ = ["BUTLER_ID", "PERSON_ID", "Account", "Accounts"]

PERSON_ID = 1
BUTLER_ID = 2

_SHOWN = 4
"""Characters of a token that its hint tells: enough to tell tokens apart, and no more."""


@dataclass(slots=True, kw_only=True)
class Account:
    """Anybody who can say or hear something. `created` is in seconds since 1970.

    `token` is empty for all but agents, and for an agent whose token was revoked.
    """

    id: int
    username: str
    role: str
    created: float
    token: str = ""

    @property
    def is_person(self) -> bool:
        return self.role == "ADMIN"

    @property
    def is_agent(self) -> bool:
        return self.role == "AGENT"

    def view(self) -> dict[str, Any]:
        """As anybody may see it: "does not return raw api_token; it returns token_hint only"."""
        known = {"id": self.id, "username": self.username, "role": self.role}
        if self.is_agent:
            known["token_hint"] = f"****{self.token[-_SHOWN:]}" if self.token else ""
        return {**known, "created_at": iso(self.created)}


class Accounts:
    """Everybody by id, name and token. A restart leaves them as they are."""

    def __init__(self, world: World, username: str, password: str) -> None:
        self._world = world
        self._password = password
        self._passes = Passes(world)
        now = world.clock.now()
        self.person = Account(id=PERSON_ID, username=username, role="ADMIN", created=now)
        self.butler = Account(id=BUTLER_ID, username="Butler", role="BUTLER", created=now)
        self._by_id = {account.id: account for account in (self.person, self.butler)}
        self._by_name = {account.username: account for account in self._by_id.values()}
        self._by_token: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_id.values())

    def move(self, world: World) -> None:
        """Live on in another world, which has the same chances as the first had once more."""
        self._world = world

    def agents(self) -> list[Account]:
        return [account for account in self if account.is_agent]

    def get(self, account_id: int) -> Account | None:
        return self._by_id.get(account_id)

    def named(self, username: str) -> Account | None:
        return self._by_name.get(username)

    def find(self, who: Any, what: str) -> Account:
        """By name or id, as a command gives it. Raises `ValueError` for nobody, and names `what`
        of the command is wrong.
        """
        found = None
        if isinstance(who, str):
            found = self._by_name.get(who)
        elif isinstance(who, int) and not isinstance(who, bool):
            found = self._by_id.get(who)
        if found is None:
            raise ValueError(f'"{what}" is the name or the id of somebody, not {who!r}')
        return found

    def add_agent(self, username: str) -> Account:
        """A new agent with a token of its own: "every Agent must have a unique api_token"."""
        agent = Account(
            id=len(self._by_id) + 1,
            username=username,
            role="AGENT",
            created=self._world.clock.now(),
        )
        self._by_id[agent.id] = self._by_name[username] = agent
        self.give_token(agent)
        return agent

    def give_token(self, agent: Account) -> None:
        """A fresh token for an agent that has none."""
        token = ""
        while not token or token in self._by_token:  # after a restart, chance repeats itself
            token = "agt_" + self._world.uuid().replace("-", "")
        agent.token = token
        self._by_token[token] = agent

    def revoke(self, agent: Account) -> None:
        self._by_token.pop(agent.token, None)
        agent.token = ""

    def log_in(self, username: str, password: str) -> str | None:
        """A pass for a person, or `None` where the name or the password is wrong."""
        if (username, password) != (self.person.username, self._password):
            return None
        return self.pass_of(self.person)

    def pass_of(self, person: Account) -> str:
        """A token that opens a connection to a person."""
        return self._passes.issue(person.id, person.username, self._world.clock.now())

    def person_of(self, token: str) -> Account | None:
        """Who shows that pass; an agent's token is none."""
        return self._by_id.get(self._passes.holder(token) or 0)

    def owner(self, token: str) -> Account | None:
        """Whose token it is: an agent's own, or a person's pass."""
        return self._by_token.get(token) or self.person_of(token)
