"""Says a story again to a coordinator, and keeps what came of each step."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.clients import HttpClient
from conformance.clients.grpc import GrpcClient
from conformance.clients.opener import Opener
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.exchange import MISSING, Exchange, read_json
from conformance.frames import Frame
from conformance.hooks import Hooks
from conformance.marks import UnjudgeableError
from conformance.recording.records import Content
from conformance.replay.carrying import Carrier
from conformance.replay.identities import Identities
from conformance.replay.recorded import Recorded
from conformance.replay.story import Deed, Opening, Request, Step, Story, Utterance
from mockserver.forms import write_form

__all__ = ["Came", "Player"]

_LONGEST_PAUSE = 10.0
"""Seconds of silence that are kept between two steps."""

_LAST_WORDS = 0.5
"""Seconds in which a peer may still say something when all has been said."""

_WIRE = {
    "host",
    "upgrade",
    "connection",
    "content-length",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "user-agent",
}
"""Headers of a handshake that the library writes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a step. `sent` is the step as it was said now; without any of `exchange` and
    `frame`, `why` says why nothing came.
    """

    step: Step
    sent: Step
    exchange: Exchange | None = None
    frame: Frame | None = None
    why: str = ""


@dataclass(eq=False, slots=True, kw_only=True)
class _Line:
    socket: Socket
    channel: str
    taken: set[int] = field(default_factory=set)


class Player:
    """Plays one story once. Whoever sees what the clients see can judge it."""

    def __init__(
        self,
        http: HttpClient,
        procedures: Callable[[], GrpcClient],
        opener: Opener,
        hooks: Hooks,
        carrier: Carrier,
    ) -> None:
        self._http = http
        self._procedures = procedures
        self._opener = opener
        self._hooks = hooks
        self._identities = Identities(http.target)
        self._carrier = carrier
        self._timeout = http.target.timeout
        self._recorded = Recorded(http.protocol)
        self._lines: dict[str, _Line] = {}
        self._silent = False

    async def play(self, story: Story) -> list[Came]:
        """All of it, whatever the peer does."""
        came: list[Came] = []
        for step in story.steps:
            if step.pause:
                await asyncio.sleep(min(step.pause, _LONGEST_PAUSE))
            came.append(await self._one(step))
        if self._lines:
            await asyncio.sleep(_LAST_WORDS)
        return came

    async def _one(self, step: Step) -> Came:
        if step.cut:
            return Came(step=step, sent=step, why="its body was too long to be kept in the record")
        if isinstance(step, Request):
            return await self._ask(step)
        if isinstance(step, Opening):
            return await self._open(step)
        if isinstance(step, Deed):
            return await self._do(step)
        if step.sender == "assay":
            return await self._say(step)
        return await self._hear(step)

    async def _do(self, step: Deed) -> Came:
        sent: Deed = replace(step, values=self._carrier.value(dict(step.values)))
        try:
            handed = await self._hooks(step.hook, sent.values)
        except UnjudgeableError as error:
            return Came(step=step, sent=sent, why=str(error))
        self._carrier.learn(step.handed, handed, "id")
        return Came(step=step, sent=replace(sent, handed=handed))

    # Requests

    async def _ask(self, step: Request) -> Came:
        sent = self._request(step)
        untold = self._untold(sent)
        if untold:
            return Came(step=step, sent=sent, why=untold)
        exchange = await self._answered(sent)
        self._identities.learn(step, exchange)
        self._carrier.learn(read_json(step.answer), exchange.json)
        return Came(step=step, sent=sent, exchange=exchange)

    def _request(self, step: Request) -> Request:
        carried = self._carrier
        headers = {name: carried.text(value) for name, value in step.headers.items()}
        form, body = step.form, carried.body(step.body)
        if form is not None:
            form = carried.value(dict(form))
            body, headers["content-type"] = write_form(_files(form))
        return replace(step, path=self._path(step), headers=headers, body=body, form=form)

    def _path(self, step: Request | Opening) -> str:
        """With numbers and names of the peer's making too, where a parameter holds one."""
        path, sign, query = step.path.partition("?")
        (record,) = self._recorded.records([step])
        parameters: Mapping[str, str] = getattr(record, "parameters", {})
        for name, value in parameters.items():
            new = self._carrier.value(int(value) if value.isdecimal() else value, name)
            path = "/".join(str(new) if part == value else part for part in path.split("/"))
        return self._carrier.text(path) + sign + self._carrier.text(query)

    async def _answered(self, sent: Request) -> Exchange:
        target = self._http.target
        if sent.method == "RPC":
            client = self._procedures()
            if not sent.operation:
                return await client.probe(sent.path, sent.body)
            said = read_json(sent.body or b"{}")
            raw = None if isinstance(said, dict) else sent.body
            return await client.call(
                sent.operation,
                said if isinstance(said, dict) else {},
                raw=raw,
                metadata=sent.headers,
                lawful=sent.lawful,
                served=sent.served,
            )
        url = sent.path if "://" in sent.path else target.url.rstrip("/") + sent.path
        asked = Exchange(
            operation=sent.operation,
            method=sent.method,
            url=url,
            headers=sent.headers,
            body=sent.body,
            form=None if sent.form is None else _files(sent.form),
            lawful=sent.lawful,
            served=sent.served,
        )
        return await self._http.repeat(asked, identity=self._identities.of(sent))

    def _untold(self, sent: Request | Opening) -> str:
        """Which secret is missing; empty for none."""
        said = " ".join([sent.path, *sent.headers.values()])
        if isinstance(sent, Request):
            said += sent.body.decode("utf-8", "replace")
        missing = self._carrier.untold(said)
        return "it needs a secret that was not told this time" if missing else ""

    # WebSockets

    async def _open(self, step: Opening) -> Came:
        carried = self._carrier
        headers = {name: carried.text(value) for name, value in step.headers.items()}
        sent: Opening = replace(step, path=self._path(step), headers=headers)
        untold = self._untold(sent)
        if untold:
            return Came(step=step, sent=sent, why=untold)
        offered = headers.get("sec-websocket-protocol", "")
        said = await self._opener.open(
            step.channel,
            step.connection,
            path=sent.path,
            identity=self._identities.of(step),
            headers={name: value for name, value in headers.items() if name not in _WIRE},
            subprotocols=[each.strip() for each in offered.split(",") if each.strip()],
        )
        if isinstance(said, Refused):
            return Came(step=step, sent=sent, exchange=said.exchange)
        self._lines[step.connection] = _Line(socket=said, channel=step.channel)
        return Came(step=step, sent=sent, exchange=said.handshake)

    async def _say(self, step: Utterance) -> Came:
        line = self._lines.get(step.connection)
        if line is None:
            return Came(step=step, sent=step, why="the connection is not open")
        data = self._carrier.body(step.data)
        sent: Utterance = replace(step, data=data)
        if step.kind == "close":
            await line.socket.close(_code(step), step.reason[:100])
            return Came(step=step, sent=sent, frame=line.socket.frames[-1])
        if step.kind == "text":
            frame = await line.socket.send_text(data.decode("utf-8", "replace"), lawful=step.lawful)
        elif step.kind == "binary":
            frame = await line.socket.send_bytes(data, lawful=step.lawful)
        else:
            return Came(step=step, sent=sent, why=f"a {step.kind} frame cannot be said again")
        why = frame.reason if frame.kind == "lost" else ""
        return Came(step=step, sent=sent, frame=None if why else frame, why=why)

    async def _hear(self, step: Utterance) -> Came:
        line = self._lines.get(step.connection)
        if line is None:
            return Came(step=step, sent=step, why="the connection is not open")
        frame = await self._awaited(step, line)
        if frame is None:
            self._silent = True
            return Came(step=step, sent=step, why="nothing of the kind came")
        line.taken.add(id(frame))
        self._carrier.learn(read_json(step.data), frame.json)
        return Came(step=step, sent=step, frame=frame)

    async def _awaited(self, step: Utterance, line: _Line) -> Frame | None:
        """The frame that stands for one that came then. Whoever was silent once is not waited for
        as long again.
        """
        within = min(1.0, self._timeout) if self._silent else self._timeout
        if step.kind in ("close", "lost"):
            return await line.socket.ended(within)
        wanted = self._likeness(step.data, line.channel)

        def same(frame: Frame) -> bool:
            if id(frame) in line.taken or frame.kind in ("ping", "pong", "close", "lost"):
                return False
            return self._likeness(frame.data, line.channel) == wanted

        return await line.socket.wait(same, within)

    def _likeness(self, data: bytes, channel: str) -> str:
        """What kind of message it is, by its own word."""
        value = read_json(data)
        if value is MISSING:
            return ""
        content = Content(kind="json", value=value)
        told = value.get("type") if isinstance(value, dict) else None
        return f"{self._recorded.message(channel, 'coordinator', content)} {told}"


def _files(form: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: base64.b64decode(part["base64"])
        if isinstance(part, Mapping) and part.keys() == {"base64"}
        else part
        for name, part in form.items()
    }


def _code(step: Utterance) -> int:
    return step.code if step.code is not None and step.code not in (1005, 1006) else 1000
