"""gRPC: `grpc.aio` in front of a `Mock`, without generated code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection
from multidict import CIMultiDict

from mockserver.app import Mock
from mockserver.faults.manner import PLAIN, Manner
from mockserver.passage import Outcome, Pending, Request
from mockserver.wire.patience import delivered
from schemas.grpc import code_of

__all__ = ["GrpcShell", "listen"]

_SESSION = "x-assay-session"
_LARGEST = 16 * 1024 * 1024
_GRACE = 0.2

_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a port that somebody else has is refused, and not shared
    ("grpc.max_receive_message_length", _LARGEST),
)

_Context = Any
"""`grpc.aio.ServicerContext`: the library has no types."""


class GrpcShell:
    """Serves the procedures of a mock, and reflection, on a port of their own."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._server: grpc.aio.Server | None = None

    async def start(self, host: str, port: int, tls: tuple[Path, Path] | None = None) -> int:
        """Listen, and return the port; `tls` are the PEM files of a certificate and its key.
        Raises `OSError` where the address cannot be had.
        """
        server = grpc.aio.server(options=_OPTIONS)
        codec = self._mock.bodies.codec
        reflection.enable_server_reflection(
            [*codec.services, reflection.SERVICE_NAME], server, pool=codec.pool
        )
        # After reflection: it answers for its own service, and this for every other path.
        server.add_generic_rpc_handlers([_Handler(self._serve)])
        bound = await listen(server, host, port, tls)
        self._server = server
        return bound

    async def close(self) -> None:
        if self._server is not None:
            await self._server.stop(_GRACE)

    async def _serve(self, path: str, body: bytes, context: _Context) -> bytes:
        headers = CIMultiDict(_texts(context.invocation_metadata() or ()))
        left = context.time_remaining()
        if left is not None:  # the library keeps the header to itself; grpc-timeout is its name
            headers["grpc-timeout"] = f"{max(0, round(left * 1000))}m"
        session = self._mock.sessions.get(headers.get(_SESSION, ""))
        request = Request(method="RPC", path=path, headers=headers, body=body)
        outcome = self._mock.serve(request, session)
        if isinstance(outcome, Pending):
            outcome = await delivered(outcome)
        if outcome.manner is not PLAIN:
            await _befall(outcome.manner, context)
        context.set_trailing_metadata(_metadata(outcome))
        if outcome.status >= 300:
            known = bool(outcome.exchange.operation)
            code = grpc.StatusCode[code_of(outcome.status) if known else "UNIMPLEMENTED"]
            await context.abort(code, outcome.headers.get("grpc-message", ""))
        return outcome.body


_ENDS = {
    "drop": (grpc.StatusCode.UNAVAILABLE, "the connection was dropped"),
    # The library cannot reset one stream: this is what clients make of one that is.
    "reset": (grpc.StatusCode.CANCELLED, "the stream was reset"),
}


async def _befall(manner: Manner, context: _Context) -> None:
    """What a fault does to a call before it is answered, or in the answer's stead."""
    if manner.delay:
        await asyncio.sleep(manner.delay)
    if manner.end == "half_open":
        await asyncio.get_running_loop().create_future()  # until the client's deadline cancels it
    if manner.end:
        await context.abort(*_ENDS[manner.end])


async def listen(
    server: grpc.aio.Server, host: str, port: int, tls: tuple[Path, Path] | None
) -> int:
    """Start a server, and return its port; `tls` are the PEM files of a certificate and its key.
    Raises `OSError` where the address cannot be had.
    """
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        if tls is None:
            bound = server.add_insecure_port(address)
        else:
            cert, key = (path.read_bytes() for path in tls)
            bound = server.add_secure_port(address, grpc.ssl_server_credentials([(key, cert)]))
    except RuntimeError as error:
        raise OSError(f"{address} cannot be had for gRPC") from error
    await server.start()
    return int(bound)


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # it has no types of its own
    """Takes every path: what the document does not know is the core's business as well."""

    def __init__(self, serve: Callable[[str, bytes, _Context], Awaitable[bytes]]) -> None:
        self._serve = serve

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        path = call.method

        async def handle(body: bytes, context: _Context) -> bytes:
            return await self._serve(path, body, context)

        return grpc.unary_unary_rpc_method_handler(handle)


def _texts(metadata: Any) -> Iterator[tuple[str, str]]:
    for name, value in metadata:
        yield name, value if isinstance(value, str) else value.hex()


def _metadata(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """The answer's headers, as far as metadata can hold them."""
    plain: Mapping[str, str] = outcome.headers
    return tuple(
        (name.lower(), value)
        for name, value in plain.items()
        if name.lower() not in ("content-type", "grpc-message") and value.isascii()
    )
