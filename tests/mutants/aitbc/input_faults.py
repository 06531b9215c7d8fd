"""Faults in what is accepted, what is refused, and how a refusal looks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from .fault import Aimed, Fault, Row, Section, expand, retable
from .model import AGENT_TYPES, Call, Env, Json, Obj, Op, RefusalError, Reply
from .parsing import METRIC_KEYS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .reading import Reading

__all__ = ["INPUT_FAULTS"]

Change = Literal["optional", "null", "loose", "items", "required", "unlisted"]

_SECTIONS: Final[Mapping[Op, Section]] = MappingProxyType(
    {
        Op.REGISTER: "Register Agent",
        Op.DISCOVER: "Discover Agents",
        Op.UPDATE: "Update Agent Status",
        Op.SUBMIT: "Submit Task",
    }
)

_FALLBACKS: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "agent_id": "agent",
        "agent_type": "general",
        "status": "active",
        "task_data": {},
        "priority": "normal",
    }
)

_TABLE: Final[tuple[tuple[Op, str, tuple[Change, ...]], ...]] = (
    (Op.REGISTER, "agent_id", ("optional", "null", "loose")),
    (Op.REGISTER, "agent_type", ("optional", "null", "loose")),
    (Op.REGISTER, "capabilities", ("loose", "items", "required")),
    (Op.REGISTER, "services", ("loose", "items", "required")),
    (Op.REGISTER, "endpoints", ("loose", "items", "required")),
    (Op.REGISTER, "metadata", ("loose", "required")),
    (Op.DISCOVER, "status", ("loose",)),
    (Op.DISCOVER, "agent_type", ("loose",)),
    (Op.DISCOVER, "capabilities", ("loose", "items")),
    (Op.DISCOVER, "services", ("loose", "items")),
    (Op.UPDATE, "status", ("optional", "null", "loose", "unlisted")),
    (Op.UPDATE, "load_metrics", ("loose", "items", "required")),
    (Op.SUBMIT, "task_data", ("optional", "null", "loose")),
    (Op.SUBMIT, "priority", ("null", "loose")),
    (Op.SUBMIT, "requirements", ("loose",)),
)

_WORDS: Final[Mapping[Change, str]] = MappingProxyType(
    {
        "optional": "may be left out",
        "null": "may be null",
        "loose": "may have any type, and is stored",
        "items": "may contain anything, and is stored",
        "required": "is demanded, though optional",
        "unlisted": "may be a string outside the list",
    }
)


class _Retabled(Aimed):
    """One line of the field table is wrong; `target` is `op:field:change`."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        op, self._name, self._change = target.split(":")
        self._op = Op(op)
        match self._change:
            case "required":
                retable(self, self._op, self._name, required=True)
            case "loose":
                retable(self, self._op, self._name, kind=Kind.ANY)
            case "unlisted":
                retable(self, self._op, self._name, kind=Kind.TEXT)
            case "items":
                texts = self._name in ("capabilities", "services")
                retable(self, self._op, self._name, kind=Kind.LIST if texts else Kind.OBJECT)
            case _:
                pass

    def accept(self, op: Op, body: Json) -> Obj:
        if op is self._op and isinstance(body, dict) and self._excused(body):
            body = {**body, self._name: _FALLBACKS[self._name]}
        return super().accept(op, body)

    def _excused(self, body: Obj) -> bool:
        if self._change == "optional":
            return self._name not in body
        return self._change == "null" and body.get(self._name, "") is None

    def priority_of(self, data: Obj) -> str:
        if isinstance(data["priority"], str):
            return super().priority_of(data)
        return "normal"


class _TypeRefused(Aimed):
    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        if op is Op.REGISTER and data["agent_type"] == self.target:
            raise RefusalError(422, "Validation error: agent_type: unknown value")
        return data


class _EmptyRefused(Aimed):
    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        if op is Op.REGISTER and self.target in data and not data[self.target]:
            raise RefusalError(422, f"Validation error: {self.target}: should not be empty")
        return data


class _PartialMetrics(Aimed):
    """Demands all four metrics, of which the document's example sends two."""

    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        if op is Op.UPDATE and "load_metrics" in data:
            for name in METRIC_KEYS:
                if name not in data["load_metrics"]:
                    self._complain(name)
        return data

    def _complain(self, name: str) -> None:
        if self.target == "crash":
            raise KeyError(name)
        raise RefusalError(422, f"Validation error: load_metrics.{name}: Field required")


def _is_invalid(peer: Aimed, call: Call, refusal: RefusalError) -> bool:
    """Whether a body was refused as such, and not for the value of its priority."""
    words = str(refusal.detail)
    status = peer.invalid_status(call.op) if call.op is not None else 0
    return refusal.status == status and not words.startswith("Invalid priority")


class _RefusedAs(Aimed):
    """Refused bodies of one endpoint get another status; `target` is `op:status`."""

    def refused(self, call: Call, refusal: RefusalError) -> Reply:
        reply = super().refused(call, refusal)
        op, status = self.target.split(":")
        if call.op is not None and call.op.value == op and _is_invalid(self, call, refusal):
            return replace(reply, status=int(status))
        return reply


class _WrongReason(Aimed):
    """Refuses for a reason that the body does not give."""

    def refused(self, call: Call, refusal: RefusalError) -> Reply:
        wanted = call.op is not None and call.op.value == self.target
        if wanted and _is_invalid(self, call, refusal):
            status, words = REASONS[self.target]
            return Reply(status=status, body={"detail": words})
        return super().refused(call, refusal)


REASONS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "register": (503, "Task distributor not available"),
        "update": (404, "Agent not found"),
        "submit": (400, "Invalid priority: normal"),
    }
)


class _Crashing(Aimed):
    """Breaks on bodies with a certain trait; `target` is `op:trait`."""

    def accept(self, op: Op, body: Json) -> Obj:
        wanted, trait = self.target.split(":")
        data = super().accept(op, body)
        if op.value == wanted and TRAITS[trait](data):
            raise RuntimeError(trait)
        return data


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _depth(value: Json) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(_depth, inner), default=0)
    return 0


_KNOWN: Final = frozenset(
    {"agent_id", "agent_type", "capabilities", "services", "endpoints", "metadata"}
    | {"status", "load_metrics", "task_data", "priority", "requirements"}
)

_LONG: Final = 255
_DEEP: Final = 4
_WIDE: Final = 20

TRAITS: Final[Mapping[str, Callable[[Obj], bool]]] = MappingProxyType(
    {
        "unicode": lambda body: any(not text.isascii() for text in _texts(body)),
        "long": lambda body: any(len(text) > _LONG for text in _texts(body)),
        "nested": lambda body: _depth(body) > _DEEP,
        "extra": lambda body: any(name not in _KNOWN for name in body),
        "quote": lambda body: any("'" in text for text in _texts(body)),
        "percent": lambda body: any("%" in text for text in _texts(body)),
        "braces": lambda body: any("{" in text for text in _texts(body)),
        "line_break": lambda body: any("\n" in text for text in _texts(body)),
        "blank_text": lambda body: "" in _texts(body),
        "wide": lambda body: any(isinstance(v, list) and len(v) > _WIDE for v in body.values()),
    }
)


_BLANKS: Final = ("register:blank_text", "submit:blank_text")
"""Bodies that a peer may refuse."""


class _Requirement(Aimed):
    """A task with this requirement fails."""

    def eligible(self, requirements: Obj) -> list[Json]:
        if self.target in requirements:
            raise KeyError(self.target)
        return super().eligible(requirements)


class _MediaStrict(Aimed):
    """Compares the whole header, so that `; charset=utf-8` is foreign."""

    def check_media(self, call: Call) -> None:
        if ";" in call.media:
            raise RefusalError(415, "Unsupported Media Type")
        super().check_media(call)


class _LooseStatus(Aimed):
    """A status in capitals or with spaces around it is taken, for one of the four or as it is."""

    def accept(self, op: Op, body: Json) -> Obj:
        if op is not Op.UPDATE or not isinstance(body, dict):
            return super().accept(op, body)
        sent = body.get("status")
        plain = sent.strip().lower() if isinstance(sent, str) else sent
        data = super().accept(op, {**body, "status": plain})
        return {**data, "status": sent} if self.target == "kept" else data


class _Bounded(Aimed):
    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        told = data.get("load_metrics", {}) if op is Op.UPDATE else {}
        if any("usage" in name and isinstance(v, float) and v > 1 for name, v in told.items()):
            raise RefusalError(422, "Validation error: load_metrics: a usage is from 0 to 1")
        return data


class _ErrorForm(Aimed):
    """Every error answer lacks the documented form."""

    def finish(self, call: Call, reply: Reply) -> Reply:
        if reply.status < 400 or not isinstance(reply.body, dict):
            return reply
        detail = reply.body.get("detail")
        page = f"<html><body><h1>{reply.status}</h1></body></html>"
        forms = {
            "nested": replace(reply, body={"error": {"detail": detail}}),
            "bare": replace(reply, body=detail),
            "html": replace(reply, text=page, media="text/html"),
            "text": replace(reply, text=str(detail), media="text/plain"),
            "nothing": replace(reply, text=""),
            "success": replace(reply, body={**reply.body, "status": "success"}),
            "as_200": replace(reply, status=200),
        }
        return forms.get(self.target) or replace(reply, body={self.target: detail})


def _retabled() -> Iterator[Fault]:
    for op, name, changes in _TABLE:
        for change in changes:
            yield Fault(
                name=f"{op}.{name}.input_{change}",
                summary=f"{name} in the body of {op} {_WORDS[change]}",
                section=_SECTIONS[op],
                make=partial(_Retabled, target=f"{op}:{name}:{change}"),
                implied=op is Op.DISCOVER,
            )


def _rows() -> Iterator[Row]:
    lists = ("capabilities", "services", "endpoints", "metadata")
    crashes = tuple(f"{op}:{trait}" for op in ("register", "submit") for trait in TRAITS)
    crashes = tuple(one for one in crashes if one not in ("submit:wide", *_BLANKS))
    crashes += ("update:extra", "discover:extra", "discover:unicode")
    refusals = tuple(
        f"{op}:{status}" for op in ("register", "update", "submit") for status in (200, 404, 500)
    )
    register: Section = "Register Agent"
    update: Section = "Update Agent Status"
    errors: Section = "Error Codes"
    forms = ("error", "message", "details", "nested", "bare", "html", "text", "nothing", "as_200")
    needs = ("capabilities", "agent_type")
    partials = ("crash", "refused")
    yield "register.agent_type.{}.refused", "{} is refused", register, _TypeRefused, AGENT_TYPES
    yield "register.{}.empty_refused", "empty {} are refused", register, _EmptyRefused, lists
    yield "update.partial_metrics.{}", "two metrics of four: {}", update, _PartialMetrics, partials
    yield "input.refused_as.{}", "a refusal has another status: {}", errors, _RefusedAs, refusals
    yield (
        "input.wrong_reason.{}",
        "{} refuses for a false reason",
        errors,
        _WrongReason,
        (*REASONS,),
    )
    yield "input.crash.{}", "fails with 500: {}", "General", _Crashing, crashes
    yield "submit.requirement.{}.crash", "{} is not borne", "Submit Task", _Requirement, needs
    yield "input.media.{}", "application/json with {}", "General", _MediaStrict, ("parameters",)
    yield "errors.{}", "an error answer has another form: {}", errors, _ErrorForm, forms


def _faults() -> Iterator[Fault]:
    yield from _retabled()
    yield from expand(_rows())
    update, loose = _SECTIONS[Op.UPDATE], "a status in another writing is {}"
    rows: tuple[Row, ...] = (
        ("input.crash.{}", "fails with 500: {}", "General", _Crashing, _BLANKS),
        ("update.status_loose.{}", loose, update, _LooseStatus, ("taken",)),
        ("update.{}", "a usage in per cent is refused: {}", update, _Bounded, ("usage_bounded",)),
    )
    yield from expand(rows, implied=True)
    kept: Row = ("update.status_loose.{}", loose, update, _LooseStatus, ("kept",))
    yield from expand([kept])
    for op in (Op.REGISTER, Op.UPDATE):
        yield Fault(
            name=f"input.refused_as.{op}.400",
            summary="a body that is not valid gets 400 where the document lists 422",
            section=_SECTIONS[op],
            make=partial(_RefusedAs, target=f"{op}:400"),
            implied=True,
        )
    yield Fault(
        name="errors.success",
        summary="an error answer says `status: success` beside its detail",
        section="Error Codes",
        make=partial(_ErrorForm, target="success"),
        implied=True,
    )


INPUT_FAULTS: Final = tuple(_faults())
