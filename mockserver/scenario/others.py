"""The clients of a scenario that nobody examines: they live in memory, beside the coordinator."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from mockserver.forms import write_form
from mockserver.json_text import write_json
from mockserver.passage import Joined, Outcome, Pending, Request, first_of_each
from mockserver.scenario.asking import Ask, files
from mockserver.session import Session
from mockserver.sockets import Delivery, Ending, Line
from schemas.arazzo.expressions import NOTHING
from schemas.arazzo.model import Step
from schemas.spec import Operation

if TYPE_CHECKING:
    from mockserver.app import Mock

__all__ = ["Others"]


class Others:
    """Takes their steps to the mock that they share with the client that is examined."""

    def __init__(self, mock: Mock, session: Session) -> None:
        self._mock = mock
        self._session = session
        self.numbers: set[int] = set()
        """The connections that are theirs."""
        self._lines: dict[tuple[str, str], Line] = {}

    def ask(
        self, step: Step, asked: Ask, certificate: str, done: Callable[[Outcome], None]
    ) -> None:
        """Make a request; `done` is told of what came of it, perhaps later."""
        operation = step.operation
        assert operation is not None
        body, label = self._body(operation, asked)
        own = {} if asked.anonymous else self._credentials(operation)
        headers = {**own, **({"content-type": label} if label else {}), **asked.headers}
        path, _, query = asked.target(operation.path).partition("?")
        said = self._mock.serve(
            Request(
                method=operation.method,
                path=path,
                query=query,
                headers=CIMultiDict(headers),
                body=body,
                certificate=ssl.PEM_cert_to_DER_cert(certificate) if certificate else b"",
            ),
            self._session,
        )
        if isinstance(said, Pending):
            said.take(done)
        else:
            done(said)

    def connect(self, step: Step, asked: Ask, certificate: str = "") -> Line | Outcome:
        """The connection of a step: the one that is there, or a new one."""
        assert step.channel is not None
        key = (step.client, step.connection or step.channel.id)
        known = self._lines.get(key)
        if known is not None and not known.ending and not step.opens:
            return known
        path, _, query = asked.target(step.channel.path).partition("?")
        offered = asked.headers.get("sec-websocket-protocol", "")
        joined = self._mock.join(
            Request(
                method="GET",
                path=path,
                query=query,
                headers=CIMultiDict(asked.headers),
                certificate=ssl.PEM_cert_to_DER_cert(certificate) if certificate else b"",
            ),
            self._session,
            query=first_of_each(query),
            offered=[name.strip() for name in offered.split(",") if name.strip()],
        )
        if not isinstance(joined, Joined):
            return joined
        line = self._lines[key] = joined.line
        self.numbers.add(line.connection.number)
        line.deliver = self._deliverer(line)
        self._mock.opened(joined)
        return line

    def say(self, line: Line, payload: Any) -> None:
        data = payload.encode() if isinstance(payload, str) else write_json(payload)
        self._mock.sockets.hear(line, "text", data)

    def leave(self, line: Line, code: int) -> None:
        """Close a connection from the client's side."""
        line.ending = True
        self._mock.sockets.note_control(line, "agent", "close", b"", code)
        self._mock.sockets.leave(line)

    def _deliverer(self, line: Line) -> Callable[[Delivery | Ending], None]:
        def deliver(said: Delivery | Ending) -> None:
            if isinstance(said, Ending):  # what is said is in the transcript already
                reason = said.reason.encode()
                kind = "lost" if said.code is None else "close"
                self._mock.sockets.note_control(line, "coordinator", kind, reason, said.code)
                self._mock.sockets.leave(line)

        return deliver

    def _credentials(self, operation: Operation) -> dict[str, str]:
        token = self._mock.settings.token
        name = self._mock.protocol.token_header
        if not name:
            return {}
        return {"authorization": f"Bearer {token}"} if operation.is_rpc else {name.lower(): token}

    def _body(self, operation: Operation, asked: Ask) -> tuple[bytes, str]:
        if asked.body is NOTHING:
            return b"", ""
        if operation.is_rpc:
            return self._mock.bodies.ask(operation, asked.body), ""
        if operation.media_type == "multipart/form-data" and isinstance(asked.body, dict):
            wanted = files(self._mock.protocol, operation)
            parts = {name: _part(part, is_file=name in wanted) for name, part in asked.body.items()}
            return write_form(parts)
        return write_json(asked.body), "application/json"


def _part(part: Any, *, is_file: bool) -> Any:
    return base64.b64decode(part) if is_file and isinstance(part, str) else part
