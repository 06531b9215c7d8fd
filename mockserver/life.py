"""One request on its way through the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.coordinator import Answer, Call, Handshake
from mockserver.faults.plan import Stroke
from mockserver.passage import Joined, Request, first_of_each
from mockserver.router import Match
from mockserver.session import Session
from schemas.spec import Operation
from schemas.validation import Violation

if TYPE_CHECKING:
    from mockserver.scenario.replies import Scripted

__all__ = ["Life"]

_NOTHING: Mapping[str, str] = {}


@dataclass(slots=True)
class Life:
    """What is known of a request so far: each step of the chain adds to it."""

    request: Request
    session: Session
    match: Match
    strokes: Sequence[Stroke] = ()
    done: Sequence[Stroke] = ()
    """Faults that did their work before there was an answer."""
    body: Any = None
    violations: Sequence[Violation] = ()
    handshake: Handshake | None = None
    unsound: Answer | None = None
    refused: Answer | None = None
    is_read: bool = False
    """Has the body been read, and held against its schema? `refused` is what came of it."""
    scripted: Scripted | None = None
    """What the script would have answered."""
    joined: Joined | None = None

    @property
    def operation(self) -> Operation:
        """Where it leads. Only for what comes after the step that refuses the unknown."""
        assert self.match.operation is not None
        return self.match.operation

    @property
    def name(self) -> str:
        """The operation or channel that it is for, empty where the document knows none."""
        if self.handshake is not None:
            return self.handshake.channel
        return self.match.operation.id if self.match.operation else ""

    @property
    def parameters(self) -> Mapping[str, str]:
        """Those of its path."""
        return self.match.parameters if self.handshake is None else self.handshake.parameters

    @property
    def has_body(self) -> bool:
        """Is there a body to read? An empty one is a message too, in gRPC."""
        operation = self.operation
        given = self.request.body or operation.request_required or operation.is_rpc
        return operation.request is not None and bool(given)

    @property
    def said(self) -> Any:
        """What the body says, where it came in another form than JSON."""
        operation = self.match.operation
        plain = operation is None or operation.media_type == "application/json"
        return None if plain else self.body

    def call(self) -> Call:
        """As the coordinator sees it."""
        request = self.request
        return Call(
            operation=self.operation.id,
            parameters=self.match.parameters,
            query=first_of_each(request.query) if request.query else _NOTHING,
            headers=request.headers,
            body=self.body,
            bare=not request.body,
            certificate=request.certificate,
        )
