"""What can be done to a request or an answer beside its fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.mutation.catalogue_names import made
from conformance.mutation.catalogue_places import REPLY, REQUEST, Body
from conformance.mutation.catalogue_rules import Law
from conformance.mutation.mutant import Mutant
from schemas import pointer as json_pointer
from schemas.grpc import code_of
from schemas.spec import Operation, Protocol, Requirement, Role

__all__ = ["operation_mutants", "shared_mutants"]

_UNDOCUMENTED = (418, 207, 510)
_HEADER = re.compile(r"\b(?:X|Retry|Allow|Location|WWW)(?:-[A-Z][A-Za-z]*)+\b")


def operation_mutants(protocol: Protocol, body: Body, law: Law) -> Iterator[Mutant]:
    """Of one documented answer, or of the request, of an operation."""
    if body.part == REQUEST:
        yield from _of_request(protocol, body, law)
    elif body.is_rpc:
        yield from _of_reply(body, law)
    else:
        yield from _of_answer(protocol, body, law)


def _of_answer(protocol: Protocol, body: Body, law: Law) -> Iterator[Mutant]:
    assert body.operation is not None
    place, part = body.place, body.part
    for status in _other_statuses(body.operation, part):
        rule = law.status(body, part, status)
        yield made(place, "status", part=part, value=str(status), rule=rule)
    if body.shape is not None:
        for operator in ("missing", "wrong"):
            rule = law.header("Content-Type")
            pointer = "/Content-Type"
            yield made(place, operator, part=f"{part}.header", pointer=pointer, rule=rule)
    for operator in ("empty", "garbled"):
        yield made(place, operator, part=f"{part}.body", rule=law.whole(body, operator))
    if part.startswith("2"):
        yield made(place, "unanswered", part=part)
        yield made(place, "delayed", part=part, rule="soon-enough")
        if body.shape is None and _hands_out_tokens(protocol, body.operation):
            yield made(place, "token-swapped", part=f"{part}.body")


def _of_reply(body: Body, law: Law) -> Iterator[Mutant]:
    assert body.operation is not None
    success = body.part == REPLY
    status = 200 if success else int(body.part)
    new = (404, 500) if success else (200, 500 if status != 500 else 404, 501)
    for each in new:
        rule = "" if success else law.code(body, each)
        yield made(body.place, "status", part=body.part, value=code_of(each), rule=rule)
    if success:
        yield made(body.place, "empty", part=body.part)
        yield made(body.place, "delayed", part=body.part, rule="soon-enough")


def _other_statuses(operation: Operation, part: str) -> list[int]:
    """A documented error, the inside of the coordinator, success, and what nobody documents."""
    errors = [int(each) for each in operation.responses if each.isdecimal() and each >= "400"]
    picked = [*errors[:1], 500] if part.startswith("2") else [200, *errors[-1:], 500]
    unknown = [each for each in _UNDOCUMENTED if operation.answer(each) is None]
    lone = part.isdecimal()
    return [each for each in dict.fromkeys([*picked, *unknown[:2]]) if not _same(part, each, lone)]


def _same(part: str, status: int, lone: bool) -> bool:
    return status == int(part) if lone else status // 100 == int(part[0])


def _hands_out_tokens(protocol: Protocol, operation: Operation) -> bool:
    said = protocol.openapi["paths"][operation.path][operation.method.lower()]
    told = [operation.summary, *(each.get("description", "") for each in _responses(said))]
    return any("token" in each.lower() and "hint" not in each.lower() for each in told)


def _responses(said: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = said.get("responses", {}).values()
    return found


# Requests


def _of_request(protocol: Protocol, body: Body, law: Law) -> Iterator[Mutant]:
    operation = body.operation
    assert operation is not None
    if operation.is_rpc:
        yield made(body.place, "empty", part=REQUEST, rule="" if body.shape else "nobody-judges")
        return
    loose = "nobody-judges" if operation.open else ""
    yield made(body.place, "method", part=REQUEST, rule=loose)
    if any(step and not step.startswith("{") for step in operation.path.split("/")):
        yield made(body.place, "path", part=REQUEST)
    for name in operation.parameters:
        rule = law.path(name, body.section)
        yield made(body.place, "wrong", part=f"{REQUEST}.path", pointer=f"/{name}", rule=rule)
    for name, required in _query(protocol, operation):
        for operator in ("drop", "retype", "rename"):
            rule = "" if required or law.speaks(name, body.section) else "schemas-allow"
            part = f"{REQUEST}.query"
            yield made(body.place, operator, part=part, pointer=f"/{name}", rule=rule)
    if operation.request is not None:
        for operator in ("missing", "wrong"):
            pointer = "/Content-Type"
            rule = law.header("Content-Type")
            yield made(body.place, operator, part=f"{REQUEST}.header", pointer=pointer, rule=rule)
        for operator in ("empty", "garbled"):
            rule = "" if operation.request_required or operator == "garbled" else "schemas-allow"
            yield made(body.place, operator, part=f"{REQUEST}.body", rule=rule)
    yield made(body.place, "delayed", part=REQUEST, rule="soon-enough")


def _query(protocol: Protocol, operation: Operation) -> Iterator[tuple[str, bool]]:
    item = protocol.openapi["paths"][operation.path]
    said = [*item.get("parameters", ()), *item[operation.method.lower()].get("parameters", ())]
    for written in said:
        parameter = written
        if "$ref" in written:
            steps = json_pointer.parse(written["$ref"][1:])
            parameter = json_pointer.dig(protocol.openapi, steps)
        if parameter["in"] == "query":
            yield parameter["name"], bool(parameter.get("required"))


# Whatever passes


def shared_mutants(
    protocol: Protocol, requirements: Mapping[str, Requirement], law: Law, role: Role
) -> Iterator[Mutant]:
    """Of the headers that rows, or the token's own place, know on every message."""
    if all(operation.is_rpc for operation in protocol):
        return
    names = {name for row in requirements.values() for name in _HEADER.findall(row.text)}
    if role == "coordinator":
        names.discard(protocol.token_header)
    elif protocol.token_header:
        names.add(protocol.token_header)
    for name in sorted(names):
        for operator in ("missing", "wrong"):
            pointer = f"/{json_pointer.escape(name)}"
            yield made("", operator, part="header", pointer=pointer, rule=law.header(name))
