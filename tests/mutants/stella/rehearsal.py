"""Dialogues with an orchestrator in memory, written down."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from . import control, stream
from .authority import peer_of
from .desk import PREFIX, Desk, Env
from .fault import Seed
from .gate import BEARER, HEADER
from .model import Answer, Call, Line, Obj, Peer
from .reading import Reading

__all__ = ["DONE", "Member", "Stage", "look"]

DONE = {"success": True, "result": {"image": "x"}, "logs": [{"message": "m"}]}
"""A report of a finished task."""

_START = 1_800_000_000.0


@dataclass(kw_only=True, slots=True)
class Member:
    """An agent as its own side knows it."""

    id: str = "none"
    jwt: str = ""
    peer: Peer | None = None
    peers: list[Peer] = field(default_factory=list)


class Stage:
    """One orchestrator whose clock moves only by `advance`, and everything that it says."""

    def __init__(self, reading: Reading, seed: Seed) -> None:
        """Nobody is registered yet."""
        self.notes: list[str] = []
        self._count = 0
        env = Env(clock=lambda: _START, new_uuid=self._uuid)
        self.desk = Desk(reading, seed, env)
        operator = self.desk.authority.operator.cert
        self.operator = Peer(
            fingerprint=operator.fingerprint(hashes.SHA256()).hex(),
            not_after=operator.not_valid_after_utc.timestamp(),
            ours=True,
        )
        self.desk.operator_print = self.operator.fingerprint
        self.foreign = Peer(fingerprint="f0", not_after=_START + 86400, ours=False)
        self._seen: set[Any] = set()
        self.lines: list[Line] = []

    def _uuid(self) -> str:
        self._count += 1
        return f"{self._count:08x}-0000-4000-8000-00000000beef"

    def note(self, what: str) -> None:
        """Write something down."""
        self.notes.append(what)

    # Hooks.

    async def hook(self, path: str, **data: Any) -> Obj:
        """One control request."""
        try:
            status, body = await control.perform(self.desk, path, data)
        except Exception as error:  # noqa: BLE001 - a crash is an answer
            status, body = 500, {"crash": repr(error)}
        self.note(f"hook {path} {status}" + ("" if path == "/mint" else f" {body}"))
        return body

    async def mint(self) -> str:
        """A registration token."""
        return str((await self.hook("/mint")).get("token"))

    async def advance(self, seconds: float) -> None:
        """Move the server's clock."""
        await self.hook("/advance", seconds=seconds)

    async def task(self, member: Member, kind: str = "docker.pull", **more: Any) -> str:
        """A task for an agent."""
        task = {
            "taskType": kind,
            "payload": {"image": "ledger", "ports": [80, 81], "n": len(self.notes)},
            "credentials": {"vault.token": f"s{len(self.notes)}", "vault.user": "u"},
            "timeout": 120,
            "priority": 3,
        } | more
        return str((await self.hook("/tasks", agent=member.id, task=task)).get("taskId"))

    # Requests.

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: Peer | None = None,
        headers: Obj | None = None,
        query: Obj | None = None,
    ) -> Answer:
        """One request; `path` follows the prefix of all routes."""
        call = self._call(method, path, body, by, headers or {}, query or {})
        if by is not None and not by.ours and not self._lax():
            self.note(f"{method} {path} handshake")
            return Answer(status=0)
        try:
            answer = await self.desk.handle(call)
        except Exception as error:  # noqa: BLE001 - a crash is an answer
            self.note(f"crash {type(error).__name__} {error}")
            return Answer(status=500)
        self.note(self._words(method, path, answer))
        return answer

    def _lax(self) -> bool:
        return self.desk.seed.lax or self.desk.reading.foreign != "tls"

    def _call(
        self, method: str, path: str, body: Any, by: Peer | None, headers: Obj, query: Obj
    ) -> Call:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Call(
            method=method, path=PREFIX + path, query=query, headers=headers, body=raw, peer=by
        )

    def _words(self, method: str, path: str, answer: Answer) -> str:
        shown = self._readable(json.loads(json.dumps(answer.body)))
        text = "" if answer.text is None else repr(answer.text)
        rest = f"{answer.media} {answer.wire} {text}"
        return f"{method} {path} {answer.status} {json.dumps(shown)} {rest}"

    async def operate(self, method: str, path: str = "", body: Any = None, **query: str) -> Answer:
        """A request of an operator."""
        known = {"header": HEADER, "bearer": BEARER}.get(self.desk.reading.operators)
        headers = {known[0].lower(): known[1]} if known is not None else {}
        by = self.operator if self.desk.reading.operators == "certificate" else None
        return await self.call(method, path, body, by=by, headers=headers, query=query)

    async def register(self, name: str, token: str | None = None, **more: Any) -> Member:
        """A registration, with a new token where none is given."""
        given = await self.mint() if token is None else token
        body = {"name": name, "version": "2.1", "capabilities": ["ssh"], "labels": {}} | more
        answer = await self.call("POST", "/register", body, headers={"x-agent-token": given})
        return self._member(answer.body)

    def _member(self, body: Any) -> Member:
        member = Member()
        if isinstance(body, dict) and isinstance(body.get("agentId"), str):
            member.id, member.jwt = body["agentId"], str(body.get("token"))
            certificate = body.get("certificate")
            if isinstance(certificate, dict):
                self._adopt(member, certificate.get("cert"))
        return member

    def _adopt(self, member: Member, text: Any) -> None:
        try:
            cert = x509.load_pem_x509_certificate(str(text).encode())
        except ValueError:
            return
        member.peer = peer_of(self.desk.authority, cert.public_bytes(Encoding.DER))
        member.peers.append(member.peer)

    async def act(
        self, member: Member, what: str, body: Any = None, *, by: Peer | None = None
    ) -> Answer:
        """A request of an agent: `heartbeat`, `tasks`, `complete/<task>`."""
        head, _, task = what.partition("/")
        path = f"tasks/{task}/complete" if head == "complete" else head
        method = "GET" if head == "tasks" else "POST"
        headers = {"authorization": f"Bearer {member.jwt}"}
        who = by or member.peer
        answer = await self.call(method, f"/{member.id}/{path}", body, by=who, headers=headers)
        renewal = answer.body.get("certificateRenewal") if isinstance(answer.body, dict) else None
        if isinstance(renewal, dict) and by is None:
            self._adopt(member, renewal.get("cert"))
        return answer

    async def beat(self, member: Member, cpu: float = 10.5, **more: Any) -> Answer:
        """A heartbeat."""
        usage = {"cpu": cpu, "memory": cpu + 20.25, "disk": 33.0}
        body = {"status": "healthy", "resourceUsage": usage, "runningTasks": 1} | more
        return await self.act(member, "heartbeat", body)

    # Streams.

    async def listen(self, member: Member, by: Peer | None = None) -> Line | None:
        """Open a stream; what it brings is written down."""
        peer = by or member.peer
        headers = {"authorization": f"Bearer {member.jwt}"}
        if peer is not None and not peer.ours and not self._lax():
            self.note("stream handshake")
            return None
        call = self._call("GET", f"/{member.id}/task-stream", None, peer, headers, {})
        turn = self.desk.admit(call)
        if self.desk.seed.answer is not None:
            self.desk.seed.answer(turn)
        if turn.refusal is not None or turn.agent is None:
            self.note(self._words("WS", member.id, turn.answer))
            return None
        number = len(self.lines)

        async def send(frame: str | bytes) -> None:
            self.note(f"line {number} {frame!r}")

        async def close(code: int) -> None:
            self.note(f"line {number} closed {code}")

        line = Line(agent=turn.agent, send=send, close=close)
        self.lines.append(line)
        await stream.join(self.desk, line)
        return line

    async def say(self, line: Line | None, message: Any) -> None:
        """A frame from an agent."""
        if line is None or line not in self.desk.lines:
            self.note("nobody listens")
            return
        frame = message if isinstance(message, str | bytes) else json.dumps(message)
        await stream.hear(self.desk, line, frame)

    async def leave(self, line: Line | None) -> None:
        """An agent closes its stream."""
        if line is not None:
            await stream.leave(self.desk, line)

    # What certificates tell.

    def _readable(self, body: Any) -> Any:
        """Facts in place of what differs from run to run."""
        if isinstance(body, list):
            return [self._readable(one) for one in body]
        if not isinstance(body, dict):
            return body
        if isinstance(body.get("cert"), str):
            return {name: self._fact(name, body) for name in body}
        return {name: self._readable(value) for name, value in body.items()}

    def _fact(self, name: str, body: Obj) -> Any:
        value = body[name]
        try:
            match name:
                case "cert":
                    return self._cert_facts(value, body)
                case "key":
                    return self._key_facts(value, body)
                case "ca":
                    roots = x509.load_pem_x509_certificates(value.encode())
                    names = [root.subject.rfc4514_string() for root in roots]
                    return [*names, value.count("BEGIN")]
        except (ValueError, TypeError, AttributeError) as error:
            return type(error).__name__
        return value

    def _cert_facts(self, value: str, body: Obj) -> list[Any]:
        cert = x509.load_pem_x509_certificates(value.encode())[0]
        public = cert.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        peer = peer_of(self.desk.authority, cert.public_bytes(Encoding.DER))
        return [
            cert.subject.rfc4514_string(),
            peer.ours,
            peer.fingerprint in self.desk.papers,
            cert.not_valid_before_utc.isoformat(),
            cert.not_valid_after_utc.isoformat(),
            [str(one.value) for one in cert.extensions],
            self._new(cert.serial_number),
            self._new(public),
            value.count("BEGIN"),
            value.startswith("-----BEGIN CERTIFICATE-----\n"),
        ]

    def _key_facts(self, value: str, body: Obj) -> list[Any]:
        key = load_pem_private_key(value.encode(), None)
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        fits: Any = None
        if "BEGIN" in body["cert"]:
            cert = x509.load_pem_x509_certificate(body["cert"].encode())
            fits = public == cert.public_key().public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            )
        return [fits, value.startswith("-----BEGIN PRIVATE KEY-----\n")]

    def _new(self, what: Any) -> bool:
        fresh = what not in self._seen
        self._seen.add(what)
        return fresh


async def look(on: Stage, *members: Member) -> None:
    """List all, and look up some."""
    await on.operate("GET")
    for member in members:
        await on.operate("GET", f"/{member.id}")
