"""The REST half: registration, listing, dev endpoint, log-in, stored logs."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from .fault import Enrol, Listing, RestTurn, Seed
from .model import Answer, Obj, Principal, Request
from .registry import Registry

if TYPE_CHECKING:
    from .hub import Hub
    from .reading import Reading

__all__ = ["CREDENTIALS", "Desk"]

CREDENTIALS: Final = {"username": "admin", "password": "echo-center"}
_API_KEY: Final = "assay-admin-key"
_DEV: Final = "/api/dev/mock/agent-token/"
_PAGE: Final = b"<!doctype html><title>EchoCenter</title><div id=app></div>"


class Desk:
    """Answers REST requests from the registry."""

    def __init__(self, hub: Hub, reading: Reading, seed: Seed, registry: Registry) -> None:
        """Nothing was asked yet."""
        self._hub = hub
        self.reading = reading
        self.seed = seed
        self.registry = registry
        self.registered = 0
        self.listed = 0
        self.logs: list[Obj] = []

    @property
    def headers(self) -> dict[str, str]:
        """What an administrator's request carries."""
        match self.reading.admin:
            case "open":
                return {}
            case "bearer":
                return {"Authorization": f"Bearer {self.registry.admin.token}"}
            case "basic":
                pair = "{username}:{password}".format_map(CREDENTIALS)
                return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
            case "key":
                return {"X-API-Key": _API_KEY}

    async def handle(self, request: Request) -> Answer:
        """Answer any request that is no upgrade."""
        if self.seed.early is not None:
            early = await self.seed.early(self._hub, request)
            if early is not None:
                return early
        op, answer = await self.dispatch(request)
        if self.seed.rest is not None:
            turn = RestTurn(hub=self._hub, op=op, request=request, answer=answer)
            self.seed.rest(turn)
            return turn.answer
        return answer

    async def dispatch(self, request: Request) -> tuple[str, Answer]:
        """The name of the operation, and its answer."""
        match request.method, request.path:
            case "POST", "/api/auth/login" if self.reading.admin == "bearer":
                return "login", self._login(request)
            case "POST", "/api/users/agents":
                return "register", self._guard(request) or await self._register(request)
            case "GET", "/api/users/agents":
                return "list", self._guard(request) or self._list()
            case "GET", path if path.startswith(_DEV):
                return "dev", self._dev(request, path.removeprefix(_DEV))
            case "GET", "/api/logs" if self.reading.log_to == "nobody":
                return "logs", self._guard(request) or Answer(status=200, body=self.logs)
            case _, "/api/users/agents":
                return "other", Answer(status=405, body={"error": "method not allowed"})
            case _, "/api/ws":
                return "other", Answer(status=400, body={"error": "upgrade expected"})
        return "other", self._stray(request)

    def _stray(self, request: Request) -> Answer:
        if self.reading.stray == "page" and request.method == "GET":
            return Answer(status=200, body=_PAGE, headers={"Content-Type": "text/html"})
        return Answer(status=404, body={"error": "not found"})

    def _guard(self, request: Request) -> Answer | None:
        for name, value in self.headers.items():
            if not hmac.compare_digest(
                request.headers.get(name.lower(), "").encode(), value.encode()
            ):
                challenge = {"WWW-Authenticate": 'Basic realm="echo"'}
                return Answer(
                    status=401,
                    body={"error": "administrator expected"},
                    headers=challenge if self.reading.admin == "basic" else {},
                )
        return None

    def _login(self, request: Request) -> Answer:
        if _object(request.body) != CREDENTIALS:
            return Answer(status=401, body={"error": "invalid credentials"})
        admin = self.registry.admin
        body = {"token": admin.token, "user": self.registry.described(admin)}
        return Answer(status=200, body=body)

    async def _register(self, request: Request) -> Answer:
        data = _object(request.body)
        name = None if data is None else data.get("username")
        if not isinstance(name, str) or not name.strip() or len(name) > self.reading.longest_name:
            return Answer(status=self.reading.invalid, body={"error": "username is required"})
        taken = self.registry.by_name(name)
        if taken is not None and self.reading.duplicate != "second":
            if self.reading.duplicate == "same":
                return self._enrolled(taken, {})
            return Answer(
                status=int(self.reading.duplicate), body={"error": "username already exists"}
            )
        return await self._enrol(name)

    async def _enrol(self, name: str) -> Answer:
        self.registered += 1
        # The seeded server may look at the tables now and write to them later.
        enrol = Enrol(
            hub=self._hub,
            name=name,
            token=self.registry.new_token(),
            id=self.registry.new_id(),
            nth=self.registered,
        )
        if self.seed.enrol is not None:
            self.seed.enrol(enrol)
            if enrol.pause:
                await asyncio.sleep(enrol.pause)
        if enrol.refuse is not None:
            return enrol.refuse
        who = Principal(id=enrol.id, name=enrol.name, kind="agent", token=enrol.token, role="AGENT")
        self.registry.everyone.append(who)
        if self.seed.enrolled is not None:
            self.seed.enrolled(self._hub, who)
        return self._enrolled(who, enrol.shown)

    def _enrolled(self, who: Principal, shown: Obj) -> Answer:
        token = {self.reading.token_key: who.token}
        flat = {**self.registry.described(who), **token, **shown}
        body: Any
        match self.reading.answer:
            case "flat":
                body = flat
            case "agent":
                body = {"agent": flat}
            case "data":
                body = {"data": flat}
            case "bare_token":
                body = {name: flat[name] for name in token}
            case "no_token":
                body = {"status": "created", "username": flat["username"]}
        return Answer(status=self.reading.created, body=body)

    def _list(self) -> Answer:
        self.listed += 1
        rows = [(who, self._row(who)) for who in self.registry.agents()]
        if self.reading.newest_first:
            rows.reverse()
        listing = Listing(hub=self._hub, rows=rows, nth=self.listed)
        if self.seed.listed is not None:
            self.seed.listed(listing)
        return Answer(status=200, body=self._wrapped([row for _, row in listing.rows]))

    def _row(self, who: Principal) -> Obj:
        row = {**self.registry.described(who), "token_hint": self.registry.hint(who)}
        if self.reading.online_field:
            row["online"] = bool(self._hub.lines_of(who))
        return row

    def _wrapped(self, rows: list[Obj]) -> Any:
        match self.reading.listing:
            case "bare":
                return rows
            case "agents" | "users" | "data":
                return {self.reading.listing: rows}
            case "pages":
                return {"data": {"items": rows, "total": len(rows), "page": 1, "pages": 1}}

    def _dev(self, request: Request, name: str) -> Answer:
        if self.reading.dev == "404":
            return self._stray(request)
        if self.reading.dev == "403":
            return Answer(status=403, body={"error": "not in production"})
        refusal = self._guard(request) if self.reading.dev == "admin" else None
        if refusal is not None:
            return refusal
        who = self.registry.by_name(unquote(name))
        if self.seed.dev is not None:
            who = self.seed.dev(self._hub, unquote(name), who)
        if who is None:
            return Answer(status=404, body={"error": "no such agent"})
        body: Obj = {"username": who.name, self.reading.dev_key: who.token}
        return Answer(status=200, body={"data": body} if self.reading.dev_wrapped else body)


def _object(body: bytes) -> Obj | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
