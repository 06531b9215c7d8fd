"""Where faults come in on a request's way through the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mockserver.bodies import Bodies
from mockserver.coordinator import Answer
from mockserver.faults import Fault
from mockserver.faults.kinds import Place
from mockserver.faults.replay import previous_answer, previous_messages
from mockserver.faults.strike import Scene, Struck, strike_answer
from mockserver.json_text import write_json
from mockserver.life import Life
from mockserver.sockets import Line
from mockserver.transcript import Frame

__all__ = ["force_answer", "plan_faults", "replayed", "struck"]


def plan_faults(life: Life) -> None:
    """Find out what strikes this request, or this handshake."""
    faults, operation = life.session.faults, life.match.operation
    if life.handshake is not None:
        life.strokes = faults.strike(life.handshake.channel, "handshake")
    elif operation is not None:
        place: Place = "grpc" if operation.is_rpc else "http"
        life.strokes = faults.strike(operation.id, place)


def force_answer(life: Life) -> Answer | None:
    """The answer that a fault demands in the coordinator's stead, in the protocol's words."""
    for stroke in life.strokes:
        if stroke.kind in ("status", "rate_limit"):
            life.done = [stroke]
            return _forced(life, stroke.fault)
    return None


def replayed(life: Life, line: Line) -> Sequence[Frame]:
    """What the fault `stale` has said again to a client that comes back."""
    for stroke in life.strokes:
        if stroke.kind == "stale":
            transcript, principal = life.session.transcript, line.connection.principal
            frames = previous_messages(transcript, line.channel, principal, stroke.fault.last)
            life.done = [stroke] if frames else []
            return frames
    return ()


def struck(life: Life, answer: Answer, bodies: Bodies) -> Struck:
    """What is left of an answer once all that strikes it has struck."""
    if life.handshake is not None:
        scene = Scene("handshake", life.done, lambda: None, write_json)
        return strike_answer(answer, life.strokes, scene)
    operation = life.operation
    transcript, path = life.session.transcript, life.request.path
    scene = Scene(
        place="grpc" if operation.is_rpc else "http",
        done=life.done,
        previous=lambda: previous_answer(transcript, operation.id, path),
        encode=lambda said: bodies.write(operation, said),
    )
    return strike_answer(answer, life.strokes, scene)


def _forced(life: Life, fault: Fault) -> Answer:
    coordinator = life.session.coordinator
    if fault.kind == "status":
        return coordinator.failure(fault.status, "as it was told to", life.name)
    answer = coordinator.failure(429, "too many requests", life.name)
    if fault.retry_after is None:
        return answer
    return replace(answer, headers={**answer.headers, "Retry-After": str(fault.retry_after)})
