"""The client of a scenario that is run forward: it asks, connects, speaks and listens."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.clients import HttpClient
from conformance.clients.grpc import GrpcClient
from conformance.clients.identity import Identity
from conformance.clients.opener import Opener
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.marks import UnjudgeableError
from conformance.scenario.expecting import expects
from mockserver.scenario.asking import Ask, files
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import NOTHING, Scope
from schemas.arazzo.model import Step
from schemas.validation import Validators

__all__ = ["Line", "Peer"]

_PROTOCOLS = "sec-websocket-protocol"
_UNKNOWN = (401, 403)
_DEADLINE = 0.9
"""Of the time of a step, what a procedure is told to have: it ends by itself, and then we do."""

_OPERATOR = "operator"
"""The client of a scenario that administers agents."""

_STAFF = ("administrator", _OPERATOR)
"""Those who have the operator's headers."""


@dataclass(eq=False, slots=True, kw_only=True)
class Line:
    """A connection of a scenario. `taken` are the messages that a step has had."""

    socket: Socket
    path: Mapping[str, str]
    taken: set[int] = field(default_factory=set)

    @property
    def over(self) -> bool:
        return self.socket.closed is not None


class Peer:
    """The coordinator that is judged, as the clients of one scenario reach it.

    `procedures` is asked for the gRPC client when a step first wants one.
    """

    def __init__(
        self,
        http: HttpClient,
        opener: Opener,
        procedures: Callable[[], GrpcClient],
        *,
        label: str = "scenario",
    ) -> None:
        self._label = label
        self.http = http
        self.protocol = http.protocol
        self.target = http.target
        self._opener = opener
        self._procedures = procedures
        self._validators = Validators(http.protocol)
        self._lines: dict[tuple[str, str], Line] = {}
        self._opening: dict[tuple[str, str], asyncio.Lock] = {}
        self._identities: dict[str, Identity] = {}
        self.shown: list[Exchange | Frame] = []
        """What was said last, for the evidence."""

    async def ask(self, step: Step, asked: Ask, scope: Scope) -> Exchange:
        """Make a request, or call a procedure."""
        operation = step.operation
        assert operation is not None
        wanted = expects(step, scope)
        lawful = self._lawful(step, asked)
        if operation.is_rpc:
            exchange = await self._procedures().call(
                operation.id,
                {} if asked.body is NOTHING else asked.body,
                metadata=None
                if not asked.headers and not asked.anonymous
                else self._metadata(asked),
                within=None if step.timeout is None else _DEADLINE * step.timeout,
                lawful=lawful,
                served=lawful and wanted.success,
                patient=not wanted.throttled,
            )
        else:
            exchange = await self.http.call(
                operation.id,
                asked.path,
                query=asked.query,
                headers={**self._own_headers(step), **asked.headers} or None,
                anonymous=asked.anonymous,
                identity=self._identity(step, asked, scope),
                lawful=lawful,
                served=lawful and wanted.success,
                patient=not wanted.throttled,
                **self._content(step, asked),
            )
        self._show(exchange)
        return exchange

    def known(self, step: Step) -> Line | None:
        """The connection of a step, where there is one already."""
        return self._lines.get(_key(step))

    async def line(
        self, step: Step, asked: Ask, scope: Scope, *, anew: bool = False
    ) -> Line | Refused:
        """The connection of a step: the one that is there, or a new one. Steps that want the same
        one at once have the same.
        """
        async with self._opening.setdefault(_key(step), asyncio.Lock()):
            return await self._line(step, asked, scope, anew=anew)

    async def _line(self, step: Step, asked: Ask, scope: Scope, *, anew: bool) -> Line | Refused:
        key, known = _key(step), self.known(step)
        if known is not None and not anew and not known.over:
            return known
        if known is not None and not anew and (step.action == "receive" or step.closes is not None):
            return known  # what it said before its end counts, and nobody leaves twice
        said = await self._open(step, asked, scope, f"{self._label}: {key[0]} {key[1]}")
        if isinstance(said, Refused):
            self._show(said.exchange)
            return said
        line = self._lines[key] = Line(socket=said, path=asked.path)
        self._show(said.handshake)
        return line

    async def _open(self, step: Step, asked: Ask, scope: Scope, label: str) -> Socket | Refused:
        """Where requests bring a token, a handshake does too, unless the step sends none: in the
        header, and where that is refused in the query as well, since no document says which.
        """
        assert step.channel is not None
        offered = asked.headers.get(_PROTOCOLS, "")
        headers = {name: value for name, value in asked.headers.items() if name != _PROTOCOLS}
        token = "" if asked.anonymous else self.target.token(self.protocol)
        own = {self.protocol.token_header.lower(): token} if token else {}
        ways = [asked.query, [*asked.query, ("token", token)]] if token else [asked.query]
        for query in ways:
            said = await self._opener.open(
                step.channel.id,
                label,
                query=query,
                parameters=asked.path,
                identity=self._identity(step, asked, scope),
                subprotocols=[name.strip() for name in offered.split(",") if name.strip()],
                headers={**own, **headers},
            )
            if isinstance(said, Socket) or said.status not in _UNKNOWN:
                break
        return said

    def show(self, *frames: Frame) -> None:
        for frame in frames:
            self._show(frame)

    def _show(self, said: Exchange | Frame) -> None:
        self.shown = [*self.shown[-7:], said]

    def _lawful(self, step: Step, asked: Ask) -> bool:
        """Does the request keep the protocol, so that the answer can be held against it?"""
        operation = step.operation
        assert operation is not None
        if step.unlawful:
            return False
        shape = self._validators.at(operation.request)
        if shape is not None and asked.body is not NOTHING and not shape.accepts(asked.body):
            return False
        if shape is not None and asked.body is NOTHING and operation.request_required:
            return False
        return not asked.anonymous and all(
            shape is None or shape.accepts(value)
            for name, value in asked.path.items()
            for shape in (self._validators.parameter(operation.id, name),)
        )

    def _content(self, step: Step, asked: Ask) -> dict[str, Any]:
        operation = step.operation
        assert operation is not None
        if asked.body is NOTHING:
            return {}
        wanted = files(self.protocol, operation)
        if operation.media_type == "multipart/form-data" and isinstance(asked.body, dict):
            return {
                "form": {
                    name: _bytes(part) if name in wanted else part
                    for name, part in asked.body.items()
                }
            }
        if isinstance(asked.body, str):  # a text that is no JSON goes out as it is
            return {"raw": asked.body.encode("utf-8", "surrogatepass")}
        return {"body": asked.body}

    def _metadata(self, asked: Ask) -> dict[str, str]:
        own = {} if asked.anonymous else self.target.metadata
        return {**own, **asked.headers}

    def _own_headers(self, step: Step) -> Mapping[str, str]:
        """What staff sends of its own accord; what others do, the client knows."""
        return self.target.operator.headers if step.client in _STAFF else {}

    def _identity(self, step: Step, asked: Ask, scope: Scope) -> Identity | None:
        """The certificate of the step, the operator's, or none at all for who leaves credentials
        out; `None` is the target's own. Raises `UnjudgeableError` for one that cannot be used.
        """
        if not self.target.url.startswith("https"):
            return None
        name = f"{step.client}/{step.id}"
        said = {key: worth(value, scope) for key, value in step.identity.items()}
        operator = self.target.operator
        if said:
            chain = said["certificate"]
            chain = [chain] if isinstance(chain, str) else chain
            return self._known(
                repr(said), name, lambda: Identity.of_pem(self.target, name, chain, said["key"])
            )
        if asked.anonymous:
            return self._known("", name, lambda: Identity.nobody(self.target))
        if step.client == _OPERATOR and operator.cert:
            cert, key = operator.cert, operator.key
            return self._known(
                _OPERATOR, name, lambda: Identity.of_files(self.target, _OPERATOR, cert, key)
            )
        return None

    def _known(self, key: str, name: str, make: Callable[[], Identity]) -> Identity:
        """Who shows the same certificate shares its connections."""
        if key not in self._identities:
            try:
                self._identities[key] = make()
            except (OSError, ValueError, TypeError) as error:
                raise UnjudgeableError(
                    f"the certificate of {name} cannot be used: {error}"
                ) from error
        return self._identities[key]


def _key(step: Step) -> tuple[str, str]:
    assert step.channel is not None
    return step.client, step.connection or step.channel.id


def _bytes(part: Any) -> Any:
    """A file, from base64; what is none is sent as it is."""
    try:
        return base64.b64decode(part, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return part
