"""What a script has the coordinator answer, and whom it lets in. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.coordinator import Answer
from mockserver.passage import first_of_each
from mockserver.scenario.acts import Sight
from mockserver.scenario.flow import Flow
from mockserver.scenario.heard import body_of
from mockserver.scenario.matching import match_client
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import ExpressionError, Said, Scope, parse, references
from schemas.arazzo.model import Parameter, Reply, Step

if TYPE_CHECKING:
    from mockserver.life import Life

__all__ = ["Scripted", "admits", "reply_to"]


class Scripted(NamedTuple):
    """An answer of the script's. `vouched` says that it was asked for with what the script itself
    had handed out, a token, say: the coordinator, who knows of none, need not be asked.
    """

    answer: Answer
    vouched: bool


def reply_to(life: Life, client: str, flow: Flow) -> Scripted | None:
    """The answer of the step under way that this request is, where the script gives one."""
    sight = None
    for number, step in flow.awaited:
        if step.reply is None or not _is_for(step, life, client):
            continue
        sight = sight or _sight(life)
        match = match_client(step, flow.scope(number), sight)
        if match.why:
            continue
        scope = flow.scope(number, replace(sight, bound=match.bound))
        try:
            return Scripted(_answer(step.reply, scope), _is_vouched(step, scope, sight))
        except (ExpressionError, ValueError) as error:
            return Scripted(_unmade(life, step, error), vouched=True)
    return None


def admits(life: Life, client: str, flow: Flow) -> bool:
    """Is a handshake the step under way that the script wants granted, and made with what the
    script itself handed out?
    """
    sight = replace(_sight(life), status=101)
    for number, step in flow.awaited:
        if not _is_for(step, life, client) or step.reply is not None or step.unlawful:
            continue
        match = match_client(step, flow.scope(number), sight)
        if match.why:
            continue
        seen = replace(sight, bound=match.bound)
        if _is_vouched(step, flow.scope(number, seen), seen) and not flow.missed(number, seen):
            return True
    return False


def _is_for(step: Step, life: Life, client: str) -> bool:
    if step.client != client:
        return False
    if life.handshake is not None:
        return step.opens and step.channel is not None and step.channel.id == life.name
    return step.operation is not None and step.operation.id == life.name


def _is_vouched(step: Step, scope: Scope, sight: Sight) -> bool:
    """Does it show something that an earlier step handed out? Headers are not matched, so what
    stands there must be it.
    """
    shown = [each for each in step.parameters if _is_handed_out(each.value)]
    return bool(shown) and all(_shows(each, scope, sight) for each in shown)


def _is_handed_out(value: Any) -> bool:
    return any(parse(text.strip("{}")).root == "steps" for text in references(value))


def _shows(parameter: Parameter, scope: Scope, sight: Sight) -> bool:
    if parameter.place != "header":
        return True  # it was matched
    return bool(sight.request.headers.get(parameter.name.lower()) == worth(parameter.value, scope))


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
    """What a request or a handshake shows before it is answered."""
    request = life.request
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = first_of_each(request.query) if request.query else {}
    body = body_of(request.body) if life.said is None else life.said
    said = Said(headers=headers, query=query, path=life.parameters, body=body)
    return Sight(method=request.method, request=said)
