"""Writes run.jsonl: a header, each verdict as it falls, and a footer. What is written stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from conformance.context import RunContext
from conformance.masking import Masker
from conformance.resuming import NOTHING, Earlier
from conformance.tally import surface
from conformance.verdict import now
from schemas.spec import Protocol, Requirement

__all__ = ["ASSAY_VERSION", "OWN", "Recorder", "encode"]

ASSAY_VERSION = "0.1.0"

OWN = "SCENARIO-"
"""How the ids of rows begin that are a scenario's own."""


def encode(record: Mapping[str, Any]) -> bytes:
    """A record as a line of JSON that any reader takes, whatever a peer put into it."""
    try:
        return orjson.dumps(record, default=repr)
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits
        return orjson.dumps(_tamed(record), default=repr)


def _tamed(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, Mapping):
        return {_tamed(key): _tamed(item) for key, item in value.items()}
    return [_tamed(item) for item in value] if isinstance(value, list | tuple) else value


class Recorder:
    """Appends records to one file, each a line, each on disk before the next check begins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def write(self, record: Mapping[str, Any]) -> None:
        self._file.write(encode(record) + b"\n")

    def header(
        self,
        context: RunContext,
        protocol: Protocol,
        requirements: Iterable[Requirement],
        earlier: Earlier = NOTHING,
    ) -> None:
        """What the run is about: reports need nothing else to make sense of the verdicts."""
        claimed = context.target.claimed(protocol)
        rows = [row for row in requirements if context.selects(row)]
        owed = [row for row in rows if row.id not in context.on_sight]
        mask = Masker(context.target.secrets)
        self.write(
            {
                "record": "header",
                "format": 1,
                "run": context.run,
                "assay": ASSAY_VERSION,
                "protocol": {
                    "id": protocol.id,
                    "title": protocol.title,
                    "version": protocol.version,
                    "document": protocol.document,
                },
                "role": context.role,
                "peer": _peer(context, mask),
                "seed": context.seed,
                "profile": context.profile,
                "strict": context.strict,
                "only": context.only,
                "started": now(),
                "command": mask.text(context.invocation),
                "claimed": _expected(context, claimed, owed),
                "unclaimed": [name for name in protocol.capabilities if name not in claimed],
                "requirements": [_row(row, context) for row in rows],
                "baseline": [dict(entry) for entry in context.baseline],
                "surface": surface(protocol, context.role),
                **_continues(earlier),
            }
        )

    def ended(self, check: str) -> None:
        """A check came to its end: a run that goes on from here need not begin it again."""
        self.write({"record": "ended", "check": check})

    def error(self, check: str, message: str, traceback: str) -> None:
        """A fault of our own."""
        self.write(
            {
                "record": "error",
                "at": now(),
                "check": check,
                "message": message,
                "traceback": traceback,
            }
        )

    def footer(self, reason: str, message: str = "") -> None:
        """`reason` is complete, interrupted, unreachable or broken."""
        self.write({"record": "footer", "finished": now(), "reason": reason, "message": message})

    def close(self) -> None:
        self._file.close()


def _continues(earlier: Earlier) -> dict[str, Any]:
    if not earlier.run:
        return {}
    return {"continues": {"run": earlier.run, "chapter": earlier.chapter}}


def _expected(context: RunContext, claimed: list[str], rows: list[Requirement]) -> list[str]:
    """The capabilities that must show a pass.

    A coordinator serves what it does not disclaim. An agent need not use all that a coordinator
    offers: it is held to what the target file claims for it by name.
    """
    if context.role == "agent":
        claimed = [name for name in claimed if context.target.capabilities.get(name)]
    selected = {row.capability for row in rows}
    return [name for name in claimed if name in selected]


def _peer(context: RunContext, mask: Masker) -> dict[str, Any]:
    target = context.target
    command = [mask.text(word) for word in context.command]
    name = mask.text(target.name or target.url) or " ".join(command) or "whoever connects"
    peer: dict[str, Any] = {"name": f"{name} {target.version}".strip()}
    if target.version:
        peer["version"] = mask.text(target.version)
    if target.url:
        peer["url"] = mask.text(target.url)
    if command:
        peer["command"] = command
    return peer


def _row(row: Requirement, context: RunContext) -> dict[str, Any]:
    names = ("id", "level", "basis", "section", "text", "capability")
    told = {name: getattr(row, name) for name in names}
    if row.id in context.on_sight:
        return {**told, "on_sight": True}
    return {**told, "own": True} if row.id.startswith(OWN) else told
