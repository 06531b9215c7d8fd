"""Every mutant that changes what a peer says on its way: made from the documents, none by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.mutation import operators
from conformance.mutation.catalogue_channels import channel_mutants, message_mutants
from conformance.mutation.catalogue_fields import Field
from conformance.mutation.catalogue_names import made
from conformance.mutation.catalogue_operations import operation_mutants, shared_mutants
from conformance.mutation.catalogue_places import Body, bodies, with_samples
from conformance.mutation.catalogue_rules import Law
from conformance.mutation.mutant import Mutant
from mockserver.bodies import Bodies
from schemas import pointer as json_pointer
from schemas.spec import Protocol, Requirement, Role

__all__ = ["wire_mutants"]

_OF_MEMBERS = operators.STRUCTURAL
_OF_VALUES = tuple(operators.BREAKING)
_TOKEN = "token"  # noqa: S105  # part of a name

_BY_PROTOBUF = (
    "drop", "out-of-enum", "below-minimum", "above-maximum", "too-short", "too-long",
    "malformed", "wrong",
)  # fmt: skip
"""What a message of protocol buffers can say: a field has its type, or is not set."""


def wire_mutants(
    protocol: Protocol, requirements: Mapping[str, Requirement], role: Role
) -> tuple[Mutant, ...]:
    """Of everything that the role says, in the documents' order; names never repeat."""
    law = Law(protocol, requirements, role)
    told = {name: row for name, row in requirements.items() if row.role == role}
    codec = Bodies(protocol)
    found: list[Mutant] = []
    for body in with_samples(protocol, bodies(protocol, told, role)):
        found += _of_fields(body, law, codec)
        if body.operation is not None:
            found += operation_mutants(protocol, body, law)
        else:
            found += message_mutants(body, law, role)
    found += channel_mutants(protocol, law, role)
    found += shared_mutants(protocol, told, law, role)
    return tuple({mutant.name: mutant for mutant in found}.values())


def _of_fields(body: Body, law: Law, codec: Bodies) -> Iterator[Mutant]:
    """Of each field, and of what stood there before, where it can be another."""
    varied = [field for field in body.fields if any(_results(body, field, "wrong", codec))]
    for field in body.fields:
        for operator in _operators(body, field):
            results = list(_results(body, field, operator, codec))
            if results and operator == "wrong":
                yield _of_value(body, field, operator, law)
            elif results:
                allowed = all(body.accepts(result) for result in results)
                rule = law.structure(body, field, operator, allowed=allowed)
                part = _part(body)
                yield made(body.place, operator, part=part, pointer=field.pointer, rule=rule)
        if _can_be_stale(body, field, varied):
            known = "token-swapped" if _TOKEN in field.name.lower() else "stale"
            yield _of_value(body, field, known, law)


def _can_be_stale(body: Body, field: Field, varied: Iterable[Field]) -> bool:
    """An error that is said again as a whole is mostly the same one: its parts are said again."""
    within = [each for each in varied if json_pointer.matches(field.steps, each.steps)]
    return bool(within) and (within == [field] or body.part[:1] not in {"4", "5"})


def _of_value(body: Body, field: Field, operator: str, law: Law) -> Mutant:
    rule = law.value(body, field, operator)
    return made(body.place, operator, part=_part(body), pointer=field.pointer, rule=rule)


def _part(body: Body) -> str:
    return f"{body.part}.body" if body.part and not body.is_rpc else body.part


def _operators(body: Body, field: Field) -> Iterable[str]:
    if body.is_rpc:
        return _BY_PROTOBUF if field.pointer else ()
    member = field.pointer and not field.pointer.endswith("*")
    return [*(_OF_MEMBERS if member else ()), *_OF_VALUES]


def _results(body: Body, field: Field, operator: str, codec: Bodies) -> Iterator[Any]:
    """What becomes of the samples in which the field stands."""
    for sample in body.samples:
        result = operators.broken(operator, sample, field, body.accepts)
        if result is operators.ABSENT:
            continue
        if not body.is_rpc:
            yield result
            continue
        with contextlib.suppress(ValueError):  # no message of protocol buffers can say it
            carried = _carried(body, result, codec)
            if carried != _carried(body, sample, codec):
                yield carried


def _carried(body: Body, said: Any, codec: Bodies) -> Any:
    """As it is understood when it has gone through protocol buffers."""
    assert body.operation is not None
    procedure = codec.codec.procedure(body.operation.path)
    assert procedure is not None, "a pack's .proto has the procedures that it describes"
    name = procedure.request if body.part == "request" else procedure.answer
    return codec.codec.decode(name, codec.codec.encode(name, said))
