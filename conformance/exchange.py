"""One request and what came back, the same for a request that we sent and one that we received."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from sys import float_info, int_info
from typing import Any, NoReturn

from conformance.masking import Masker
from conformance.shell import curl, grpcurl
from mockserver.transcript import HttpExchange
from schemas import pointer as json_pointer
from schemas.grpc import code_of

__all__ = [
    "MISSING",
    "Exchange",
    "of_transcript",
    "parse_json",
    "read_json",
    "shell_commands",
    "shown",
    "shown_form",
    "value_at",
]

_LONGEST_SHOWN = 20_000
"""Characters of a body that the evidence keeps."""

_DEEPEST = 200
"""Levels of nesting that are read: validators and writers give up at 255."""

_NESTED = (dict, list)

_EXACT = 2**53
"""From here on a number with a fraction may stand for any of several integers."""


_UNHELD = (float("inf"), float("-inf"))


class _Missing:
    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "(nothing there)"


MISSING: Any = _Missing()
"""Stands where a body holds nothing, or is not JSON."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What was asked and what was answered.

    `status` is `None` where no answer came, and `failure` then says why. `seconds` is how long
    the answer took. `lawful` says that the request kept the protocol, so that the answer can
    be held against it; `served` that it must succeed, for it asks for nothing that is not there.
    The names of headers are in lower case, on both sides.
    """

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes = b""
    failure: str = ""
    seconds: float = 0.0
    lawful: bool = True
    served: bool = True
    throttled: bool = False
    starved: bool = False
    """Was it never served, however often it was asked for, and waited for as a 429 said?"""
    reconnected: bool = False
    identity: str = ""
    """Whose client certificate the connection showed, where it is not the target's own."""
    code: str = ""
    """gRPC's own word for `status`, where a procedure was called; bodies are in JSON form then."""
    unread: frozenset[str] = frozenset()
    """Pointers to what a procedure's answer need not have, for the document leaves it undefined."""
    form: Mapping[str, Any] | None = None
    """The parts of the form that `body` is, where it is one: text and JSON as they are, files as
    bytes.
    """

    @cached_property
    def json(self) -> Any:
        """The answer's body as JSON, or `MISSING`. A number that a reader may refuse is none the
        less one that a peer may say, or say again.
        """
        return read_json(self.answer, _held, _whole)

    def at(self, pointer: str) -> Any:
        """What stands at a JSON Pointer of the answer, or `MISSING`."""
        return value_at(self.json, pointer)

    @property
    def ok(self) -> bool:
        """Was it answered with success?"""
        return self.status is not None and 200 <= self.status < 300

    @property
    def outcome(self) -> str:
        """The answer in a few words: `422`, or why there is none."""
        return self.failure or self.code or str(self.status)

    def record(self, mask: Masker) -> dict[str, Any]:
        """As it stands in run.jsonl, with secrets masked and long bodies cut."""
        response = None
        if self.status is not None:
            response = {
                "status": self.status,
                **({"code": self.code} if self.code else {}),
                "headers": mask.headers(self.answer_headers),
                "body": shown(self.answer, mask),
            }
        return {
            "operation": self.operation,
            "request": {
                **({"identity": self.identity} if self.identity else {}),
                "method": self.method,
                "url": mask.text(self.url),
                "headers": mask.headers(self.headers),
                "body": shown(self.body, mask)
                if self.form is None
                else shown_form(self.form, mask),
            },
            "response": response,
            "failure": mask.text(self.failure) or None,
            "seconds": round(self.seconds, 6),
        }


def of_transcript(heard: HttpExchange, base: str = "") -> Exchange:
    """What a mock heard and answered, as an exchange. `base` is the mock's URL."""
    query = f"?{heard.query}" if heard.query else ""
    return Exchange(
        operation=heard.operation,
        method=heard.method,
        url=base + heard.path + query,
        headers={name.lower(): value for name, value in heard.headers.items()},
        body=heard.body if heard.said is None else json.dumps(heard.said).encode(),
        code=code_of(heard.status) if heard.method == "RPC" and heard.status else "",
        status=heard.status or None,
        answer_headers={name.lower(): value for name, value in heard.answer_headers.items()},
        answer=heard.answer,
        failure="" if heard.status else "the connection was dropped, as the situation wanted",
        seconds=heard.took,
    )


def _number(text: str) -> int | float:
    """A number as JSON Schema has it, to which 7.0 is the integer 7."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _held(text: str) -> int | float:
    """The same of a number of any size. One that is greater than any that can be held stands as
    the greatest: it is a number still, which infinity is not.
    """
    value = _number(text)
    return max(-float_info.max, min(float_info.max, value)) if value in _UNHELD else value


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= int_info.default_max_str_digits else _held(text)


def parse_json(
    body: bytes,
    number: Callable[[str], float] = _number,
    whole: Callable[[str], float] = int,
) -> Any:
    """JSON to data. `number` reads what has a fraction or an exponent, `whole` what has none.
    Raises `ValueError` for anything that RFC 8259 does not allow, NaN included, and for nesting and
    lengths of numbers that it lets a reader refuse.
    """
    data = json.loads(
        body.decode("utf-8"), parse_constant=_refuse, parse_float=number, parse_int=whole
    )
    level = [data] if type(data) in _NESTED else []
    for _ in range(_DEEPEST):
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) in _NESTED
        ]
        if not level:
            return data
    raise ValueError(f"nested deeper than {_DEEPEST} levels")


def read_json(
    body: bytes,
    number: Callable[[str], float] = _number,
    whole: Callable[[str], float] = int,
) -> Any:
    """JSON to data as `parse_json` does it, or `MISSING`."""
    try:
        return parse_json(body, number, whole)
    except (ValueError, RecursionError):
        return MISSING


def value_at(data: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer of `data`, or `MISSING`, as where `data` is missing itself."""
    try:
        return MISSING if data is MISSING else json_pointer.dig(data, json_pointer.parse(pointer))
    except LookupError:
        return MISSING


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def shown(body: bytes, mask: Masker) -> Any:
    """A body as evidence keeps it: JSON where it is JSON, else text, `None` where there is none.

    Secrets are masked; what is long is cut, and says how many bytes it was.
    """
    if not body:
        return None
    data = read_json(body, float)
    if data is MISSING:
        kept = mask.text(body.decode("utf-8", "backslashreplace"))
    else:
        kept = mask.json(data)
    if len(body) <= _LONGEST_SHOWN:
        return kept
    # Masked first: half a secret at the cut, or a field of text that is no JSON any more, would
    # not be known for one.
    text = kept if isinstance(kept, str) else json.dumps(kept, ensure_ascii=False)
    return f"{text[:_LONGEST_SHOWN]}… ({len(body)} bytes)"


def shown_form(form: Mapping[str, Any], mask: Masker) -> dict[str, Any]:
    """A form as evidence keeps it: files by their size."""
    told = {
        name: f"({len(part)} bytes)" if isinstance(part, bytes) else part
        for name, part in form.items()
    }
    masked: dict[str, Any] = mask.json(told)  # by their names, too
    return masked


def shell_commands(exchanges: Sequence[Exchange], mask: Masker) -> str:
    """The exchanges as curl and grpcurl commands, one a line; empty where a shell could not say
    them.
    """
    commands = [
        _grpcurl(exchange, mask) if exchange.method == "RPC" else _curl(exchange, mask)
        for exchange in exchanges
        if exchange.url
    ]
    return "\n".join(commands)


def _curl(exchange: Exchange, mask: Masker) -> str:
    form = exchange.form
    parts = None if form is None else dict(_part(name, form[name], mask) for name in form)
    return shlex.join(
        curl(
            exchange.method,
            mask.text(exchange.url),
            headers=mask.headers(exchange.headers),
            body=_typed(exchange.body, mask)[:_LONGEST_SHOWN],
            form=parts,
            identity=exchange.identity,
        )
    )


def _part(name: str, part: Any, mask: Masker) -> tuple[str, str]:
    if isinstance(part, bytes):
        return mask.text(name), f"@{mask.text(name)}.bin"
    ((told, masked),) = mask.json({name: part}).items()
    return told, masked if isinstance(masked, str) else json.dumps(masked)


def _grpcurl(exchange: Exchange, mask: Masker) -> str:
    scheme, _, rest = exchange.url.partition("://")
    address, _, method = rest.partition("/")
    return shlex.join(
        grpcurl(
            address,
            method,
            headers=mask.headers(exchange.headers),
            body=_typed(exchange.body, mask)[:_LONGEST_SHOWN],
            flags=["-plaintext"] if scheme == "grpc" else [],
        )
    )


def _typed(body: bytes, mask: Masker) -> str:
    """The body as it was written, unless a field of it must be masked."""
    data = read_json(body)
    if data is MISSING:
        return mask.text(body.decode("utf-8", "backslashreplace"))
    masked = mask.json(data)
    return body.decode("utf-8") if masked == data else json.dumps(masked, ensure_ascii=False)
