"""Where a role says something: each documented body and message, with its schemas and examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.mutation.catalogue_fields import Field, Node, at_reference, fields
from conformance.mutation.catalogue_samples import sampled
from schemas.examples import load_examples
from schemas.spec import Operation, Place, Protocol, Requirement, Role
from schemas.validation import Shape, Validators

__all__ = ["REPLY", "REQUEST", "Body", "bodies", "with_samples"]

REQUEST, REPLY = "request", "reply"
"""The parts of an operation that have no status: what is asked, and what a procedure answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is said at one place. `part` is `request`, `reply`, a documented status, or empty for a
    message of a channel. `operation` is `None` for such. `root` and `shape`, its schema, are `None`
    where the body is free; `samples` are lawful ones.
    """

    place: Place
    part: str
    section: str
    operation: Operation | None = None
    root: Node | None = field(default=None, repr=False)
    shape: Shape | None = None
    fields: Sequence[Field] = ()
    samples: Sequence[Any] = field(default=(), repr=False)

    @property
    def is_rpc(self) -> bool:
        return self.operation is not None and self.operation.is_rpc

    def accepts(self, message: Any) -> bool:
        """Do the schemas of the place allow it?"""
        return self.shape is None or self.shape.accepts(message)


def bodies(protocol: Protocol, requirements: Mapping[str, Requirement], role: Role) -> list[Body]:
    """Everything that the role says, in the documents' order; without samples."""
    validators = Validators(protocol)
    told = [row.place for row in requirements.values() if row.place is not None]
    return [_body(protocol, validators, told, where) for where in _places(protocol, role)]


def with_samples(protocol: Protocol, known: Iterable[Body]) -> Iterator[Body]:
    """The same with lawful messages: those that were written by hand, and one that has it all."""
    golden: dict[Place, list[Any]] = {}
    for example in load_examples(protocol):
        if not example.violates:
            golden.setdefault(example.place, []).append(example.message)
    for body in known:
        if body.root is None:
            yield body
            continue
        found = [*golden.get(body.place, ()), *body.samples]
        full = sampled(body.root, found)
        yield replace(body, samples=[each for each in [*found, full] if body.accepts(each)])


@dataclass(frozen=True, slots=True)
class _Where:
    place: Place
    part: str
    section: str
    reference: str | None
    operation: Operation | None = None
    more: tuple[str, ...] = ()
    example: Any = None


def _places(protocol: Protocol, role: Role) -> Iterator[_Where]:
    for operation in protocol:
        if role == "agent":
            place = Place(operation=operation.id)
            said, told = operation.request, operation.request_example
            yield _Where(place, REQUEST, operation.section, said, operation, example=told)
            continue
        for status, said in operation.responses.items():
            part = REPLY if operation.is_rpc and status == "200" else status
            place = Place(operation=operation.id, answer=status)
            yield _Where(place, part, operation.section, said, operation)
    for message in protocol.messages.values():
        if message.sender == role:
            more = (message.correlation,) if message.correlation else ()
            place = Place(message=message.id)
            yield _Where(place, "", message.section, message.payload, None, more, message.example)


def _body(protocol: Protocol, validators: Validators, told: Iterable[Place], where: _Where) -> Body:
    plain = Body(
        place=where.place, part=where.part, section=where.section, operation=where.operation
    )
    if where.reference is None:
        return plain
    root = at_reference(protocol, where.reference)
    return replace(
        plain,
        root=root,
        shape=validators.at(where.reference),
        fields=_with_rows(fields(root), [*_pointers(told, where.place), *where.more]),
        samples=() if where.example is None else (where.example,),
    )


def _pointers(told: Iterable[Place], here: Place) -> list[str]:
    """Where rows speak of the place; some say more than the schemas do."""
    same = (here.operation, here.answer, here.message)
    return [each.pointer for each in told if (each.operation, each.answer, each.message) == same]


def _with_rows(known: Sequence[Field], pointers: Iterable[str]) -> list[Field]:
    have = {each.pointer for each in known}
    more = dict.fromkeys(pointer for pointer in pointers if pointer not in have)
    return [*known, *(Field(pointer, (_ANYTHING,)) for pointer in more)]


_ANYTHING = Node({}, {})
