"""Dialogues with a coordinator in memory, written down."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from . import channel, control, gate, rpc, shapes
from .desk import Desk, Env
from .fault import Seed
from .model import Answer, Call, Line, Obj
from .protos import protos
from .reading import Reading
from .wasm import HEADER

__all__ = ["START", "WASM64", "Stage", "form"]

START = 1_800_000_000.0
WASM64 = base64.b64encode(HEADER).decode()
_BOUNDARY = "caxton-form"


def form(config: Any = None, wasm: bytes | None = HEADER) -> bytes:
    """A multipart body; what is None is left out."""
    parts = []
    if wasm is not None:
        head = b'Content-Disposition: form-data; name="wasm"; filename="a.wasm"\r\n'
        parts.append(head + b"Content-Type: application/wasm\r\n\r\n" + wasm)
    if config is not None:
        text = config if isinstance(config, bytes) else json.dumps(config).encode()
        parts.append(b'Content-Disposition: form-data; name="config"\r\n\r\n' + text)
    mark = b"--" + _BOUNDARY.encode()
    return b"".join(mark + b"\r\n" + one + b"\r\n" for one in parts) + mark + b"--\r\n"


class Stage:
    """One coordinator whose clock moves only by `advance`, and everything that it says."""

    def __init__(self, reading: Reading, seed: Seed) -> None:
        """Nothing is deployed yet."""
        self.notes: list[str] = []
        self._count = 0
        self.desk = Desk(reading, seed, Env(source=lambda: START, new_uuid=self._uuid))
        self._lines = 0

    def _uuid(self) -> str:
        self._count += 1
        return f"{self._count:08x}-0000-4000-8000-00000000beef"

    def note(self, what: str) -> None:
        """Write something down."""
        self.notes.append(what)

    # Hooks.

    async def hook(self, name: str, **data: Any) -> None:
        """One control request."""
        try:
            status, body = control.perform(self.desk, name, data)
        except Exception as error:  # noqa: BLE001 - a crash is an answer
            status, body = 500, {"crash": repr(error)}
        self.note(f"hook {name} {status} {body}")

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        await self.hook("advance", seconds=seconds)

    # REST.

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = gate.TOKENS[0],
        media: str | None = None,
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Answer:
        """One request; `path` follows the prefix of all routes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        raw = b"" if body is None else raw
        given = {"content-type": media or "application/json", **(headers or {})}
        if token is not None:
            given["x-caxton-token"] = token
        call = Call(
            method=method, path=f"/api/v1{path}", query=dict(query), headers=given, body=raw
        )
        loop = asyncio.get_running_loop()
        since = loop.time()
        try:
            answer = await self.desk.handle(call)
            if loop.time() > since + 5:
                self.note(f"{method} {path} after {loop.time() - since:.0f} s")
            text = shapes.encode(answer.body, self.desk.reading) if answer.text is None else b""
        except Exception as error:  # noqa: BLE001 - a crash is an answer
            self.note(f"crash {type(error).__name__} {error}")
            return Answer(status=500)
        rest = f"{answer.headers} {answer.media} {answer.wire} {answer.text!r}"
        self.note(f"{method} {path} {answer.status} {text.decode()} {rest}")
        return answer

    async def deploy(self, name: str, wasm: bytes | None = HEADER, **config: Any) -> str:
        """A deployment over REST; the new agent's id."""
        capable = config.get("capabilities", [])
        defaults = {
            "name": name,
            "strategy": "immediate",
            "environment": {"CAPABILITIES": ",".join(capable)},
        }
        answer = await self.form("POST", "/agents", {**defaults, **config}, wasm)
        if self.desk.reading.first_state == "loaded":
            await self.advance(1)
        return self.told(answer, "agent_id")

    async def form(
        self, method: str, path: str, config: Any = None, wasm: bytes | None = HEADER, **more: Any
    ) -> Answer:
        """A request with a module and a configuration."""
        media = f"multipart/form-data; boundary={_BOUNDARY}"
        return await self.ask(method, path, form(config, wasm), media=media, **more)

    def told(self, answer: Answer, name: str) -> str:
        """A field of an answer; `none` where it is not there."""
        body = answer.body
        return str(body.get(name, "none")) if isinstance(body, dict) else "none"

    async def send(self, receiver: str, performative: str = "request", **more: Any) -> Answer:
        """A message over REST."""
        body = {"performative": performative, "sender": "client_1", "receiver": receiver}
        return await self.ask("POST", "/messages", {**body, "content": {"n": 1}, **more})

    # WebSocket.

    def connect(self, token: str | None = gate.TOKENS[0], *, method: str = "GET") -> Line | None:
        """Open a connection; what it brings is written down."""
        self._lines += 1
        number = self._lines
        headers = {} if token is None else {"x-caxton-token": token}
        query = {} if token is None else {"token": token}
        call = Call(method=method, path="/ws", query=query, headers=headers, body=b"")
        refusal = gate.joining(self.desk, call)
        if refusal is not None:
            self.note(f"line {number} refused {refusal.status}")
            return None
        line = Line(
            number=number,
            send=lambda frame: self.note(f"line {number} {frame!r}"),
            close=lambda code: self.note(f"line {number} closed {code}"),
        )
        channel.join(self.desk, line)
        return line

    def say(self, line: Line | None, message: Any) -> None:
        """A frame from a client."""
        if line is None or line not in self.desk.lines:
            self.note("nobody listens")
            return
        frame = message if isinstance(message, str | bytes) else json.dumps(message)
        try:
            channel.hear(self.desk, line, frame)
        except Exception as error:  # noqa: BLE001 - a crash is an answer
            self.note(f"crash {type(error).__name__} {error}")

    def slip(self, line: Line | None) -> None:
        """A frame without its mask."""
        if line is not None:
            self.note(f"a frame without a mask is taken: {channel.bare(self.desk, line)}")

    def subscribe(self, line: Line | None, **asked: Any) -> None:
        """A subscription."""
        self.say(line, {"type": "subscribe", **asked})

    def leave(self, line: Line | None) -> None:
        """A client closes its connection."""
        if line is not None:
            channel.leave(self.desk, line)

    # gRPC.

    def described(self) -> None:
        """What is said of procedures that there are not, and of those that there are."""
        told = self.desk.bent("grpc.reflection", self.desk.reading.reflection)
        self.note(f"reflection {told}, strays {self.desk.bent('grpc.stray', False)}")

    async def rpc(
        self,
        method: str,
        request: Obj | bytes,
        *,
        authorization: str | None = f"Bearer {gate.TOKENS[0]}",
        patience: float | None = 5.0,
    ) -> Obj:
        """One call; the answer as JSON has it."""
        known = protos(self.desk.reading)
        if not self.desk.reading.grpc or method not in known.methods.values():
            return {}
        raw = request
        if isinstance(raw, dict):
            raw = json_format.ParseDict(raw, known.request(method)).SerializeToString()
        metadata = {} if authorization is None else {"authorization": authorization}
        work = asyncio.ensure_future(rpc.invoke(self.desk, method, raw, metadata, patience))
        for _ in range(8):
            await asyncio.sleep(0)
        self.desk.clock.advance(0.1)
        try:
            reply = await work
            answer = known.answer(method)
            answer.ParseFromString(reply.body)
        except DecodeError:
            self.note(f"{method} {reply.code} garbage {reply.body!r}")
            return {}
        except Exception as error:  # noqa: BLE001 - a crash is an answer
            self.note(f"crash {type(error).__name__} {error}")
            return {}
        told: Obj = json_format.MessageToDict(answer, preserving_proto_field_name=True)
        self.note(f"{method} {reply.code} {reply.words} {json.dumps(told)} {reply.trailers}")
        return told
