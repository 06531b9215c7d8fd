"""The yardstick for WebSockets: `websockets.serve`, which validates a message and sends it back, or
tells everybody.

`python -m benchmarks.socket_servers PORT` serves it. It answers plain HTTP as well, so that it can
be seen to be there.
"""

from __future__ import annotations

import argparse
import asyncio
from http import HTTPStatus
from typing import Any

import jsonschema_rs
import orjson
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.http11 import Request, Response

__all__ = ["CHAT"]

CHAT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["type", "target_id", "payload"],
    "properties": {
        "type": {"const": "CHAT"},
        "target_id": {"type": "integer"},
        "payload": {"type": "string"},
        "stream_id": {"type": ["string", "integer"]},
    },
}


async def _serve(port: int) -> None:
    validator = jsonschema_rs.Draft202012Validator(CHAT, validate_formats=True, offline=True)

    async def echo(socket: ServerConnection) -> None:
        async for data in socket:
            said: Any = orjson.loads(data)
            if said.get("type") == "FAN":
                broadcast(server.connections, orjson.dumps(said).decode())
            elif validator.is_valid(said):
                answer = {"type": "CHAT", "sender_id": 1, "sender_name": "a", **said}
                await socket.send(orjson.dumps(answer), text=True)

    def probe(socket: ServerConnection, request: Request) -> Response | None:
        is_probe = request.path == "/health"
        return socket.respond(HTTPStatus.OK, "here\n") if is_probe else None

    async with serve(
        echo, "127.0.0.1", port, process_request=probe, compression=None, ping_interval=None
    ) as server:
        await asyncio.Event().wait()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.socket_servers")
    parser.add_argument("port", type=int)
    uvloop.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
