"""The yardstick: a bare handler of the same endpoints on the same stack, which remembers nothing.

`python -m benchmarks.servers PORT [--no-validation]` serves it.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import orjson
import uvloop
from aiohttp import web

__all__ = ["REGISTRATION", "bare_application"]

_STRINGS = {"type": "array", "items": {"type": "string"}}
REGISTRATION: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["agent_id", "agent_type"],
    "properties": {
        "agent_id": {"type": "string", "minLength": 1},
        "agent_type": {"enum": ["worker", "provider", "consumer", "general"]},
        "capabilities": _STRINGS,
        "services": _STRINGS,
        "endpoints": {
            "type": "object",
            "additionalProperties": {
                "type": "string",
                "pattern": "^[A-Za-z][A-Za-z0-9+.-]*://[^\\s]+$",
            },
        },
        "metadata": {"type": "object"},
    },
}


def bare_application(*, validation: bool) -> web.Application:
    """Health, look-up and registration as a developer would write them for a stub in an hour."""
    validator = jsonschema_rs.Draft202012Validator(
        REGISTRATION, validate_formats=True, offline=True
    )

    async def health(_: web.Request) -> web.Response:
        return _json({"status": "healthy", "timestamp": _now()})

    async def look_up(request: web.Request) -> web.Response:
        now = _now()
        agent = {
            "agent_id": request.match_info["agent_id"],
            "agent_type": "worker",
            "status": "active",
            "capabilities": ["ocr", "translation"],
            "services": ["documents"],
            "endpoints": {"http": "http://127.0.0.1:7007"},
            "metadata": {"version": "2.3.0", "region": "north"},
            "last_heartbeat": now,
            "registration_time": now,
            "load_metrics": {"active_connections": 0, "cpu_usage": 0.0},
            "health_score": 1.0,
            "version": "2.3.0",
            "tags": [],
        }
        return _json({"status": "success", "agent": agent, "timestamp": now})

    async def register(request: web.Request) -> web.Response:
        said: Any = orjson.loads(await request.read())
        if validation and not validator.is_valid(said):
            errors = validator.iter_errors(said)
            wrong = [f"/{'/'.join(map(str, e.instance_path))}: {e.message}" for e in errors]
            return _json({"detail": "; ".join(wrong)}, 422)
        receipt = {
            "status": "success",
            "message": f"Agent {said['agent_id']} registered successfully",
            "agent_id": said["agent_id"],
            "registered_at": _now(),
        }
        return _json(receipt)

    application = web.Application()
    application.router.add_get("/health", health)
    application.router.add_get("/agents/{agent_id}", look_up)
    application.router.add_post("/agents/register", register)
    return application


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


async def _serve(port: int, *, validation: bool) -> None:
    runner = web.AppRunner(bare_application(validation=validation), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers")
    parser.add_argument("port", type=int)
    parser.add_argument("--no-validation", dest="validation", action="store_false")
    arguments = parser.parse_args()
    uvloop.run(_serve(arguments.port, validation=arguments.validation))


if __name__ == "__main__":
    main()
