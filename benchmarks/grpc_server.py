"""The yardstick for gRPC: a bare `grpc.aio` handler that reads a message, validates and answers it.

`python -m benchmarks.grpc_server PORT GRPC_PORT` serves it. It answers plain HTTP on the first port
as well, so that it can be seen to be there.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import grpc
import uvloop
from aiohttp import web

from schemas import load
from schemas.protobuf import codec
from schemas.validation import Validators

SEND = "/caxton.v1.MessageService/SendMessage"


async def _serve(port: int, grpc_port: int) -> None:
    protocol = load("caxton")
    known = codec(protocol)
    shape = Validators(protocol).request("MessageService.SendMessage")
    assert shape is not None

    async def send(body: bytes, context: Any) -> bytes:
        said = known.decode("caxton.v1.SendMessageRequest", body)
        if not shape.accepts(said):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "it is not valid")
        answer = {
            "message_id": "m-1",
            "status": "delivered",
            "delivered_at": "2026-01-02T03:04:05Z",
        }
        return known.encode("caxton.v1.SendMessageResponse", answer)

    handlers = {"SendMessage": grpc.unary_unary_rpc_method_handler(send)}
    server = grpc.aio.server()
    service = "caxton.v1.MessageService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])
    server.add_insecure_port(f"127.0.0.1:{grpc_port}")
    await server.start()

    async def probe(_: web.BaseRequest) -> web.Response:
        return web.Response(text="here\n")

    runner = web.ServerRunner(web.Server(probe))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grpc_server")
    parser.add_argument("port", type=int)
    parser.add_argument("grpc_port", type=int)
    arguments = parser.parse_args()
    uvloop.run(_serve(arguments.port, arguments.grpc_port))


if __name__ == "__main__":
    main()
