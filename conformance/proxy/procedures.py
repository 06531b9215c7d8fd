"""gRPC in passing: raw bytes of any procedure, streamed or not, to a coordinator and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Protocol

import grpc
from multidict import CIMultiDict

from conformance.clients.grpc import is_ours, trusted
from conformance.proxy.changing import Answered, Changes
from conformance.proxy.watch import Watch
from conformance.target import Target
from mockserver.transcript import HttpExchange
from mockserver.wire.grpc import listen
from mockserver.world import RealClock
from schemas.grpc import STATUSES

__all__ = ["Procedures"]

_LARGEST = 16 * 1024 * 1024
_GRACE = 0.2
_OF_THE_LIBRARY = "/grpc."
_OURS = ("user-agent", "te", "content-type", "grpc-accept-encoding", "grpc-encoding")
"""Metadata that the library says by itself on each hop."""

_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", _LARGEST),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)

_Metadata = tuple[tuple[str, str | bytes], ...]
_Context = Any
"""`grpc.aio.ServicerContext`: the library has no types."""


class _Counts(Protocol):
    connected: int
    refused: int


class Procedures:
    """Passes procedures on, on a port of their own. `changes` may change what passes: then an
    answer goes on when it is whole.
    """

    def __init__(
        self, watch: Watch, target: Target, counts: _Counts, changes: Changes | None = None
    ) -> None:
        self._changes = changes
        self._watch = watch
        self._target = target
        self._counts = counts
        self._clock = RealClock()
        self._server: grpc.aio.Server | None = None
        self._channel: grpc.aio.Channel | None = None

    async def start(self, host: str, port: int, tls: tuple[Path, Path] | None) -> int:
        """Listen, and return the port; `tls` are the PEM files of a certificate and its key.
        Raises `OSError` where the address cannot be had.
        """
        self._channel = self._open()
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers([_Handler(self)])
        bound = await listen(server, host, port, tls)
        self._server = server
        return bound

    async def close(self) -> None:
        if self._server is not None:
            await self._server.stop(_GRACE)
        if self._channel is not None:
            await self._channel.close()

    def _open(self) -> grpc.aio.Channel:
        target = self._target
        if not target.url.startswith("https"):
            return grpc.aio.insecure_channel(target.grpc, options=_OPTIONS)
        files = (target.tls.key or target.tls.cert, target.tls.cert)
        own = [Path(name).read_bytes() if name else None for name in files]
        credentials = grpc.ssl_channel_credentials(trusted(target), *own)
        return grpc.aio.secure_channel(target.grpc, credentials, options=_OPTIONS)

    async def serve(
        self, path: str, messages: AsyncIterator[bytes], context: _Context
    ) -> AsyncIterator[bytes]:
        """One call: what the client says goes on as it comes, and so does what is answered."""
        assert self._channel is not None
        metadata = _passed_on(context.invocation_metadata() or ())
        call = _Call(self._watch, path, CIMultiDict(_texts(metadata)), _peer(context))
        number, at = self._watch.number(), self._clock.now()
        holder = self._changes if self._changes and self._changes.holds(path) else None

        async def asking() -> AsyncIterator[bytes]:
            async for message in messages:
                said = self._changes.asked(path, message) if self._changes else message
                call.asked(said, number, at)
                yield said

        left = context.time_remaining()
        passed = self._channel.stream_stream(path)(asking(), metadata=metadata, timeout=left)
        try:
            await context.send_initial_metadata(_passed_on(await passed.initial_metadata()))
            async for message in passed:
                call.answers.append(message)
                if holder is None:
                    yield message
            code, details = await passed.code(), await passed.details() or ""
            trailing = _passed_on(await passed.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            code, details = error.code(), error.details() or ""
            trailing = _passed_on(error.trailing_metadata() or ())
        except asyncio.CancelledError:
            passed.cancel()
            call.unanswered("the client did not wait", self._clock.now() - at)
            raise
        self._ended(call, code, details, trailing, self._clock.now() - at)
        context.set_trailing_metadata(trailing)
        if holder is not None:
            own = Answered(messages=call.answers, code=code.name, details=details)
            changed = holder.answered(path, own)
            await asyncio.sleep(changed.wait)
            for message in changed.messages:
                yield message
            code, details = grpc.StatusCode[changed.code], changed.details
        if code is not grpc.StatusCode.OK:
            await context.abort(code, details)

    def _ended(
        self, call: _Call, code: grpc.StatusCode, details: str, trailing: _Metadata, took: float
    ) -> None:
        if code is grpc.StatusCode.UNAVAILABLE and is_ours(details):
            self._counts.refused += 1
            call.unanswered(f"{self._target.grpc} cannot be reached", took)
        else:
            self._counts.connected += 1
            call.ended(code.name, details, trailing, took)


class _Call:
    """What is said in one call. It is judged where the document has the procedure."""

    def __init__(self, watch: Watch, path: str, headers: CIMultiDict[str], peer: str) -> None:
        self.answers: list[bytes] = []
        self._watch = watch
        self._path = path
        self._headers = headers
        self._peer = peer
        self._heard: HttpExchange | None = None
        self._lawful = False

    def asked(self, message: bytes, number: int, at: float) -> None:
        """A message of the client: the first one is the request, there are no more in a document's
        procedures.
        """
        if self._heard is None and not self._path.startswith(_OF_THE_LIBRARY):
            heard = self._watch.reader.procedure(self._path, self._headers, message, number, at)
            self._heard = heard
            self._lawful = self._watch.request(heard, self._peer)

    def ended(self, code: str, details: str, trailing: _Metadata, took: float) -> None:
        """The answer has passed."""
        if self._heard is None:
            return
        headers = CIMultiDict(_texts(trailing))
        if code != "OK":
            headers["grpc-message"] = details
        operation = self._heard.operation
        answer = b"".join(self.answers[:1])
        heard = self._heard._replace(
            status=STATUSES[code],
            answer_headers=headers,
            answer=self._watch.reader.answer_of(operation, answer) if code == "OK" else b"",
            took=took,
        )
        self._watch.answer(heard, self._peer, lawful=self._lawful)

    def unanswered(self, why: str, took: float) -> None:
        """No answer was to be had, and that is not the coordinator's fault."""
        if self._heard is not None:
            heard = self._heard._replace(took=took)
            self._watch.answer(heard, self._peer, lawful=self._lawful, failure=why, seen=False)


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # it has no types of its own
    """Takes every path. On the wire, a single message is a stream of one."""

    def __init__(self, procedures: Procedures) -> None:
        self._procedures = procedures

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        path = call.method

        async def handle(messages: AsyncIterator[bytes], context: _Context) -> AsyncIterator[bytes]:
            async for message in self._procedures.serve(path, messages, context):
                yield message

        return grpc.stream_stream_rpc_method_handler(handle)


def _passed_on(metadata: Iterable[tuple[str, str | bytes]]) -> _Metadata:
    """Without what each hop says for itself."""
    return tuple(
        (name, value)
        for name, value in metadata
        if name not in _OURS and (name.endswith("-bin") or not name.startswith((":", "grpc-")))
    )


def _texts(metadata: _Metadata) -> Iterable[tuple[str, str]]:
    for name, value in metadata:
        yield name, value if isinstance(value, str) else value.hex()


def _peer(context: _Context) -> str:
    """The host that a client calls from: it is told as `ipv4:HOST:PORT`."""
    return str(context.peer()).partition(":")[2].rpartition(":")[0]
