"""One record to one step of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.recording.clients import Parties
from conformance.recording.correlation import Correlation
from conformance.recording.issued import Issued
from conformance.recording.places import answered, carried, offered
from conformance.recording.records import Asked, Content, Record, Spoken
from schemas.arazzo.expressions import is_expression
from schemas.arazzo.known import known_parameters
from schemas.arazzo.sources import Meant
from schemas.spec import Protocol, Requirement
from schemas.validation import Validators

__all__ = ["Steps", "is_told", "name_of"]

_NO_CODE = 1005
_NORMAL = 1000
_OFFERED = "Sec-WebSocket-Protocol"
_PRIVATE_KEY = "PRIVATE KEY-----"
_SERVED = "served"


def is_told(record: Record, protocol: Protocol) -> bool:
    """Can a scenario tell it at all?"""
    if isinstance(record, Spoken):
        known = record.kind == "close" or record.content.kind == "json"
        return bool(record.channel) and record.kind != "lost" and known
    known = record.operation in protocol.operations or record.operation in protocol.channels
    return known and (bool(record.status) or record.cut)


def name_of(record: Record) -> str:
    """What its step is called, before it is made unique."""
    if isinstance(record, Spoken):
        if record.kind == "close":
            return f"{record.channel}-ends"
        return record.message or f"{record.channel}-{record.sender}"
    return record.operation.replace(".", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Writes the steps of one recording. `sources` are the names of its source descriptions by the
    kind of document; `requirements` are the rows of the protocol.
    """

    protocol: Protocol
    requirements: Mapping[str, Requirement]
    sources: Mapping[str, str]
    parties: Parties
    correlation: Correlation
    validators: Validators
    issued: Issued

    def step(self, record: Record, name: str) -> dict[str, Any]:
        made: dict[str, Any] = {"stepId": name}
        if isinstance(record, Spoken):
            made |= self._spoken(record)
        elif record.operation in self.protocol.channels:
            made |= self._handshake(record)
        else:
            made |= self._asked(record)
        outputs = {**self.correlation.outputs(name), **self.issued.outputs.get(name, {})}
        if outputs:
            made["outputs"] = outputs
        if name in self.issued.identities:
            made["x-identity"] = dict(self.issued.identities[name])
        client = self.parties.clients[record.number]
        if len(self.parties.names) > 1:
            made["x-client"] = client
        return dict(sorted(made.items(), key=lambda each: _ORDER.index(each[0])))

    # Requests

    def _asked(self, record: Asked) -> dict[str, Any]:
        operation = self.protocol.operations[record.operation]
        source = self.sources["grpc" if operation.is_rpc else "openapi"]
        made: dict[str, Any] = {
            "operationId": f"$sourceDescriptions.{source}.{record.operation}",
            **self._parameters(record, Meant(operation=operation)),
            **self._body(record),
        }
        if not record.status:
            return {**made, "x-faults": [{"kind": "drop"}]}
        made["successCriteria"] = [self._criterion(record)]
        if not _is_hollow(record):
            made["x-reply"] = self._reply(record)
        return made

    def _criterion(self, record: Asked) -> dict[str, Any]:
        criterion: dict[str, Any] = {"condition": f"$statusCode == {record.status}"}
        known = self.protocol.operations.get(record.operation)
        documented = [each for each in known.responses if each[0] == "2"] if known else []
        if record.lawful and documented == [str(record.status)]:
            rows = self.requirements.values()
            served = [row.id for row in rows if row.rule == _SERVED and row.role == "coordinator"]
            if served:
                criterion["x-requirements"] = served
        return criterion

    def _parameters(self, record: Asked, meant: Meant) -> dict[str, Any]:
        """Those of the path, the documented ones of the query, and what proves who asks."""
        place = "channel" if meant.channel else "path"
        known = known_parameters(self.protocol, meant)
        said = [(name, place, value) for name, value in record.parameters.items()]
        said += [(name, "query", value) for name, value in record.query if (name, "query") in known]
        said += [(name, "header", value) for name, value in carried(record)]
        first = {(name, where): value for name, where, value in reversed(said)}
        made = [
            {"name": name, "in": where, "value": self._written(value, record, name)}
            for (name, where), value in reversed(first.items())
        ]
        words = [self._in_text(value, record, name) for name, value in offered(record)]
        if words:
            made.append({"name": _OFFERED, "in": "header", "value": ", ".join(words)})
        return {"parameters": made} if made else {}

    def _body(self, record: Asked) -> dict[str, Any]:
        unlawful = {} if record.lawful else {"x-unlawful": True}
        if not record.body.kind:
            return unlawful
        body = self._labelled(record.body)
        body["payload"] = self._written(record.body.value, record)
        return {"requestBody": body, **unlawful}

    def _reply(self, record: Asked) -> dict[str, Any]:
        reply: dict[str, Any] = {"status": record.status}
        headers = {
            name: self._told(value, record, name) for name, value in reversed(answered(record))
        }
        body = record.answer
        if body.kind == "json":
            reply["body"] = self._told(body.value, record)
        elif body.kind:
            headers["content-type"] = body.label or "application/octet-stream"
            reply["text"] = self._told(body.value, record)
        if not self._is_lawful_answer(record):
            reply["x-unlawful"] = True
        if headers:
            reply["headers"] = dict(reversed(headers.items()))
        return reply

    def _is_lawful_answer(self, record: Asked) -> bool:
        """As it is told, with placeholders where secrets were."""
        if record.operation not in self.protocol.operations:
            return True
        shape = self.validators.answer(record.operation, record.status)
        said = record.answer
        return record.kept and (
            shape is None or (said.kind == "json" and shape.accepts(said.value))
        )

    # WebSockets

    def _handshake(self, record: Asked) -> dict[str, Any]:
        channel = self.protocol.channels[record.operation]
        made = {
            **self._channel(record.operation, "send"),
            **self._parameters(record, Meant(channel=channel)),
            "x-open": True,
            "successCriteria": [{"condition": f"$statusCode == {record.status}"}],
        }
        connection = self.parties.connections.get(record.connection, record.operation)
        if connection != record.operation:
            made["x-connection"] = connection
        return made if record.connection else {**made, "x-reply": self._reply(record)}

    def _spoken(self, record: Spoken) -> dict[str, Any]:
        ours = record.sender == "agent"
        made = self._channel(record.channel, "send" if ours else "receive")
        connection = self.parties.connections.get(record.connection, record.channel)
        if connection != record.channel:
            made["x-connection"] = connection
        if record.kind == "close":
            code = _NORMAL if record.code in (None, _NO_CODE) else record.code
            return {**made, "x-close": code}
        if record.message:
            made["x-message"] = record.message
        payload = self._written(record.content.value, record, sender=record.sender)
        made |= {"requestBody": {"payload": payload}} if ours else {"x-push": payload}
        known = record.message in self.protocol.messages
        shape = self.validators.message(record.message) if known else None
        if not record.lawful or (shape is not None and not shape.accepts(record.content.value)):
            made["x-unlawful"] = True
        return made

    def _channel(self, channel: str, action: str) -> dict[str, Any]:
        source = self.sources["asyncapi"]
        path = f"{{$sourceDescriptions.{source}.url}}#/channels/{channel}"
        return {"channelPath": path, "action": action}

    # What they share

    def _written(self, value: Any, record: Record, field: str = "", sender: str = "agent") -> Any:
        return self.correlation.written(value, sender, record.number, field)

    def _told(self, value: Any, record: Record, field: str = "") -> Any:
        return self._written(value, record, field, "coordinator")

    def _in_text(self, value: str, record: Record, field: str) -> str:
        """As it is said inside of a longer text."""
        written = str(self._written(value, record, field))
        return f"{{{written}}}" if is_expression(written) else written

    @staticmethod
    def _labelled(body: Content) -> dict[str, Any]:
        label = body.label.partition(";")[0].strip()
        return {"contentType": label} if label else {}


_ORDER = (
    "stepId",
    "x-client",
    "operationId",
    "channelPath",
    "action",
    "x-connection",
    "x-identity",
    "x-open",
    "x-close",
    "x-message",
    "parameters",
    "requestBody",
    "x-unlawful",
    "successCriteria",
    "outputs",
    "x-reply",
    "x-push",
    "x-faults",
)


def _is_hollow(record: Asked) -> bool:
    """Does its answer hand over a private key, which was not recorded and cannot be made up? The
    coordinator's own state has to answer then.
    """
    return _PRIVATE_KEY in str(record.answer.value)
