"""gRPC towards a coordinator: by procedure, with patience that ends."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import grpc

from conformance.clients.http import LARGEST_ANSWER
from conformance.clients.reflection import peer_codec
from conformance.clients.spelling import in_our_words, unreadable, without_fields
from conformance.clients.throttle import Throttle
from conformance.exchange import Exchange
from conformance.patience import GIVEN_UP, Patience
from conformance.target import Target
from schemas.grpc import STATUSES
from schemas.protobuf import Codec, codec
from schemas.spec import Protocol

__all__ = ["GrpcClient", "is_ours", "trusted"]

_OURS = (
    "failed to connect",
    "connection",
    "socket",
    "dns resolution",
    "name resolution",
    "endpoint",
)
"""How our own library begins what it says where the peer said nothing (lower case)."""

_NOTHING: Mapping[str, Any] = {}


class GrpcClient:
    """Calls a coordinator's procedures. Every call ends, in an answer or with the failure named.

    What is said is seen as JSON: by the messages that the peer describes itself, where it offers
    reflection, else by the document's. `see` is told of every exchange, and `keep` before it.
    """

    def __init__(
        self,
        protocol: Protocol,
        target: Target,
        see: Callable[[Exchange], None] = lambda _: None,
        keep: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self.protocol = protocol
        self.target = target
        self.see = see
        self.keep = keep
        self.documented = codec(protocol)
        package, names = protocol.grpc["package"], protocol.grpc["undefined"]
        self._undefined = frozenset(f"{package}.{name}" for name in names)
        self._bare = Codec(without_fields(self.documented.files, package, names))
        self._patience = Patience(target.timeout)
        self._throttle = Throttle()
        self._own: Codec | None = None
        self._asking = asyncio.Lock()
        self._left_open: dict[str, frozenset[str]] = {}
        self._asked = False

    async def close(self) -> None:
        await self._channel.close()

    async def described(self) -> Codec | None:
        """The peer's own description, by reflection; `None` where it gives none."""
        async with self._asking:  # nobody reads an answer before it is known how
            if not self._asked:
                self._asked = True
                metadata = tuple(self.target.metadata.items())
                self._own = await peer_codec(
                    self._channel, self.documented.services, metadata, self.target.timeout
                )
        return self._own

    async def codec(self) -> Codec:
        """By what is read and written: the peer's own description, else the document's."""
        return await self.described() or self.documented

    async def call(
        self,
        operation: str,
        body: Mapping[str, Any] = _NOTHING,
        *,
        raw: bytes | None = None,
        metadata: Mapping[str, str] | None = None,
        within: float | None = None,
        lawful: bool = True,
        served: bool = True,
        patient: bool = True,
    ) -> Exchange:
        """Call a procedure with a message in JSON form, or with `raw` bytes.

        `metadata` takes the place of the target's own. `within` is the deadline in seconds that
        the peer is told; without one, it is only waited for as long as the target allows.
        `lawful=False` marks a call that breaks the protocol on purpose, `served=False` one that
        keeps it and need not succeed all the same. `patient=False` takes a peer that is exhausted
        for the answer.
        """
        known = self.protocol.operations[operation]
        chosen = self.target.metadata if metadata is None else metadata
        scheme = "grpcs" if self._secure else "grpc"
        asked = Exchange(
            operation=operation,
            method="RPC",
            url=f"{scheme}://{self.target.grpc}{known.path}",
            headers=dict(chosen),
            body=json.dumps(body).encode() if raw is None else raw,
            lawful=lawful,
            served=lawful and served,
        )
        payload = raw if raw is not None else await self._encode(known.path, body)

        async def ask(again: bool) -> Exchange:
            return await self._once(replace(asked, throttled=again), payload, within)

        exchange = await self._throttle.obey(ask, patient=patient)
        exchange = replace(exchange, unread=await self._unread(known.path))
        self.keep(exchange)
        self.see(exchange)
        return exchange

    async def probe(self, path: str, payload: bytes = b"") -> Exchange:
        """Call any procedure at all, at `/package.Service/Method`: nobody need serve it."""
        scheme = "grpcs" if self._secure else "grpc"
        asked = Exchange(
            operation="",
            method="RPC",
            url=f"{scheme}://{self.target.grpc}{path}",
            headers=dict(self.target.metadata),
            body=payload,
            lawful=False,
            served=False,
        )
        ask = self._channel.unary_unary(path)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.target.timeout):
                answer = await ask(payload, metadata=tuple(self.target.metadata.items()))
        except TimeoutError:
            return replace(asked, failure=f"no answer within {self.target.timeout:g} s")
        except grpc.aio.AioRpcError as error:
            return self._refused(asked, error, time.monotonic() - began)
        took = time.monotonic() - began
        return replace(asked, status=200, code="OK", answer=answer, seconds=took)

    async def _encode(self, path: str, body: Mapping[str, Any]) -> bytes:
        known = await self.codec()
        procedure = known.procedure(path)
        if procedure is None:  # it does not describe what it may serve all the same
            known, procedure = self.documented, self.documented.procedure(path)
        assert procedure is not None, "the document's own procedures are known"
        return known.encode(procedure.request, body)

    async def _once(self, asked: Exchange, payload: bytes, within: float | None) -> Exchange:
        seconds = self._patience.seconds(asked.operation)
        if seconds is None:
            return replace(asked, failure=f"not asked again: it gave no answer {GIVEN_UP} times")
        path = self.protocol.operations[asked.operation].path
        ask = self._channel.unary_unary(path)
        metadata = tuple(asked.headers.items())
        began = time.monotonic()
        call = ask(payload, metadata=metadata, timeout=within)
        try:
            async with asyncio.timeout(seconds if within is None else within + seconds):
                answer = await call
                trailing = await call.trailing_metadata()
                leading = await call.initial_metadata()
        except TimeoutError:
            call.cancel()
            self._patience.hung(asked.operation, seconds)
            took = time.monotonic() - began
            return replace(asked, failure=f"no answer within {seconds:g} s", seconds=took)
        except grpc.aio.AioRpcError as error:
            return self._refused(asked, error, time.monotonic() - began)
        self._patience.answered(asked.operation, time.monotonic() - began)
        return replace(
            asked,
            status=200,
            code="OK",
            answer=await self._decode(path, answer),
            answer_headers=_texts([*leading, *trailing]),
            seconds=time.monotonic() - began,
        )

    def _refused(self, asked: Exchange, error: grpc.aio.AioRpcError, took: float) -> Exchange:
        code, details = error.code(), error.details() or ""
        ours = is_ours(details)
        if code is grpc.StatusCode.UNAVAILABLE and ours:
            return replace(asked, failure=details[:200], seconds=took)
        metadata = [*(error.initial_metadata() or ()), *(error.trailing_metadata() or ())]
        return replace(
            asked,
            status=STATUSES[code.name],
            code=code.name,
            answer_headers={**_texts(metadata), "grpc-message": details},
            seconds=took,
        )

    async def _decode(self, path: str, answer: bytes) -> bytes:
        """In JSON form; as it came where it is no such message, for then it says nothing."""
        known = await self.described() or self._bare  # what is undefined says nothing by itself
        procedure = known.procedure(path)
        if procedure is None:
            known, procedure = self._bare, self._bare.procedure(path)
        assert procedure is not None, "the document's own procedures are known"
        try:
            said = known.decode_as_far_as_can_be(procedure.answer, answer)
        except ValueError:
            return answer or b"(an empty message that is none)"
        return json.dumps(self._in_our_words(known, procedure.answer, said)).encode()

    def _in_our_words(self, known: Codec, message: str, said: dict[str, Any]) -> dict[str, Any]:
        """What the document names and never defines is called as the peer likes."""
        own, ours = known.descriptor(message), self.documented.descriptor(message)
        if known is self._bare or own is None or ours is None:
            return said
        return in_our_words(own, ours, said, self._undefined)

    async def _unread(self, path: str) -> frozenset[str]:
        """Where in the answers of a procedure the peer need not say what we would read there."""
        if path not in self._left_open:
            own, documented = await self.described(), self.documented.procedure(path)
            known = None if own is None else own.procedure(path)
            message = None if known is None or own is None else own.descriptor(known.answer)
            ours = None if documented is None else self.documented.descriptor(documented.answer)
            told = frozenset() if ours is None else unreadable(message, ours, self._undefined)
            self._left_open[path] = told
        return self._left_open[path]

    @property
    def _secure(self) -> bool:
        return self.target.url.startswith("https")

    @cached_property
    def _channel(self) -> grpc.aio.Channel:
        options = (
            ("grpc.max_receive_message_length", LARGEST_ANSWER),
            ("grpc.enable_retries", 0),  # what is asked once is asked once
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
        )
        if not self._secure:
            return grpc.aio.insecure_channel(self.target.grpc, options=options)
        credentials = grpc.ssl_channel_credentials(trusted(self.target))
        return grpc.aio.secure_channel(self.target.grpc, credentials, options=options)


def trusted(target: Target) -> bytes | None:
    """Whom to trust: the target's authority; whoever answers, where nobody is checked."""
    tls = target.tls
    if tls.ca:
        return Path(tls.ca).read_bytes()
    if tls.verify is False:
        host, _, port = target.grpc.rpartition(":")
        return ssl.get_server_certificate((host.strip("[]"), int(port))).encode()
    return None


def is_ours(details: str) -> bool:
    """Did our own library say that, because the peer said nothing?"""
    return details.lower().startswith(_OURS)


def _texts(metadata: Sequence[tuple[str, str | bytes]]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value.hex() for name, value in metadata}
