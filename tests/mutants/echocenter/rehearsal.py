"""A server in memory, and dialogues that write down all that can be seen of it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from .fault import Fault, Seed
from .front import encoded, refused
from .hub import Hub
from .model import Answer, Line, Obj, Principal, Refusal, Request
from .reading import Reading

__all__ = ["TIME", "MemoryLine", "Stage"]

TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")


class MemoryLine(Line):
    """A line that writes to the stage's notes."""

    def __init__(self, principal: Principal, name: str, stage: Stage) -> None:
        super().__init__(principal)
        self.name = name
        self._stage = stage

    def put(self, data: str | bytes) -> None:
        self._stage.note(f"{self.name} < {data!r}")

    def close(self, code: int | None, reason: str = "") -> None:
        if self.open:
            self.open = False
            self._stage.note(f"{self.name} closed {code}")
            self._stage.lose(self)

    def abort(self) -> None:
        self.close(None)


class Stage:
    """One server with its clients; `notes` is what they saw, in order."""

    def __init__(self, reading: Reading, fault: Fault | None = None) -> None:
        self.hub = Hub(reading, Seed() if fault is None else fault.seed)
        self.hub.crash = self._crash
        self.notes: list[str] = []
        self.tokens: dict[str, str] = {}
        self._losses: set[asyncio.Task[None]] = set()

    def note(self, text: str) -> None:
        self.notes.append(TIME.sub("TIME", text))

    def lose(self, line: Line) -> None:
        task = asyncio.get_running_loop().create_task(self.hub.gone(line))
        self._losses.add(task)
        task.add_done_callback(self._losses.discard)

    def _crash(self) -> None:
        self.note("CRASH")
        for line in list(self.hub.lines):
            line.close(None)

    async def rest(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        plain = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        own = {name.lower(): value for name, value in self.hub.desk.headers.items()}
        request = Request(
            method=method,
            path=path,
            query={},
            headers={"content-type": "application/json", **own, **plain},
            body=body,
        )
        answer = await self.hub.desk.handle(request)
        text = "hangs" if answer.hang else encoded(answer, None).decode()
        self.note(f"{method} {path} {text}")
        return answer

    async def register(self, name: str) -> str:
        body = json.dumps({"username": name}).encode()
        answer = await self.rest("POST", "/api/users/agents", body)
        token = answer.body.get("api_token") if isinstance(answer.body, dict) else None
        stored = self.hub.registry.by_name(name)
        self.tokens[name] = str(token or (stored and stored.token))
        return self.tokens[name]

    async def enter(
        self, token: str | None, name: str, query: Obj | None = None, **headers: str
    ) -> MemoryLine | None:
        given = {} if token is None else {"token": token}
        request = Request(
            method="GET", path="/api/ws", query={**given, **(query or {})}, headers=headers
        )
        verdict = self.hub.admit(request)
        match verdict:
            case None:
                self.note(f"{name} hangs")
                return None
            case Refusal():
                early = encoded(refused(verdict), None).decode()
                self.note(f"{name} {verdict.code} {early if verdict.status else 'late'}")
                return None
        line = MemoryLine(verdict, name, self)
        self.note(f"{name} in")
        await self.hub.joined(line)
        return line

    async def leave(self, line: MemoryLine | None) -> None:
        if line is not None and line.open:
            line.open = False
            await self.hub.gone(line)

    def id(self, number: Any) -> Any:
        """The reading's own id for what the natural one calls `number`."""
        if not isinstance(number, int) or not 0 < number < 100:
            return number
        reading, everyone = self.hub.reading, self.hub.registry.everyone
        if reading.numbers != "kept":
            return everyone[number - 1].id if number <= len(everyone) else number
        later = number > 3 and self.hub.registry.butler is not None
        return reading.first_id + (number - (not later)) * reading.id_step

    async def say(self, line: MemoryLine | None, message: Any = None, **fields: Any) -> None:
        if "target_id" in fields:
            fields["target_id"] = self.id(fields["target_id"])
        if line is not None and line.open:
            data = message if isinstance(message, (str, bytes)) else json.dumps(message or fields)
            await self.hub.received(line, data)

    async def chat(self, line: MemoryLine | None, target: Any, payload: Any, **more: Any) -> None:
        await self.say(line, type="CHAT", target_id=target, payload=payload, **more)

    async def finish(self) -> list[str]:
        await self.hub.close()
        return self.notes
