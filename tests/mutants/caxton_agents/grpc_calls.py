"""Calls over gRPC with bytes of our own making; only those who use it import ``grpc``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.mutants.caxton_agents import protobuf
from tests.mutants.caxton_agents.model import Answer, Draft, Json, What

if TYPE_CHECKING:
    import grpc.aio

__all__ = ["REQUESTS", "Line"]

REQUESTS: Final = {
    What.CALL_DEPLOY: "DeployAgentRequest",
    What.CALL_LIST: "ListAgentsRequest",
    What.CALL_SEND: "SendMessageRequest",
    What.CALL_WAIT: "SendMessageRequest",
}
_ANSWERS: Final = {
    What.CALL_DEPLOY: "DeployAgentResponse",
    What.CALL_LIST: "ListAgentsResponse",
}
_STATUSES: Final = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNIMPLEMENTED": 404,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 0,
}


class Line:
    """One channel, opened by the first call."""

    def __init__(self, address: str) -> None:
        self._address = address.rpartition("//")[2].rstrip("/")
        self._channel: grpc.aio.Channel | None = None

    async def call(self, draft: Draft, deadline: float | None) -> Answer:
        """Call, and wait for what comes of it; ``deadline`` in seconds."""
        import grpc.aio

        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self._address)
        data = draft.raw
        if data is None:
            data = protobuf.encode(REQUESTS[draft.what], _with_wasm(draft), draft.numbers)
        ask: Any = self._channel.unary_unary(draft.path)
        try:
            answer = await ask(
                data, metadata=[(n.lower(), v) for n, v in draft.headers], timeout=deadline
            )
        except grpc.aio.AioRpcError as error:
            return Answer(status=_STATUSES.get(error.code().name, 500))
        return _read(draft.what, bytes(answer))

    async def close(self) -> None:
        """Let the channel go."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()


def _with_wasm(draft: Draft) -> Any:
    if draft.wasm is None or not isinstance(draft.body, dict):
        return draft.body
    return {"wasm_module": draft.wasm, **draft.body}


def _read(what: What, answer: bytes) -> Answer:
    name = _ANSWERS.get(what)
    if name is None:
        return Answer(status=200, bare=not answer)
    try:
        found = protobuf.decode(name, answer)
    except ValueError:
        return Answer(status=599)
    data: dict[str, Json] = {}
    bare = False
    if what is What.CALL_LIST:
        bare = b"" in found.get("agents", ())
        data["count"] = len(found.get("agents", ()))
        data["total"] = int((found.get("total") or [0])[-1])
    else:
        data["agent_id"] = str((found.get("agent_id") or [""])[-1])
    return Answer(status=200, data=data, bare=bare)
