"""What led to a finding, in order and without secrets, so that it can be said again. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, TypeAlias

__all__ = ["LONGEST", "Deed", "Opening", "Request", "Step", "Story", "Utterance"]

LONGEST = 200_000
"""Bytes of a body that a story keeps. What was longer cannot be said again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """`needed` says that the finding hangs on it, `shown` that it is evidence itself. `pause` are
    the seconds of silence before it, `at` those since the first step (real time). `cut` says that
    its body was too long to be kept.
    """

    needed: bool = False
    shown: bool = False
    pause: float = 0.0
    at: float = 0.0
    cut: bool = False
    lawful: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(_Told):
    """A request, or the call of a procedure (method `RPC`), with the answer that it had.

    `path` is that below the base URL, with its query. `status` is `None` where no answer came.
    """

    KIND: ClassVar = "request"
    operation: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    form: Mapping[str, Any] | None = None
    """The parts of the form that the body is, where it is one: files in base64, as `{"base64": …}`.
    """
    identity: str = ""
    served: bool = True
    status: int | None = None
    code: str = ""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes = b""
    failure: str = ""

    @property
    def outcome(self) -> str:
        """The answer in a few words."""
        return self.failure or self.code or str(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(_Told):
    """A handshake. `connection` names the WebSocket that came of it, within the story."""

    KIND: ClassVar = "opening"
    connection: str
    channel: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
    status: int | None = None
    answer: bytes = b""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance(_Told):
    """Something said on a WebSocket, by the `peer` or by `assay`; `kind` is that of a `Frame`."""

    KIND: ClassVar = "utterance"
    connection: str
    sender: str
    kind: str
    data: bytes = b""
    code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed(_Told):
    """A hook of the target that was run with these values, and what it handed over, as JSON."""

    KIND: ClassVar = "deed"
    hook: str
    values: Mapping[str, Any] = field(default_factory=dict)
    handed: Any = None


Step: TypeAlias = Request | Opening | Utterance | Deed

_KINDS: Mapping[str, type[Any]] = {each.KIND: each for each in (Request, Opening, Utterance, Deed)}
_BYTES = ("body", "answer", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The steps, the id of the `run` that they are part of, and the check `within` which they were
    said. `secrets` are the names of those of the target, by what stands in their place. `left_out`
    counts what was too much; `lost` says why there are no steps at all, if that is a fault of ours.
    """

    run: str
    within: str
    steps: Sequence[Step] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0
    lost: str = ""

    def shortest(self) -> Story | None:
        """Only what the finding hangs on; `None` where that is all of it, or nothing."""
        needed = [step for step in self.steps if step.needed or step.shown]
        if not needed or len(needed) == len(self.steps):
            return None
        return Story(
            run=self.run,
            within=self.within,
            steps=needed,
            secrets=self.secrets,
            left_out=self.left_out,
        )

    def record(self) -> dict[str, Any]:
        """As it stands in run.jsonl: what is as usual is left out."""
        record: dict[str, Any] = {
            "run": self.run,
            "within": self.within,
            "steps": [dict(_dumped(step)) for step in self.steps],
        }
        for name in ("secrets", "left_out", "lost"):
            if value := getattr(self, name):
                record[name] = value
        return record

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Story:
        """Raises `ValueError` for what `record` did not write."""
        try:
            return cls(**{**record, "steps": [_parsed(step) for step in record["steps"]]})
        except (KeyError, TypeError, binascii.Error) as error:
            raise ValueError(f"it is no story: {error}") from error


def _dumped(step: Step) -> Iterator[tuple[str, Any]]:
    yield "is", step.KIND
    usual = {each.name: each.default for each in fields(step)}
    for name, value in asdict(step).items():
        if value == usual[name] or (isinstance(value, dict) and not value):
            continue
        yield name, _text(value) if name in _BYTES else value


def _text(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _parsed(said: Mapping[str, Any]) -> Step:
    values = dict(said)
    kind = _KINDS[values.pop("is")]
    for name in _BYTES:
        if name in values:
            value = values[name]
            values[name] = (
                value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])
            )
    step: Step = kind(**values)
    return step
