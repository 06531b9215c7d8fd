"""The half of EchoCenter that speaks HTTP: agents are registered, listed and told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.coordinator import (
    Answer,
    Call,
    Coordinator,
    Refusal,
    Settings,
    Wrong,
    handles,
)
from mockserver.protocols.echocenter.accounts import Account, Accounts
from mockserver.protocols.echocenter.dialects import DIALECTS
from mockserver.protocols.echocenter.post import Post
from mockserver.world import World
from schemas.spec import Protocol

__all__ = ["Administration", "unauthorized"]

_STATUS_OF = {
    Wrong.UNKNOWN_PATH: 404,
    Wrong.UNKNOWN_METHOD: 405,
    Wrong.MALFORMED: 400,
    Wrong.INVALID: 400,
    Wrong.TOO_LARGE: 413,
    Wrong.GARBLED: 400,
}

_INVALID = {
    "createAgent": "username is required",
    "logIn": "username and password are required",
}


class Administration(Coordinator):
    """Accounts and their tokens, and how refusals are worded."""

    def __init__(self, protocol: Protocol, world: World, settings: Settings | None = None) -> None:
        super().__init__(protocol, world, settings)
        self.dialect = DIALECTS[self.settings.dialect]
        self.largest_message = self.dialect.largest_message
        self.ping_every = self.dialect.ping_every
        self.pong_within = self.dialect.pong_within
        self._move_in(Accounts(world, self.settings.username, self.settings.password))

    def _move_in(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.post = Post(self.world, accounts, self.dialect, self.say)
        self.board = self.post.board
        self.butler = self.post.butler

    # Administration

    @handles("createAgent")
    def create_agent(self, call: Call) -> Answer:
        refusal = self._bar(call)
        if refusal is not None:
            return refusal
        username = call.body["username"]
        if not username.strip():
            return _error(400, _INVALID["createAgent"])
        if self.accounts.named(username) is not None:
            return _error(409, "username already exists")
        agent = self.accounts.add_agent(username)
        # The one time that it is told: "GET /api/users/agents does not return raw api_token".
        return Answer(status=201, body={**self._view(agent), "api_token": agent.token})

    @handles("listAgents")
    def list_agents(self, call: Call) -> Answer:
        agents = [self._view(agent) for agent in self.accounts.agents()]
        return self._bar(call) or Answer(body=agents)

    @handles("getAgentToken")
    def get_agent_token(self, call: Call) -> Answer:
        """Is for "non-production only": in production, the path is not there at all."""
        if self.settings.production:
            return _error(404, Wrong.UNKNOWN_PATH.value)
        refusal = self._bar(call)
        if refusal is not None:
            return refusal
        agent = self.accounts.named(call.parameters["username"])
        if agent is None or not agent.token:
            return _error(404, "agent not found")
        return Answer(body={"username": agent.username, "api_token": agent.token})

    @handles("logIn")
    def log_in(self, call: Call) -> Answer:
        token = self.accounts.log_in(call.body["username"], call.body["password"])
        if token is None:
            return unauthorized("invalid credentials")
        return Answer(body={"token": token, "user": self.accounts.person.view()})

    @handles("getPresence")
    def get_presence(self, call: Call) -> Answer:
        return self._bar(call) or Answer(body={"online": self.board.presence(self.accounts)})

    def _bar(self, call: Call) -> Answer | None:
        """Refuse who is not logged in, where that is asked for. An agent's token is no log-in."""
        if not self.dialect.guarded:
            return None
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return unauthorized("token is required")
        if self.accounts.person_of(token.strip()) is None:
            return unauthorized("invalid credentials")
        return None

    # How it words what goes wrong

    def refuse(self, refusal: Refusal) -> Answer:
        operation = refusal.operation.id if refusal.operation else ""
        reasons = "; ".join(str(violation) for violation in refusal.violations)
        invalid = _INVALID.get(operation) if refusal.wrong is Wrong.INVALID else None
        headers = {"Allow": ", ".join(refusal.allowed)} if refusal.allowed else {}
        error = invalid or reasons or refusal.wrong.value
        return _error(_STATUS_OF[refusal.wrong], error, headers)

    def failure(self, status: int, reason: str, operation: str = "") -> Answer:
        del operation  # every failure is worded alike
        return _error(status, reason)

    def _view(self, account: Account) -> dict[str, Any]:
        return {**account.view(), "online": self.board.is_online(account)}


def _error(status: int, error: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=status, body={"error": error}, headers=headers or {})


def unauthorized(error: str) -> Answer:
    """The refusal of who has not proved who they are, by HTTP or before an upgrade."""
    return _error(401, error, {"WWW-Authenticate": "Bearer"})
