"""The steps of a story as records, of which scenarios are made. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from conformance.exchange import MISSING, read_json
from conformance.recording.records import Asked, Content, Record, Spoken
from conformance.replay.story import Deed, Opening, Request, Step, Utterance
from mockserver.router import Channels, Router
from schemas.spec import Protocol, Role

__all__ = ["Recorded", "file_part"]

_NOBODY = "127.0.0.1"
"""Every request of a run comes from the same host."""


class Recorded:
    """Makes records of the steps of one story, whose connections get numbers."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._router = Router(protocol)
        self._channels = Channels(protocol)
        self._lines: dict[str, int] = {}
        self._of: dict[str, str] = {}

    def records(self, steps: Sequence[Step]) -> list[Record]:
        """One for each step, numbered from 1 in their order."""
        return [self._record(step, number) for number, step in enumerate(steps, start=1)]

    def _record(self, step: Step, number: int) -> Record:
        if isinstance(step, Utterance):
            return self._spoken(step, number)
        if isinstance(step, Deed):
            return self._done(step, number)
        return self._asked(step, number)

    def _asked(self, step: Request | Opening, number: int) -> Asked:
        path, _, query = step.path.partition("?")
        connection = 0
        if isinstance(step, Opening):
            parameters = (self._channels.match(path) or (None, {}))[1]
            self._of[step.connection] = step.channel
            if step.status == 101:
                connection = self._lines.setdefault(step.connection, len(self._lines) + 1)
        else:
            parameters = self._router.match(step.method, path).parameters
        opening = isinstance(step, Opening)
        headers = list(step.headers.items())
        return Asked(
            number=number,
            at=float(number),
            peer=_NOBODY,
            operation=step.channel if isinstance(step, Opening) else step.operation,
            method="GET" if isinstance(step, Opening) else step.method,
            path=path,
            parameters=parameters,
            query=parse_qsl(query, keep_blank_values=True),
            headers=headers,
            body=Content() if isinstance(step, Opening) else _body(step),
            status=step.status or 0,
            answer_headers=[] if opening else list(_headers(step)),
            answer=_content(step.answer, ""),
            lawful=step.lawful,
            failure=step.failure,
            connection=connection,
        )

    @staticmethod
    def _done(step: Deed, number: int) -> Asked:
        """A hook is asked, and hands over, as if it were an operation that no document has."""
        return Asked(
            number=number,
            at=float(number),
            peer=_NOBODY,
            operation="",
            method="HOOK",
            path=f"/{step.hook}",
            parameters={},
            query=[],
            headers=[],
            body=Content(kind="json", value=dict(step.values)),
            status=200,
            answer_headers=[],
            answer=Content(kind="json", value=step.handed),
        )

    def _spoken(self, step: Utterance, number: int) -> Spoken:
        channel = self._of.get(step.connection, "")
        sender = "agent" if step.sender == "assay" else "coordinator"
        content = _content(step.data, "") if step.kind in ("text", "binary") else Content()
        return Spoken(
            number=number,
            at=float(number),
            connection=self._lines.get(step.connection, 0),
            channel=channel,
            sender=sender,
            kind=step.kind if step.kind in ("close", "lost") else "message",
            message=self.message(channel, sender, content),
            content=content,
            code=step.code,
            lawful=step.lawful,
        )

    def message(self, channel: str, sender: str, content: Content) -> str:
        """The id of the message that it is, by the document; empty for none."""
        known = self._protocol.channels.get(channel)
        if known is None or content.kind != "json":
            return ""
        role: Role = "agent" if sender == "agent" else "coordinator"
        found = known.message(role, content.value)
        return "" if found is None else found.id


def _headers(step: Request | Opening) -> Sequence[tuple[str, str]]:
    said: Mapping[str, str] = getattr(step, "answer_headers", {})
    return list(said.items())


def _body(step: Request) -> Content:
    label = step.headers.get("content-type", "")
    if step.form is not None:
        value = {name: _part(part) for name, part in step.form.items()}
        return Content(kind="json", value=value, label="multipart/form-data")
    if step.method == "RPC":
        return _content(step.body, "") if step.body else Content(kind="json", value={})
    return _content(step.body, label)


def _part(part: Any) -> Any:
    """A file of a form is told in base64, as a scenario tells it."""
    if isinstance(part, Mapping) and part.keys() == {"base64"}:
        return part["base64"]
    return part


def _content(data: bytes, label: str) -> Content:
    if not data:
        return Content()
    value = read_json(data)
    if value is MISSING:
        return Content(kind="text", value=data.decode("utf-8", "backslashreplace"), label=label)
    return Content(kind="json", value=value, label=label)


def file_part(data: bytes) -> dict[str, str]:
    """A file of a form, as a story keeps it."""
    return {"base64": base64.b64encode(data).decode()}
