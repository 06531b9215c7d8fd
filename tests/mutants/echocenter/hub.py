"""The socket half: who is in, who hears what. Knows no transport."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .desk import Desk
from .fault import Gate, Seed, Talk
from .model import TALK, Line, Obj, Principal, Refusal, Request
from .registry import Registry

if TYPE_CHECKING:
    from .reading import Reading

__all__ = ["Hub"]

_NO_SEED: Final = Seed()


class Hub:
    """One EchoCenter, lawful or with one seed."""

    def __init__(self, reading: Reading, seed: Seed = _NO_SEED) -> None:
        """An empty house with its first principals."""
        self.reading = reading
        self.seed = seed
        self.registry = Registry(reading)
        self.desk = Desk(self, reading, seed, self.registry)
        self.lines: list[Line] = []
        self.memo: dict[Any, Any] = {}
        """Scratch room of the fault."""
        self.crash: Callable[[], None] = lambda: None
        """Ends the whole server; the transport fills it in."""
        self._mail: dict[int, list[str]] = {}
        self._streams: dict[tuple[int, str], int] = {}
        self._counter = 0
        self._tasks: set[asyncio.Task[None]] = set()

    # Entry

    def admit(self, request: Request) -> Principal | Refusal | None:
        """Who may enter; None lets the request hang (a fault's doing)."""
        given = request.query.get("token")
        gate = Gate(hub=self, request=request, given=given, result=self.registry.by_token(given))
        if self.seed.gate is not None:
            self.seed.gate(gate)
        if gate.hang:
            return None
        if gate.refusal is not None:
            return gate.refusal
        if gate.result is None:
            return self.refusal("invalid credentials" if given else "token is required")
        if self.reading.second == "refuse" and self.lines_of(gate.result):
            early = self.reading.refusal.startswith("40") and len(self.reading.refusal) == 3
            return Refusal(status=409 if early else None, code=None if early else 4009)
        return gate.result

    def refusal(self, reason: str = "invalid credentials") -> Refusal:
        """How this reading says no."""
        match self.reading.refusal:
            case "cut":
                return Refusal(reason=reason)
            case "401" | "403" | "404":
                return Refusal(status=int(self.reading.refusal), reason=reason)
            case _:
                return Refusal(code=int(self.reading.refusal), reason=reason)

    async def joined(self, line: Line) -> None:
        """A line is up."""
        self.registry.came(line.principal, elsewhere=bool(self.lines_of(line.principal)))
        if self.reading.second == "replace":
            for older in self.lines_of(line.principal):
                self.lines.remove(older)
                older.close(4000, "replaced")
        self.lines.append(line)
        who = line.principal
        if self.seed.joined is not None:
            self.seed.joined(self, line)
        if self.reading.welcome:
            line.send(self.encode({"type": "WELCOME", "id": who.id, "name": who.name}))
        self._tell_presence(line, online=True)
        for text in self._mail.pop(who.id, []):
            line.send(text)
        if self.registry.butler is not None and not who.human and self.reading.butler is not None:
            self.spawn(self._direct(self.registry.butler, line, self.reading.butler))

    async def gone(self, line: Line) -> None:
        """A line went down."""
        line.open = False
        if line in self.lines:
            self.lines.remove(line)
            self._tell_presence(line, online=False)
        if self.seed.left is not None:
            self.seed.left(self, line)

    def lines_of(self, who: Principal) -> list[Line]:
        """The live lines of one principal."""
        return [line for line in self.lines if line.principal.id == who.id and line.open]

    def _tell_presence(self, line: Line, *, online: bool) -> None:
        if self.reading.presence:
            news = {"type": "PRESENCE", "user_id": line.principal.id, "online": online}
            self.tell([one for one in self.lines if one is not line], news)

    async def _direct(self, butler: Principal, line: Line, delay: float) -> None:
        await asyncio.sleep(delay)
        order: Obj = {"type": "CHAT", "payload": "[DIRECTIVE] Report your status."}
        line.send(self.encode(self.envelope(butler, line, order)))

    # Frames

    async def received(self, line: Line, data: str | bytes) -> None:
        """Handle one message; raises nothing, whatever it is."""
        line.heard += 1
        if self.seed.hear is not None and await self.seed.hear(self, line, data):
            return
        if isinstance(data, bytes) and self.reading.binary != "read":
            self._unusable(line, self.reading.binary, "text expected", 1003)
            return
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            self._unusable(line, self.reading.malformed, "malformed JSON", 1007)
            return
        if not isinstance(message, dict):
            self._unusable(line, self.reading.malformed, "an object is expected", 1007)
            return
        await self._dispatch(line, message)

    async def _dispatch(self, line: Line, message: Obj) -> None:
        kind = message.get("type")
        if kind == "SYSTEM_LOG":
            await self._log(line, message)
        elif isinstance(kind, str) and (kind in TALK or self.reading.unknown == "relay"):
            await self._talk(line, message)
        else:
            manner = "ignore" if self.reading.unknown == "relay" else self.reading.unknown
            self._unusable(line, manner, "unknown type", 1008)

    def _unusable(self, line: Line, manner: str, why: str, code: int) -> None:
        match manner:
            case "error":
                line.send(self.encode({"type": "ERROR", "error": why}))
            case "close":
                line.close(code, why)
            case "drop":
                line.close(None)

    # Messages

    async def _log(self, line: Line, message: Obj) -> None:
        who, payload = line.principal, message.get("payload")
        detail = payload if isinstance(payload, dict) else {"content": payload}
        named = {"agent_id": who.id, "agent_name": who.name}
        when = {"timestamp": _now()}
        out: Obj
        match self.reading.log_form:
            case "plain":
                sender = {"sender_id": who.id, "sender_name": who.name}
                out = {"type": "SYSTEM_LOG", **sender, "payload": payload}
            case "flat":
                out = {"type": "SYSTEM_LOG", **named, **detail, **when}
            case "event":
                out = {"type": "DASHBOARD_EVENT", "event": "log", "data": {**named, **detail}}
            case "text":
                text = json.dumps(payload)
                out = {"type": "SYSTEM_LOG", "sender_id": who.id, "payload": text, **when}
        self.desk.logs.append(out)
        lines = [one for one in self.lines if self._sees_logs(one.principal)]
        await self._carry(
            Talk(hub=self, line=line, message=message, out=out, lines=lines, target=None)
        )

    def _sees_logs(self, who: Principal) -> bool:
        match self.reading.log_to:
            case "everybody":
                return True
            case "humans":
                return who.human
            case "admins":
                return who.role == "ADMIN"
            case "nobody":
                return False

    async def _talk(self, line: Line, message: Obj) -> None:
        chat = message.get("type") == "CHAT"
        if chat and self.reading.strict_payload and not isinstance(message.get("payload"), str):
            manner = "ignore" if self.reading.malformed == "drop" else self.reading.malformed
            self._unusable(line, manner, "payload must be a string", 1008)
            return
        if self.reading.forged == "close" and {"sender_id", "sender_name"} & set(message):
            line.close(1008, "who you are is known")
            return
        empty = message.get("type") == "CHAT_STREAM" and message.get("payload") == ""
        if empty and not self.reading.empty_chunks:
            return
        out = self.envelope(line.principal, line, message)
        target, lines = self._addressees(line, message, out)
        if self.reading.echo and line.principal.human:
            lines += [one for one in self.lines_of(line.principal) if one not in lines]
        await self._carry(
            Talk(hub=self, line=line, message=message, out=out, lines=lines, target=target)
        )

    def _addressees(
        self, line: Line, message: Obj, out: Obj
    ) -> tuple[Principal | None, list[Line]]:
        number = message.get("target_id")
        if self.reading.numeric_strings and isinstance(number, str) and number.isdecimal():
            number = int(number[:18])
        if number is None or (number == 0 and number is not False):
            return None, self._unaddressed(line)
        if not isinstance(number, int) or isinstance(number, bool):
            return None, []
        target = self.registry.by_id(number)
        lines = [] if target is None else self.lines_of(target)
        if target is self.registry.butler and target is not None:
            return target, []
        if not lines and self.reading.unreachable == "error":
            line.send(self.encode({"type": "ERROR", "error": f"{number} is not here"}))
        if not lines and self.reading.unreachable == "close":
            line.close(1008, f"{number} is not here")
        if not lines and self.reading.unreachable == "queue" and target is not None:
            self._mail.setdefault(target.id, []).append(self.encode(out))
        return target, lines

    def _unaddressed(self, line: Line) -> list[Line]:
        match self.reading.unaddressed:
            case "ignore":
                return []
            case "error":
                line.send(self.encode({"type": "ERROR", "error": "target_id is required"}))
                return []
            case "broadcast":
                return [one for one in self.lines if one is not line]
            case "humans":
                return [one for one in self.lines if one.principal.human and one is not line]

    def envelope(self, who: Principal, line: Line, message: Obj) -> Obj:
        """What the receivers see: "type", "sender_id", "sender_name", "payload" and more."""
        kind = message.get("type")
        out: Obj = {"type": kind, "sender_id": who.id, "sender_name": who.name}
        if "payload" in message:
            out["payload"] = message["payload"]
        elif kind != "CHAT_STREAM_END" or self.reading.end_payload:
            out["payload"] = ""
        if message.get("stream_id") is not None:
            out["stream_id"] = self._stream_id(line, message["stream_id"])
        self._counter += 1
        match self.reading.envelope:
            case "full":
                extra = {"id": self._counter, "local_id": message.get("local_id", "")}
                target = {"target_id": message.get("target_id"), "sender_role": who.role}
                return {**extra, **out, **target, "timestamp": _now()}
            case "mirror":
                kept = {name: message[name] for name in message if not name.startswith("sender")}
                return {**kept, **out}
            case "short":
                return {**out, "timestamp": _now()}
            case "exact":
                return out

    def _stream_id(self, line: Line, given: Any) -> Any:
        match self.reading.stream_ids:
            case "kept":
                return given
            case "text":
                return given if isinstance(given, str) else json.dumps(given)
            case "mapped":
                key = (line.principal.id, json.dumps(given))
                return self._streams.setdefault(key, 500 + len(self._streams))

    async def _carry(self, talk: Talk) -> None:
        if self.seed.talk is not None:
            await self.seed.talk(talk)
        if talk.delay:
            self.spawn(self._later(talk))
        else:
            self.deliver(talk)

    async def _later(self, talk: Talk) -> None:
        await asyncio.sleep(talk.delay)
        self.deliver(talk)

    def deliver(self, talk: Talk) -> None:
        """Put a finished message on its lines."""
        text = self.encode(talk.out)
        data = text if talk.text is None else talk.text(text)
        for line in talk.lines:
            for _ in range(talk.copies):
                if isinstance(data, bytes):
                    line.send_binary(data)
                else:
                    line.send(data)
        for line, out in talk.more:
            line.send(self.encode(out))
        for act in talk.after:
            act()

    # Tools

    def tell(self, lines: list[Line], out: Obj) -> None:
        """The same message to several lines."""
        for line in lines:
            line.send(self.encode(out))

    def encode(self, out: Any) -> str:
        """JSON in the manner of this reading."""
        return json.dumps(out, indent=self.reading.indent)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside everything else, until the server closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop whatever was spawned."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
