"""From an operation to an answer or a trouble: drafting, tampering, encoding, judging."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import quote

from tests.mutants.aitbc_agents.bodies import USUAL, register_two_fields
from tests.mutants.aitbc_agents.model import (
    OPERATIONS,
    Answer,
    Draft,
    Json,
    Moment,
    Op,
    Style,
    Tamper,
    Trouble,
    Turn,
)
from tests.mutants.aitbc_agents.wire import LinkError

__all__ = ["AskError", "Client", "Exchange", "encode", "trouble_in", "undocumented_fields"]

# Raises TimeoutError when too slow and LinkError when the line breaks.
Exchange: TypeAlias = Callable[[Draft], Answer]

_DOCUMENTED: Final[Mapping[Op, frozenset[str]]] = {
    Op.HEALTH: frozenset({"status", "version", "timestamp"}),
    Op.REGISTER: frozenset({"status", "message", "agent_id", "registered_at"}),
    Op.DISCOVER: frozenset({"status", "query", "agents", "count", "timestamp"}),
    Op.GET_AGENT: frozenset({"status", "agent", "timestamp"}),
    Op.STATUS: frozenset({"status", "message", "agent_id", "new_status", "updated_at"}),
    Op.SUBMIT: frozenset({"status", "message", "task_id", "priority", "submitted_at"}),
    Op.TASK_STATUS: frozenset({"status", "stats", "timestamp"}),
}


_ABOUT_AN_AGENT: Final = frozenset({Op.HEARTBEAT, Op.STATUS, Op.GET_AGENT})


class AskError(Exception):
    """One request that did not work; ``retry_after`` in seconds, when the answer named it."""

    def __init__(self, trouble: Trouble, why: str, retry_after: float = 0.0) -> None:
        super().__init__(f"{trouble.value}: {why}")
        self.trouble = trouble
        self.retry_after = retry_after


def encode(payload: Json, style: Style) -> bytes:
    """``payload`` as this style writes JSON."""
    encoding = style.encoding
    text = json.dumps(payload, indent=encoding.indent, ensure_ascii=encoding.ascii_only)
    return text.encode()


def _accepted(answer: Answer) -> bool:
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def trouble_in(op: Op, answer: Answer, *, own: bool) -> Trouble | None:
    """What is wrong with this answer, if anything; ``own``: it is about the agent itself."""
    status = answer.status
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return Trouble.BUSY
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Trouble.BROKEN
    refused = status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
    if refused or (op is Op.REGISTER and status >= HTTPStatus.BAD_REQUEST):
        return Trouble.REFUSED
    if status == HTTPStatus.NOT_FOUND and own and op in _ABOUT_AN_AGENT:
        return Trouble.FORGOTTEN
    return None


def undocumented_fields(op: Op, answer: Answer) -> frozenset[str]:
    """Top-level fields of the answer that the document does not show."""
    known = _DOCUMENTED.get(op)
    if known is None or not _accepted(answer) or not isinstance(answer.data, Mapping):
        return frozenset()
    return frozenset(answer.data) - known


def _seconds(text: str) -> float:
    """``Retry-After`` in seconds; a date counts as zero, the back-off covers it."""
    return min(60.0, float(text)) if text.isascii() and text.isdigit() else 0.0


class Client:
    """Asks one operation at a time and remembers how it went."""

    def __init__(
        self, *, name: str, style: Style, exchange: Exchange, tamper: Tamper | None = None
    ) -> None:
        self.agent_id = name + style.id_suffix
        self.peers: tuple[str, ...] = ()
        self._style = style
        self._exchange = exchange
        self._tamper = tamper
        self._asked: Counter[Op] = Counter()
        self._accepted: Counter[Op] = Counter()
        self._drops = 0

    def ask(self, op: Op, *, modest: bool = False, last: bool = False) -> Answer | None:
        """One request, one answer; None when there is nobody to ask about. Raises AskError.

        ``modest``: a body with the required fields only; ``last``: the agent is leaving.
        """
        subject = self._subject(op)
        if subject is None:
            return None
        draft = self._draft(op, subject, self._body(op, modest=modest, last=last))
        self._asked[op] += 1
        answer = self._answer(draft)
        if _accepted(answer):
            self._accepted[op] += 1
        self._raise_for(op, answer, own=subject == self.agent_id)
        if op is Op.DISCOVER:
            self.peers = tuple(_agent_ids(answer.data)) or self.peers
        return answer

    def _answer(self, draft: Draft) -> Answer:
        try:
            return self._exchange(draft)
        except TimeoutError as error:
            raise AskError(Trouble.SLOW, f"no answer to {draft.method} {draft.path}") from error
        except LinkError as error:
            self._drops += 1
            raise AskError(Trouble.DROPPED, str(error)) from error

    def _raise_for(self, op: Op, answer: Answer, *, own: bool) -> None:
        trouble = trouble_in(op, answer, own=own)
        why = f"{op.value} was answered with {answer.status}"
        if trouble is None and Trouble.EXTRA in self._style.reactions:
            extra = undocumented_fields(op, answer)
            trouble = Trouble.EXTRA if extra else None
            why = f"the answer to {op.value} has {sorted(extra)}"
        if trouble is not None:
            detail = answer.data.get("detail") if isinstance(answer.data, Mapping) else None
            after = _seconds(answer.headers.get("retry-after", ""))
            raise AskError(trouble, f"{why} {detail!r}" if detail else why, after)

    def _subject(self, op: Op) -> str | None:
        if op is Op.CLEAR:
            return "low"
        if op is not Op.GET_AGENT or not self._style.visits_peers:
            return self.agent_id
        return self.peers[self._asked[op] % len(self.peers)] if self.peers else None

    def _draft(self, op: Op, subject: str, payload: Json) -> Draft:
        style = self._style
        operation = OPERATIONS[op]
        typed = (("Content-Type", style.encoding.content_type),) if payload is not None else ()
        draft = Draft(
            op=op,
            method=operation.method,
            path=operation.path.format(subject=quote(subject, safe="")),
            subject=subject,
            payload=payload,
            headers=style.headers + typed,
            chunked=style.encoding.chunked,
            moment=self._moment(op),
        )
        draft = draft if self._tamper is None else self._tamper(draft)
        if draft.raw is None and draft.payload is not None:
            return replace(draft, raw=encode(draft.payload, style))
        return draft

    def _body(self, op: Op, *, modest: bool, last: bool) -> Json:
        maker = self._style.bodies.get(op, USUAL[op])
        if modest and op is Op.REGISTER:
            maker = register_two_fields
        agent_type = self._style.agent_type
        turn = Turn(agent_id=self.agent_id, agent_type=agent_type, n=self._asked[op], last=last)
        return maker(turn)

    def _moment(self, op: Op) -> Moment:
        return Moment(
            sent=self._asked.total(),
            nth=self._asked[op],
            accepted=self._accepted[op],
            drops=self._drops,
        )


def _agent_ids(data: Json) -> Iterator[str]:
    agents = data.get("agents") if isinstance(data, Mapping) else None
    for agent in agents if isinstance(agents, Sequence) else ():
        name = agent.get("agent_id") if isinstance(agent, Mapping) else None
        if isinstance(name, str) and name:
            yield name
