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
        shown = [_shows(each, scope, sight) for each in _handed_out(step)]
        if False in shown:
            continue  # whoever shows something else is the coordinator's business
        try:
            return Scripted(_answer(step.reply, scope), vouched=bool(shown) and all(shown))
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
        scope = flow.scope(number, seen)
        shown = [_shows(each, scope, seen) for each in _handed_out(step)]
        if shown and all(shown) and not flow.missed(number, seen):
            return True
    return False


def _is_for(step: Step, life: Life, client: str) -> bool:
    if step.client != client:
        return False
    if life.handshake is not None:
        return step.opens and step.channel is not None and step.channel.id == life.name
    return step.operation is not None and step.operation.id == life.name


def _handed_out(step: Step) -> list[Parameter]:
    """Where it shows something that an earlier step handed out: a token, an id."""
    return [each for each in step.parameters if _is_handed_out(each.value)]


def _is_handed_out(value: Any) -> bool:
    return any(parse(text.strip("{}")).root == "steps" for text in references(value))


def _shows(parameter: Parameter, scope: Scope, sight: Sight) -> bool | None:
    """Does it show that very thing? `None` where it shows nothing there. Headers alone are left to
    be seen: the rest was matched.
    """
    if parameter.place != "header":
        return True
    seen = sight.request.headers.get(parameter.name.lower())
    return None if seen is None else _folded(seen) == _folded(worth(parameter.value, scope))


def _folded(header: Any) -> tuple[str, str]:
    """Credentials, whose scheme may be written in any case (RFC 9110, 11.1)."""
    scheme, _, rest = str(header).partition(" ")
    return (scheme.casefold(), rest.strip()) if rest else ("", scheme)


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
