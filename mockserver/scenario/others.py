"""The clients of a scenario that nobody examines: they live in memory, beside the coordinator."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from mockserver.forms import write_form
from mockserver.json_text import write_json
from mockserver.passage import Joined, Outcome, Request, first_of_each
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
        self._lines: dict[tuple[str, str], Line] = {}
        self._headers: dict[int, tuple[Mapping[str, str], str]] = {}

    def whose(self, headers: Mapping[str, str]) -> str:
        """The client whose request has these very headers; empty where it is none of ours. An
        answer may come when others have long had their say.
        """
        known = self._headers.get(id(headers))
        return "" if known is None else known[1]

    def ask(self, step: Step, asked: Ask, certificate: str) -> None:
        """Make a request. What comes of it, perhaps later, is in the transcript. Raises
        `ValueError` for what is no certificate.
        """
        operation = step.operation
        assert operation is not None
        body, label = self._body(operation, asked)
        own = {} if asked.anonymous else self._credentials(operation)
        headers = {**own, **({"content-type": label} if label else {}), **asked.headers}
        path, _, query = asked.target(operation.path).partition("?")
        self._mock.serve(
            Request(
                method=operation.method,
                path=path,
                query=query,
                headers=self._headed(step, headers),
                body=body,
                certificate=_der(certificate),
            ),
            self._session,
        )

    def connect(self, step: Step, asked: Ask, certificate: str = "") -> Line | Outcome:
        """The connection of a step: the one that is there, or a new one. Raises `ValueError` for
        what is no certificate.
        """
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
                headers=self._headed(step, asked.headers),
                certificate=_der(certificate),
            ),
            self._session,
            query=first_of_each(query),
            offered=[name.strip() for name in offered.split(",") if name.strip()],
        )
        if not isinstance(joined, Joined):
            return joined
        line = self._lines[key] = joined.line
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

    def _headed(self, step: Step, headers: Mapping[str, str]) -> Mapping[str, str]:
        made = CIMultiDict(headers)
        self._headers[id(made)] = made, step.client
        return made

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
        if isinstance(asked.body, str):  # a text that is no JSON goes out as it is
            return asked.body.encode("utf-8", "surrogatepass"), "application/json"
        return write_json(asked.body), "application/json"


def _der(certificate: str) -> bytes:
    """A certificate in PEM, as TLS hands it over. Raises `ValueError` for what is none."""
    if not certificate:
        return b""
    _, begin, rest = certificate.partition("-----BEGIN CERTIFICATE-----")
    text, end, _ = rest.partition("-----END CERTIFICATE-----")
    if not (begin and end):
        raise ValueError("what is shown is no certificate in PEM")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"what is shown is no certificate in PEM: {error}") from error


def _part(part: Any, *, is_file: bool) -> Any:
    return base64.b64decode(part) if is_file and isinstance(part, str) else part
