"""What a script has the coordinator answer. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mockserver.coordinator import Answer
from mockserver.scenario.acts import Sight
from mockserver.scenario.flow import Flow
from mockserver.scenario.matching import match_client
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import ExpressionError, Said, Scope
from schemas.arazzo.model import Reply, Step

if TYPE_CHECKING:
    from mockserver.life import Life

__all__ = ["reply_to"]


def reply_to(life: Life, client: str, flow: Flow) -> Answer | None:
    """The answer of the step under way that this request is, where the script gives one."""
    sight = None
    for number, step in flow.awaited:
        if step.reply is None or step.operation is None or step.client != client:
            continue
        if step.operation.id != life.operation.id:
            continue
        sight = sight or _sight(life)
        match = match_client(step, flow.scope(number), sight)
        if match.why:
            continue
        scope = flow.scope(number, replace(sight, bound=match.bound))
        try:
            return _answer(step.reply, scope)
        except (ExpressionError, ValueError) as error:
            return _unmade(life, step, error)
    return None


def _answer(reply: Reply, scope: Scope) -> Answer:
    status = int(worth(reply.status, scope))
    headers = {name: str(worth(value, scope)) for name, value in reply.headers.items()}
    if reply.text is None:
        return Answer(status=status, body=worth(reply.body, scope), headers=headers)
    media_type = headers.pop("content-type", "text/plain")
    raw = str(worth(reply.text, scope)).encode()
    return Answer(status=status, raw=raw, media_type=media_type, headers=headers)


def _unmade(life: Life, step: Step, error: ValueError) -> Answer:
    what = f"the scenario's reply to {step.name} cannot be made: {error}"
    return life.session.coordinator.failure(500, what, step.name)


def _sight(life: Life) -> Sight:
    """What a request shows before it is answered."""
    call = life.call()
    headers = {name.lower(): value for name, value in life.request.headers.items()}
    said = Said(headers=headers, query=call.query, path=call.parameters, body=call.body)
    return Sight(method=life.request.method, request=said)
