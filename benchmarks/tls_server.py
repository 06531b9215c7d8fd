"""The yardstick of heartbeats: a bare handler under mutual TLS on the same stack, without state.

`python -m benchmarks.tls_server PORT` serves it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import jsonschema_rs
import orjson
import uvloop
from aiohttp import web

from mockserver.authority import Authority
from mockserver.wire.tls import make_identity

__all__ = ["HEARTBEAT", "application"]

_PERCENT = {"type": "number"}
HEARTBEAT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["status", "resourceUsage", "capabilities", "runningTasks"],
    "properties": {
        "status": {"type": "string", "minLength": 1},
        "resourceUsage": {
            "type": "object",
            "properties": {"cpu": _PERCENT, "memory": _PERCENT, "disk": _PERCENT},
        },
        "capabilities": {"type": "array", "items": {"type": "string"}},
        "runningTasks": {"type": "integer", "minimum": 0},
    },
}


def application(authority: Authority) -> web.Application:
    """Registration, and heartbeats of whoever shows the certificate that it was given."""
    validator = jsonschema_rs.Draft202012Validator(HEARTBEAT, validate_formats=True, offline=True)
    known: dict[bytes, str] = {}

    async def health(_: web.Request) -> web.Response:
        return _json({})

    async def register(_: web.Request) -> web.Response:
        now = time.time()
        made = authority.issue("crane", now, now + 86_400)
        agent = known[made.der] = str(len(known))
        return _json({"agentId": agent, "certificate": {"cert": made.cert, "key": made.key}}, 201)

    async def heartbeat(request: web.Request) -> web.Response:
        assert request.transport is not None
        shown = request.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        if known.get(shown) != request.match_info["id"]:
            return _json({"error": "forbidden"}, 403)
        if not validator.is_valid(orjson.loads(await request.read())):
            return _json({"error": "invalid"}, 400)
        return _json({"tasks": []})

    made = web.Application()
    made.router.add_get("/health", health)
    made.router.add_post("/api/v1/agents/register", register)
    made.router.add_post("/api/v1/agents/{id}/heartbeat", heartbeat)
    return made


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


async def _serve(port: int) -> None:
    authority = Authority()
    identity = make_identity("127.0.0.1", authority, mutual=True)
    runner = web.AppRunner(application(authority), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=identity.context)
    await site.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
