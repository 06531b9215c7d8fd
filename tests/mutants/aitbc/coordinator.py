"""The coordinator: one call in, one answer out, no socket in sight."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from . import openapi, shapes
from .model import ROUTES, Answer, Call, Op, RefusalError, Reply
from .parsing import MalformedError, field_table
from .tasks import TaskBook

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Coordinator"]

_SPLIT_ROUTES: Final = tuple((method, path.split("/"), op) for method, path, op in ROUTES)


class Coordinator(TaskBook):
    """A complete coordinator in memory; subclasses in the fault modules break one thing each."""

    async def handle(self, call: Call) -> Answer:
        """The life of a request: route, perform, finish, dress, encode."""
        routed = self.route(call)
        if isinstance(routed, Reply):
            return self.encode(call, routed)
        reply = self.finish(routed, await self.reply_to(routed))
        dressed = shapes.dressed(reply.body, self.reading, routed.op)
        return self.encode(routed, replace(reply, body=dressed))

    # Routing.

    def route(self, call: Call) -> Call | Reply:
        """Find the endpoint of a call, or the reply to a stray one."""
        prefix = self.reading.prefix
        path = call.path.partition("?")[0]
        if not path.startswith(prefix + "/"):
            return shapes.stray(404, "Not Found", self.reading)
        path = path.removeprefix(prefix)
        parts = path.split("/")
        allowed = []
        for method, pattern, op in _SPLIT_ROUTES:
            arg = _captured(pattern, parts)
            if arg is None:
                continue
            wanted = self.reading.heartbeat_method if op is Op.HEARTBEAT else method
            if wanted == call.method:
                return replace(call, op=op, arg=self.decode_arg(arg))
            allowed.append(wanted)
        return self.astray(path, allowed)

    def decode_arg(self, raw: str) -> str:
        """The variable part of a path, with its percent-encoding undone."""
        return unquote(raw)

    def astray(self, path: str, allowed: list[str]) -> Reply:
        """No such path, or not with this method."""
        if allowed and self.reading.stray_method == 405:
            reply = shapes.stray(405, "Method Not Allowed", self.reading)
            return replace(reply, headers={"Allow": ", ".join(sorted(set(allowed)))})
        trimmed = path.rstrip("/")
        known = any(_captured(pattern, trimmed.split("/")) for _, pattern, _ in _SPLIT_ROUTES)
        if self.reading.slash_redirect and path != trimmed and known:
            target = {"Location": self.reading.prefix + trimmed}
            return Reply(status=307, text="", media="text/plain", headers=target)
        return shapes.stray(404, "Not Found", self.reading)

    # Performance.

    async def reply_to(self, call: Call) -> Reply:
        """Perform a call; refusals and crashes become replies."""
        try:
            return await self.perform(call)
        except RefusalError as refusal:
            return self.refused(call, refusal)
        except Exception as error:  # noqa: BLE001 - the document words the answer to any crash
            return self.crashed(call, error)

    async def perform(self, call: Call) -> Reply:
        """Dispatch by endpoint."""
        match call.op:
            case Op.REGISTER:
                return await self.do_register(call)
            case Op.DISCOVER:
                return await self.do_discover(call)
            case Op.GET:
                return await self.do_get(call)
            case Op.UPDATE:
                return await self.do_update(call)
            case Op.HEARTBEAT:
                return await self.do_heartbeat(call)
            case _:
                return await self.perform_task(call)

    async def perform_task(self, call: Call) -> Reply:
        """Dispatch the endpoints that concern no single agent."""
        match call.op:
            case Op.SUBMIT:
                return await self.do_submit(call)
            case Op.STATUS:
                return await self.do_status(call)
            case Op.QUEUES:
                return await self.do_queues(call)
            case Op.STATS:
                return await self.do_stats(call)
            case Op.CLEAR:
                return await self.do_clear(call)
            case _:
                return self.perform_service(call)

    def perform_service(self, call: Call) -> Reply:
        """Health and the two descriptions."""
        if call.op is Op.HEALTH:
            stamp = self.stamp(self.now())
            body = {"status": "healthy", "version": "1.0.0", "timestamp": stamp}
            return Reply(status=200, body=body)
        if call.op is Op.OPENAPI:
            return Reply(status=200, body=openapi.document(self.reading, field_table(self.reading)))
        return Reply(status=200, text=openapi.docs_page(self.reading), media="text/html")

    def refused(self, call: Call, refusal: RefusalError) -> Reply:
        """The reply to a call that the coordinator declined."""
        if self.reading.malformed_page and isinstance(refusal.__cause__, MalformedError):
            page = "<!DOCTYPE html><title>Error</title><pre>SyntaxError: Unexpected token</pre>"
            return Reply(status=refusal.status, text=page, media="text/html")
        return Reply(status=refusal.status, body={"detail": refusal.detail})

    def crashed(self, call: Call, error: Exception) -> Reply:
        """The reply to a call that failed inside."""
        words = shapes.FAILURE_WORDS.get(call.op, "Internal error") if call.op else "Internal error"
        return Reply(status=500, body={"detail": f"{words}: {error}"})

    # Form.

    def finish(self, call: Call, reply: Reply) -> Reply:
        """The last word on a reply; lawful coordinators have nothing to add."""
        return reply

    def encode(self, call: Call, reply: Reply) -> Answer:
        """Turn a reply into bytes."""
        if reply.text is not None:
            body = reply.text.encode()
        else:
            body = b"" if reply.status == 204 else shapes.encode(reply.body, self.reading)
        return Answer(
            status=reply.status,
            headers=self.headers(reply),
            body=body,
            chunked=self.reading.chunked and bool(body),
            close=not self.reading.keep_alive,
        )

    def headers(self, reply: Reply) -> Mapping[str, str]:
        """The headers of an answer, save those of the transport."""
        charset = reply.media == "text/html" or self.reading.charset
        headers = dict(reply.headers)
        if reply.status != 204:
            headers["Content-Type"] = reply.media + ("; charset=utf-8" if charset else "")
        if self.reading.server_header is not None:
            headers["Server"] = self.reading.server_header
        if self.reading.extras:
            headers |= {"X-Request-Id": str(self.env.new_uuid()), "X-Powered-By": "a cluster"}
        return headers


def _captured(pattern: list[str], parts: list[str]) -> str | None:
    """The variable of a path; an empty string when it has none, None when it does not fit."""
    if len(pattern) != len(parts):
        return None
    arg = ""
    for expected, part in zip(pattern, parts, strict=True):
        if expected.startswith("{"):
            if not part:
                return None
            arg = part
        elif expected != part:
            return None
    return arg
