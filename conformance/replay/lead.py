"""What led to a finding, taken from the journal without its secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from conformance.exchange import MISSING, Exchange, read_json
from conformance.frames import Frame
from conformance.recording.concealing import Concealer
from conformance.recording.records import Asked, Content, Record
from conformance.replay.commands import commands
from conformance.replay.journal import Errand, Handshake, Journal, Moment
from conformance.replay.needed import needed
from conformance.replay.recorded import Recorded, file_part
from conformance.replay.story import LONGEST, Deed, Opening, Request, Step, Story, Utterance
from conformance.replay.variables import variables

__all__ = ["Lead"]

_MOST = 200
"""Steps that are told, beside those that the finding hangs on."""

_ROOM = 1_000_000
"""Bytes of all bodies of one story."""

_SILENCE = 0.5
"""Seconds of silence from which on they may matter."""

_CONTROL = ("ping", "pong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """The way to one finding of the check `within`, until the moment `at` (monotonic)."""

    journal: Journal
    within: str
    at: float

    def is_first(self, requirement: str, check: str) -> bool:
        """Is it the first finding of its kind? Of the others nobody reads how they came about."""
        kind = (requirement, check)
        first = kind not in self.journal.told
        self.journal.told.add(kind)
        return first

    def record(self, shown: Iterable[Exchange | Frame]) -> dict[str, Any]:
        """What it adds to the record of an evidence. Whatever is wrong here, the finding itself
        must not be lost with it.
        """
        try:
            return self._record(shown)
        except Exception as error:  # noqa: BLE001  # a fault of ours, which weighs less
            told = f"a fault in Assay: {error!r}"
            return {"story": Story(run=self.journal.run, within=self.within, lost=told).record()}

    def _record(self, shown: Iterable[Exchange | Frame]) -> dict[str, Any]:
        story = self.story(shown)
        said = commands(story, self.journal.target)
        return {"story": story.record(), **({"reproduce": said} if said else {})}

    def story(self, shown: Iterable[Exchange | Frame]) -> Story:
        """Whose evidence is what is `shown`."""
        evidence = {id(each) for each in shown}
        moments = [each for each in self.journal.until(self.at) if _counts(each, evidence)]
        moments = _as_far_as(moments, evidence)
        base = self.journal.target
        steps = [_step(each, evidence, base.url.rstrip("/"), base.ws_url) for each in moments]
        steps = [_timed(step, moments, at) for at, step in enumerate(steps)]
        named = variables(base, self.journal.protocol)
        hidden, records, secrets = _concealed(steps, self.journal, named)
        wanted = needed(hidden, records, self.journal.protocol, self.journal.run)
        hidden = [replace(step, needed=at in wanted) for at, step in enumerate(hidden)]
        kept = _from_the_first(_kept(hidden, moments))
        own = sum(not each.earlier for each in moments)
        return Story(
            run=self.journal.run,
            within=self.within,
            steps=kept,
            secrets=secrets,
            left_out=max(0, own - len(kept)),
        )


def _as_far_as(moments: list[Moment], evidence: set[int]) -> list[Moment]:
    """What came after the evidence did not lead to it."""
    last = max((at for at, each in enumerate(moments) if _is(each, evidence)), default=None)
    return moments if last is None else moments[: last + 1]


def _is(moment: Moment, evidence: set[int]) -> bool:
    said = moment.said
    return id(said.exchange if isinstance(said, Handshake) else said) in evidence


def _counts(moment: Moment, evidence: set[int]) -> bool:
    said = moment.said
    return not (isinstance(said, Frame) and said.kind in _CONTROL) or id(said) in evidence


def _timed(step: Step, moments: Sequence[Moment], at: int) -> Step:
    """With its time, and with the silence before it, unless we waited for the peer."""
    step = replace(step, at=round(max(moments[at].at - moments[0].at, 0.0), 3))
    if at == 0 or moments[at - 1].earlier:
        return step
    before = moments[at - 1]
    took = before.said.seconds if isinstance(before.said, Exchange) else 0.0
    silence = moments[at].at - before.at - took
    mine = not isinstance(step, Utterance) or step.sender == "assay"
    return replace(step, pause=round(silence, 3)) if mine and silence >= _SILENCE else step


def _kept(steps: Sequence[Step], moments: Sequence[Moment]) -> list[Step]:
    """What the finding hangs on, and of the rest of the check what there is room for."""
    kept: list[Step] = []
    others = room = 0
    for step, moment in reversed(list(zip(steps, moments, strict=True))):
        if not step.needed:
            if moment.earlier or others >= _MOST or room > _ROOM:
                continue
            others += 1
        room += len(_bytes(step))
        kept.append(step)
    return kept[::-1]


def _from_the_first(steps: Sequence[Step]) -> list[Step]:
    """With times that begin with what is told."""
    first = min((step.at for step in steps), default=0.0)
    return [replace(step, at=round(step.at - first, 3)) for step in steps]


def _bytes(step: Step) -> bytes:
    if isinstance(step, Deed):
        return b""
    return step.data if isinstance(step, Utterance) else step.answer


# From what was said


def _step(moment: Moment, evidence: set[int], base: str, ws_base: str) -> Step:
    said = moment.said
    if isinstance(said, Frame):
        return Utterance(
            connection=moment.connection,
            sender=said.sender,
            kind=said.kind,
            data=said.data[:LONGEST],
            cut=len(said.data) > LONGEST,
            code=said.code,
            reason=said.reason,
            lawful=said.lawful,
            shown=id(said) in evidence,
        )
    if isinstance(said, Errand):
        values, handed = (_plain(each) for each in (said.values, said.handed))
        return Deed(hook=said.hook, values=values, handed=handed)
    if isinstance(said, Handshake):
        asked = said.exchange
        return Opening(
            connection=said.connection,
            channel=said.channel,
            path=asked.url.removeprefix(ws_base),
            headers=asked.headers,
            identity=said.identity,
            status=asked.status,
            answer=asked.answer[:LONGEST],
            failure=asked.failure,
            lawful=asked.lawful,
            shown=id(asked) in evidence,
        )
    return _request(said, base, shown=id(said) in evidence)


def _request(said: Exchange, base: str, *, shown: bool) -> Request:
    rpc = said.method == "RPC"
    path = "/" + said.url.partition("://")[2].partition("/")[2] if rpc else ""
    form = None
    if said.form is not None:
        form = {
            name: file_part(part) if isinstance(part, bytes) else part
            for name, part in said.form.items()
        }
    return Request(
        operation=said.operation,
        method=said.method,
        path=path or said.url.removeprefix(base),
        headers=said.headers,
        body=b"" if form is not None else said.body[:LONGEST],
        form=form if len(said.body) <= LONGEST else None,
        identity=said.identity,
        lawful=said.lawful,
        served=said.served,
        status=said.status,
        code=said.code,
        answer_headers=said.answer_headers,
        answer=said.answer[:LONGEST],
        failure=said.failure,
        shown=shown,
        cut=len(said.body) > LONGEST,
    )


def _plain(value: Any) -> Any:
    """As JSON has it."""
    return json.loads(json.dumps(value, default=repr))


# Without secrets


def _concealed(
    steps: Sequence[Step], journal: Journal, named: Mapping[str, str]
) -> tuple[list[Step], list[Record], dict[str, str]]:
    """The steps and their records with placeholders for secrets, and which of these are those of
    the target.
    """
    protocol = journal.protocol
    concealer = Concealer(named.values(), offered=protocol.authentication == "subprotocol")
    records = Recorded(protocol).records(steps)
    for record in records:  # a secret may be said before it shows itself as one
        concealer.meet(record)
    for step in steps:
        for text in _texts(step):
            concealer.look(text)
    hidden = [concealer.record(record) for record in records]
    told = [_hidden(step, record, concealer) for step, record in zip(steps, hidden, strict=True)]
    secrets = {concealer.text(value): name for name, value in named.items()}
    everything = repr(told)
    return told, hidden, {mark: name for mark, name in secrets.items() if mark in everything}


def _texts(step: Step) -> Iterator[str]:
    """All that was said in it, as it was written."""
    for each in fields(step):
        value = getattr(step, each.name)
        for said in value.values() if isinstance(value, Mapping) else [value]:
            if isinstance(said, bytes):
                yield said.decode("utf-8", "replace")
            elif isinstance(said, str):
                yield said


def _hidden(step: Step, record: Record, concealer: Concealer) -> Step:
    if isinstance(step, Utterance):
        assert not isinstance(record, Asked)
        return replace(
            step,
            data=_body(step.data, record.content, concealer),
            reason=concealer.text(step.reason),
        )
    assert isinstance(record, Asked)
    if isinstance(step, Deed):
        return replace(step, values=record.body.value, handed=record.answer.value)
    common: dict[str, Any] = {
        "path": concealer.text(step.path),
        "headers": _headers(step.headers, concealer),
        "answer": _body(step.answer, record.answer, concealer),
        "failure": concealer.text(step.failure),
    }
    if isinstance(step, Opening):
        return replace(step, **common)
    form = None if step.form is None else _form(step.form, record.body.value)
    return replace(
        step,
        **common,
        form=form,
        body=_body(step.body, record.body, concealer),
        answer_headers=_headers(step.answer_headers, concealer),
    )


def _headers(headers: Mapping[str, str], concealer: Concealer) -> dict[str, str]:
    return {name: concealer.text(value) for name, value in headers.items()}


def _form(form: Mapping[str, Any], hidden: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: part if isinstance(part, Mapping) and part.keys() == {"base64"} else hidden[name]
        for name, part in form.items()
    }


def _body(data: bytes, hidden: Content, concealer: Concealer) -> bytes:
    """As it was written, as long as that shows no more than what is known to be without secrets."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return concealer.text(data.decode("latin-1")).encode("latin-1")
    written = concealer.text(text).encode("utf-8", "surrogatepass")
    if hidden.kind != "json":
        return written
    value = read_json(written)
    if value is not MISSING and value == hidden.value:
        return written
    return json.dumps(hidden.value, ensure_ascii=False).encode("utf-8", "surrogatepass")
