"""A small Architect Agent for the tests of this set: lawful, and as inconvenient as asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConcurrencyError, ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from tests.mutants.architect_agents.model import Needs

__all__ = ["CATALOGUE", "PASSWORD", "USERNAME", "Record", "Stage"]

USERNAME: Final = "Adm1n"
PASSWORD: Final = "s3cret-Word"

CATALOGUE: Final[dict[str, Any]] = {
    "list_actions": {
        "required_parameters": [],
        "description": "this",
        "cloud_controller_only": False,
    },
    "servers": {"required_parameters": None, "description": "all", "cloud_controller_only": False},
    "whoami": {"required_parameters": []},
    "version": {"description": "no word about parameters"},
    "server_info": {
        "required_parameters": ["server_id"],
        "types": {"server_id": "str"},
        "description": "one",
    },
    "kick": {
        "required_parameters": ["server_id", "player", "silent"],
        "types": {"server_id": "str", "player": "int", "silent": "bool"},
    },
    "oddity": {"required_parameters": ["what"], "description": "a type that nobody tells"},
    "pair": {"required_parameters": None, "cloud_controller_only": True},
}
KINDS: Final = {"str": str, "int": int, "bool": bool}


@dataclass(slots=True)
class Record:
    """Every byte that one TCP connection brought, and when each request came."""

    raw: bytearray = field(default_factory=bytearray)
    early: bool = False
    """Data came before the upgrade was answered."""
    waiting: list[list[Any]] = field(default_factory=list)
    """For each request, in order: the tokens that waited for a reply just then."""


class _Tapped(ServerConnection):
    """A connection that keeps what comes in."""

    records: list[Record]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.record = Record()
        self.records.append(self.record)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.record.raw += data
        behind = bytes(self.record.raw).partition(b"\r\n\r\n")[2]
        self.record.early |= self.protocol.state is State.CONNECTING and bool(behind)
        super().data_received(data)


class Stage:
    """Serves on a free port of 127.0.0.1; ``records`` has all connections in order."""

    def __init__(self, needs: Collection[Needs] = (), *, ssl: Any = None) -> None:
        self.needs = frozenset(needs)
        self.records: list[Record] = []
        self.away = False
        self._ssl = ssl
        self._upgraded = 0
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        tapped = type("Tapped", (_Tapped,), {"records": self.records})
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            0,
            create_connection=tapped,
            process_request=self._admit,
            select_subprotocol=_select,
            compression=None,
            ping_interval=None,
            close_timeout=0.2,
            ssl=self._ssl,
            logger=_quiet(),
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._server is not None
        self._server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._server.wait_closed()

    @property
    def url(self) -> str:
        """What the client is told."""
        assert self._server is not None
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"{'ws' if self._ssl is None else 'wss'}://127.0.0.1:{port}"

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        names = [name.strip() for name in offered.split(",")]
        if self.away:
            return connection.respond(503, "away\n")
        if names[:3] != ["SMP1.0", USERNAME, PASSWORD]:
            return connection.respond(401, "who are you\n")
        return None if request.path == "/ws" else connection.respond(404, "no\n")

    async def _handle(self, connection: ServerConnection) -> None:
        assert isinstance(connection, _Tapped)
        number, self._upgraded = self._upgraded, self._upgraded + 1
        with suppress(ConnectionClosed):
            await _Dialogue(self, connection, number).run()


class _Dialogue:
    """One connection."""

    def __init__(self, stage: Stage, connection: _Tapped, number: int) -> None:
        self._stage = stage
        self._needs = stage.needs
        self._connection = connection
        self._number = number
        self._count = 0
        self._held: list[str] = []
        self._batch: list[str] = []
        self._flush: asyncio.Task[None] | None = None
        self._waiting: list[Any] = []

    async def run(self) -> None:
        async for raw in self._connection:
            self._count += 1
            with suppress(ValueError):
                await self._answer(json.loads(raw))
            if await self._leave():
                return
        return

    async def _leave(self) -> bool:
        often = self._needs & {Needs.LOST_OFTEN, Needs.CLOSED_OFTEN}
        due = self._count == 6 and (self._number == 0 or bool(often))
        if due and self._needs & {Needs.LOST, Needs.LOST_OFTEN, Needs.UNREACHABLE}:
            if Needs.UNREACHABLE in self._needs:
                self._stage.away = True
                asyncio.get_running_loop().call_later(0.25, self._return)
            self._connection.transport.abort()
            return True
        if due and self._needs & {Needs.CLOSED, Needs.CLOSED_OFTEN}:
            await self._connection.close(1001)
            return True
        return False

    def _return(self) -> None:
        self._stage.away = False

    async def _answer(self, request: Any) -> None:
        token = request.get("idempotence") if isinstance(request, dict) else None
        self._connection.record.waiting.append([*self._waiting])
        await self._interrupt()
        text = self._written(self._reply(request, token))
        if Needs.SLOW in self._needs and self._count == 4 and self._number == 0:
            return
        if Needs.LATE in self._needs and self._count in {4, 6}:
            self._held.append(text)
            return
        self._waiting.append(token)
        if Needs.REORDERED in self._needs:
            self._batch.append(text)
            if self._flush is None:
                self._flush = asyncio.ensure_future(self._flush_soon())
            return
        await self._send(text, token)

    def _written(self, reply: dict[str, Any]) -> str:
        if Needs.DRESSED not in self._needs:
            return json.dumps(reply, ensure_ascii=False)
        if self._count % 2:
            return f"\r\n\t {json.dumps(dict(reversed(reply.items())), indent=3)} \n"
        return json.dumps(reply).replace('"idempotence"', '"\\u0069dempotence"')

    async def _flush_soon(self) -> None:
        await asyncio.sleep(0.01)
        batch, self._batch, self._flush = self._batch, [], None
        with suppress(ConnectionClosed):
            for text in (*batch[1::2], *batch[::2]):
                await self._send(text, json.loads(text).get("idempotence"))

    async def _send(self, text: str, token: Any) -> None:
        if Needs.FRAGMENTS in self._needs:
            await self._connection.send(self._pieces(text.encode()), text=True)
        else:
            await self._connection.send(text)
        with suppress(ValueError):
            self._waiting.remove(token)
        if Needs.TWICE in self._needs:
            await self._connection.send(text)
            self._held.append(text)

    async def _pieces(self, data: bytes) -> AsyncIterator[bytes]:
        size = max(25, len(data) // 40)
        for at in range(0, len(data), size):
            yield data[at : at + size]
            if at == size:
                with suppress(ConcurrencyError):
                    await self._connection.ping(b"amid")

    async def _interrupt(self) -> None:
        """Whatever may come between a request and its reply."""
        for need, data in (
            (Needs.EVENT, '{"action": "event", "parameters": {"n": 1}}'),
            (Needs.EVENT_NULL, '{"action": "event", "parameters": {}, "idempotence": null}'),
            (Needs.STRANGE, '{"action": "x", "parameters": {}, "idempotence": "stranger"}'),
            (Needs.NON_JSON, "hello"),
            (Needs.NON_MAP, "[1, 2]"),
            (Needs.BINARY, b"\x00\xff"),
        ):
            if need in self._needs:
                await self._connection.send(data)
        if Needs.PING in self._needs and self._count % 3 == 1:
            for payload in (b"", b"four", b"x" * 125):
                # websockets wants each payload once only while its pong is out.
                with suppress(ConcurrencyError):
                    await self._connection.ping(payload)
        while self._held:
            await self._connection.send(self._held.pop(0))

    def _reply(self, request: Any, token: Any) -> dict[str, Any]:
        action = request.get("action") if isinstance(request, dict) else None
        failed = {"idempotence": token, "status": "error", "parameters": {"reason": "no"}}
        if not isinstance(action, str) or action not in CATALOGUE:
            return failed
        if Needs.ERROR in self._needs and self._count % 3 == 0 and action != "list_actions":
            return failed
        return {"idempotence": token, "status": "ok", "parameters": self._result(action)}

    def _result(self, action: str) -> dict[str, Any]:
        large = Needs.LARGE in self._needs
        if action == "list_actions":
            return {"actions": CATALOGUE, "pad": "äöü工" * 40}
        if action == "servers":
            servers = [{"server_id": f"srv-{self._count}", "name": "工"}]
            return {"servers": servers, "pad": "p" * 70000 if large else ""}
        return {"username": USERNAME}


def _select(_connection: ServerConnection, _offered: Any) -> Subprotocol:
    return Subprotocol("SMP1.0")


def _quiet() -> Any:
    import logging

    logger = logging.getLogger("architect_agents.stage")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger
