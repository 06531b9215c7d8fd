"""run.jsonl files made by hand, as small as a test needs them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports.run import Run

AT = "2026-11-21T09:30:00.000Z"
END = "2026-11-21T09:31:12.500Z"


def requirement(identity: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "level": "MUST",
        "basis": "stated",
        "section": "Registry",
        "text": f"{identity} holds.",
        "capability": "registry",
        **changes,
    }


def header(*requirements: str | dict[str, Any], **changes: Any) -> dict[str, Any]:
    rows = [requirement(row) if isinstance(row, str) else row for row in requirements]
    return {
        "record": "header",
        "format": 1,
        "run": "1121093000ab",
        "assay": "0.1.0",
        "protocol": {
            "id": "demo",
            "title": "Demo Protocol",
            "version": "1.0",
            "document": "demo.txt",
        },
        "role": "coordinator",
        "peer": {"name": "a peer", "url": "http://127.0.0.1:9001"},
        "seed": 7,
        "profile": "standard",
        "strict": False,
        "only": "*",
        "started": AT,
        "command": "assay test demo --url http://127.0.0.1:9001 --seed 7",
        "claimed": [],
        "unclaimed": [],
        "requirements": rows,
        "baseline": [],
        **changes,
    }


def verdict(
    identity: str, verdict: str = "pass", check: str = "test_it", message: str = "", **more: Any
) -> dict[str, Any]:
    return {
        "record": "verdict",
        "at": AT,
        "requirement": identity,
        "check": check,
        "verdict": verdict,
        "message": message,
        **more,
    }


def coverage(*messages: str, **answers: list[str]) -> dict[str, Any]:
    """The statuses by operation, and the peer's messages, that a check came by."""
    return {
        "record": "coverage",
        "at": AT,
        "check": "test_it",
        "answers": answers,
        "messages": list(messages),
    }


def operation(identity: str, *answers: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "method": "GET",
        "path": f"/{identity}",
        "capability": "registry",
        "answers": list(answers),
        **changes,
    }


def message(identity: str, **changes: Any) -> dict[str, Any]:
    return {"id": identity, "channel": "events", "capability": "registry", **changes}


def step(what: str = "request", **changes: Any) -> dict[str, Any]:
    """A step of a story: a request, unless it is said to be something else."""
    usual = {"method": "GET", "path": "/agents", "status": 200} if what == "request" else {}
    return {"is": what, **usual, **changes}


def story(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"run": "1121093000ab", "within": "test_it", "steps": list(steps), **changes}


def error(message: str = "it broke", check: str = "test_it") -> dict[str, Any]:
    trace = f"Traceback (most recent call last):\n  {message}"
    return {"record": "error", "at": AT, "check": check, "message": message, "traceback": trace}


def footer(reason: str = "complete", message: str = "") -> dict[str, Any]:
    return {"record": "footer", "finished": END, "reason": reason, "message": message}


def known(identity: str, reason: str = "issue 12", **more: Any) -> dict[str, Any]:
    return {"requirement": identity, "reason": reason, **more}


def exchange(
    body: Any = None, answer: Any = None, *, status: int | None = 200, **changes: Any
) -> dict[str, Any]:
    response = None
    if status is not None:
        content = {"content-type": "application/json"}
        response = {"status": status, "headers": content, "body": answer}
    return {
        "operation": "registerAgent",
        "request": {
            "method": "POST",
            "url": "http://127.0.0.1:9001/agents/register",
            "headers": {"content-type": "application/json"},
            "body": body,
        },
        "response": response,
        "failure": None if status is not None else "the connection was closed",
        "seconds": 0.0123,
        **changes,
    }


def frame(
    body: Any = "", sender: str = "peer", kind: str = "text", **changes: Any
) -> dict[str, Any]:
    return {
        "connection": "agent-1",
        "sender": sender,
        "kind": kind,
        "seconds": 0.25,
        "body": body,
        **changes,
    }


def handshake(**changes: Any) -> dict[str, Any]:
    return exchange(status=101, operation="connectAgent", **changes)


def encoded(records: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def write(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "run.jsonl"
    path.write_bytes(encoded(records))
    return path


def run(folder: Path, *records: dict[str, Any]) -> Run:
    return Run.read(write(folder, *records))
