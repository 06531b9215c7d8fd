"""What a request's bytes say, and an answer's: JSON, a form, or a message of protocol buffers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mockserver.json_text import read_json
from schemas.spec import Operation, Protocol

if TYPE_CHECKING:
    from schemas.protobuf import Codec

__all__ = ["Bodies", "read_form"]

_FORM = "multipart/form-data"


class Bodies:
    """Reads and writes the bodies of one protocol."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    @cached_property
    def codec(self) -> Codec:
        """Of the protocol's procedures; made when the first is called."""
        from schemas.protobuf import codec  # slow to load, and most protocols have none

        return codec(self._protocol)

    def read(self, operation: Operation, body: bytes, content_type: str) -> Any:
        """A request's body as data. Raises `ValueError` where it is not what it should be."""
        if operation.is_rpc:
            procedure = self.codec.procedure(operation.path)
            assert procedure is not None, "a pack's .proto has the procedures that it describes"
            return self.codec.decode(procedure.request, body)
        if operation.media_type == _FORM:
            return read_form(body, content_type)
        return read_json(body)

    def ask(self, operation: Operation, said: Mapping[str, Any]) -> bytes:
        """What a procedure is asked, as gRPC carries it. Raises `ValueError` for what it cannot."""
        procedure = self.codec.procedure(operation.path)
        assert procedure is not None, "a pack's .proto has the procedures that it describes"
        return self.codec.encode(procedure.request, said)

    def write(self, operation: Operation, said: Mapping[str, Any]) -> bytes:
        """What a procedure answers, as gRPC carries it. Raises `ValueError` for what it cannot."""
        procedure = self.codec.procedure(operation.path)
        assert procedure is not None, "a pack's .proto has the procedures that it describes"
        return self.codec.encode(procedure.answer, said)


def read_form(body: bytes, content_type: str) -> dict[str, Any]:
    """A form (RFC 7578) as an object: files and what is no text as base64, JSON as what it says.

    Of several parts of the same name the first one counts. Raises `ValueError` for what is none.
    """
    import multipart  # only where a protocol has forms

    label, options = multipart.parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if label != _FORM:
        raise ValueError(f"it is labelled {content_type or 'not at all'}, not {_FORM}")
    if not boundary:
        raise ValueError("the Content-Type names no boundary")
    said: dict[str, Any] = {}
    data = bytearray()
    try:
        with multipart.PushMultipartParser(boundary, len(body), strict=True) as parser:
            part: Any = None
            for event in parser.parse(body):
                if isinstance(event, multipart.MultipartSegment):
                    part, data = event, bytearray()
                elif event is None:
                    said.setdefault(part.name, _read_part(part, bytes(data)))
                else:
                    data += event
            parser.close()
    except multipart.MultipartError as error:
        raise ValueError(f"it is no form: {error}") from error
    return said


def _read_part(part: Any, data: bytes) -> Any:
    declared: str = part.content_type or ""
    if part.filename is not None and declared != "application/json":
        return base64.b64encode(data).decode()
    if declared not in ("", "application/json") and not declared.startswith("text/"):
        return base64.b64encode(data).decode()
    try:
        return read_json(data)
    except ValueError:
        return data.decode("utf-8", "backslashreplace")
