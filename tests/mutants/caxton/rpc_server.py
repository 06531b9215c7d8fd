"""The gRPC server: it carries bytes to and fro, and judges nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from .protos import PACKAGE, protos
from .rpc import invoke

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["RpcServer"]


class _Stray(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Procedures that there are not."""

    def __init__(self, desk: Desk) -> None:
        """They are unimplemented, unless a fault says otherwise."""
        self._desk = desk

    def service(self, call: Any) -> Any:
        """None leaves it to the library to say so."""
        return _EMPTY if self._desk.bent("grpc.stray", False) else None


async def _nothing(raw: bytes, context: Any) -> bytes:
    return b""


_EMPTY = grpc.unary_unary_rpc_method_handler(_nothing)


class RpcServer:
    """Serves one desk on a port of its own."""

    def __init__(self, desk: Desk) -> None:
        """Nothing listens yet."""
        self._desk = desk
        self._server: grpc.aio.Server | None = None
        self.address = ""

    async def open(self, host: str) -> None:
        """Start to accept."""
        known = protos(self._desk.reading)
        options = [("grpc.so_reuseport", 0)]
        self._server = grpc.aio.server(options=options)
        handlers: dict[str, dict[str, Any]] = {}
        for path, name in known.methods.items():
            service = path.split("/")[1]
            handlers.setdefault(service, {})[name] = self._handler(name)
        for service, methods in handlers.items():
            generic = grpc.method_handlers_generic_handler(service, methods)
            self._server.add_generic_rpc_handlers((generic,))
        if self._desk.bent("grpc.reflection", self._desk.reading.reflection):
            from grpc_reflection.v1alpha import reflection

            names = (f"{PACKAGE}.AgentService", f"{PACKAGE}.MessageService")
            reflection.enable_server_reflection(
                (*names, reflection.SERVICE_NAME), self._server, pool=known.pool
            )
        self._server.add_generic_rpc_handlers((_Stray(self._desk),))
        port = self._server.add_insecure_port(f"{host}:0")
        self.address = f"{host}:{port}"
        await self._server.start()

    async def close(self) -> None:
        """Stop, and drop what is under way."""
        if self._server is not None:
            await self._server.stop(0)

    def _handler(self, method: str) -> Any:
        async def handle(raw: bytes, context: Any) -> bytes:
            metadata = {key.lower(): str(value) for key, value in context.invocation_metadata()}
            left = context.time_remaining()
            reply = await invoke(self._desk, method, raw, metadata, left)
            if reply.code == "HANG":
                await asyncio.Event().wait()
            if reply.code != "OK":
                trailers = tuple(reply.trailers.items())
                context.set_trailing_metadata(trailers)
                await context.abort(getattr(grpc.StatusCode, reply.code), reply.words)
            return reply.body

        return grpc.unary_unary_rpc_method_handler(handle)
