"""The gRPC side of a stage: every call is written down, those of the document are answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.mutants.caxton_agents.model import CALLS, What
from tests.mutants.caxton_agents.record import Call
from tests.mutants.caxton_agents.tampering import Tampering
from tests.mutants.caxton_agents.world import World

if TYPE_CHECKING:
    import grpc.aio

__all__ = ["GrpcStage"]

_WHAT = {method: what for what, method in CALLS.items()}
_REST = {
    What.CALL_DEPLOY: What.DEPLOY,
    What.CALL_LIST: What.LIST,
    What.CALL_SEND: What.SEND,
    What.CALL_WAIT: What.CALL_WAIT,
}
_NAMES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}
_NAMES |= {404: "NOT_FOUND", 409: "ALREADY_EXISTS", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


class GrpcStage:
    """Serves gRPC for one client."""

    def __init__(self, world: World, calls: list[Call], tampering: Tampering) -> None:
        self._world = world
        self._calls = calls
        self._tampering = tampering
        self._server: grpc.aio.Server | None = None

    async def start(self) -> str:
        """Listen; returns host and port."""
        import grpc.aio

        stage = self

        class _All:
            def service(self, handler_call_details: Any) -> Any:
                method = handler_call_details.method

                async def answer(data: bytes, context: Any) -> bytes:
                    return await stage.answer(method, data, context)

                return grpc.unary_unary_rpc_method_handler(answer)

        self._server = grpc.aio.server(handlers=[_All()], options=[("grpc.so_reuseport", 0)])
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return f"127.0.0.1:{port}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            await self._server.stop(0)

    async def answer(self, method: str, data: bytes, context: Any) -> bytes:
        """One call."""
        import grpc
        from google.protobuf.message import DecodeError

        from tests.mutants.caxton_agents.stage_proto import message_class

        now = time.monotonic()
        self._calls.append(
            Call(
                at=now,
                method=method,
                metadata=tuple((str(n), str(v)) for n, v in context.invocation_metadata()),
                data=data,
                remaining=context.time_remaining(),
            )
        )
        what = _WHAT.get(method)
        if what is None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such method")
        assert what is not None
        overruled = self._tampering.status(_REST[what], now, time.time())
        try:
            status, answer = self._done(what, data, message_class)
        except DecodeError:
            status, answer = 400, b""
        status = overruled or status
        if status != 200:
            name = _NAMES.get(status, "UNAVAILABLE")
            await context.abort(getattr(grpc.StatusCode, name), "not now")
        return answer

    def _done(self, what: What, data: bytes, message_class: Any) -> tuple[int, bytes]:
        if what is What.CALL_LIST:
            asked = message_class("ListAgentsRequest").FromString(data)
            query = {"limit": str(asked.limit or 2), "offset": str(asked.offset)}
            status, page = self._world.handle(What.LIST, "", query, None)
            told = message_class("ListAgentsResponse")(
                agents=[b""] * len(page["agents"]), total=page["total"]
            )
            return status, told.SerializeToString()
        if what is What.CALL_DEPLOY:
            asked = message_class("DeployAgentRequest").FromString(data)
            if not asked.wasm_module.startswith(b"\0asm"):
                return 400, b""
            status, made = self._world.deploy(asked.config.name)
            told = message_class("DeployAgentResponse")(agent_id=made.get("agent_id", ""), status=1)
            return status, told.SerializeToString()
        message = message_class("SendMessageRequest").FromString(data).message
        names = ("performative", "sender", "receiver", "conversation_id", "reply_with")
        status, _ = self._world.send({name: getattr(message, name) for name in names})
        return status, b""
