"""Files of `assay mutate`, made up for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

__all__ = ["ALONE", "CAUGHT", "WARNED", "a_file", "a_lawful", "a_mutant", "an_end"]

AT = "2026-03-01T10:00:00.000Z"
ROWS = [
    {"id": f"A-{number}", "level": "MUST", "basis": "stated", "section": "One", "text": "It does."}
    for number in (1, 2, 3)
]
HEADER = {
    "record": "header",
    "format": 1,
    "assay": "0.1.0",
    "protocol": {"id": "aitbc", "title": "AITBC", "version": "1"},
    "role": "coordinator",
    "profile": "standard",
    "strict": False,
    "seed": 0,
    "started": AT,
    "requirements": ROWS,
}


def a_session(state: str = "s1") -> dict[str, Any]:
    source = {"source": "wire", "name": "the local mock", "known": 90, "chosen": 3}
    told = {"command": "assay mutate aitbc", "stages": "both", "sources": [source]}
    return {"record": "session", "at": AT, "state": state, **told}


def a_mutant(name: str, fate: str, **more: Any) -> dict[str, Any]:
    return {
        "record": "mutant",
        "at": AT,
        "state": "s1",
        "source": "wire",
        "name": name,
        "place": "getAgent",
        "operator": "drop",
        "pointer": "/status",
        "lawful": "",
        "implied": False,
        "section": "",
        "reading": "",
        "fate": fate,
        "fail": [],
        "warn": [],
        "lost": [],
        "message": "",
        "applied": 3,
        "stage": "whole",
        "seconds": 1.5,
        **more,
    }


def a_lawful(name: str, verdicts: dict[str, str], **more: Any) -> dict[str, Any]:
    told = {"stage": "whole", "seconds": 2, "verdicts": verdicts, "broke": ""}
    return {
        "record": "lawful",
        "at": AT,
        "state": "s1",
        "source": "wire",
        "name": name,
        **told,
        **more,
    }


def an_end(reason: str = "complete", **more: Any) -> dict[str, Any]:
    told = {"reason": reason, "left": 0, "left_lawful": 0, "message": ""}
    return {"record": "end", "at": AT, **told, **more}


def a_file(folder: Path, *records: dict[str, Any], tail: bytes = b"") -> Path:
    path = folder / "score.jsonl"
    lines = [orjson.dumps(each) + b"\n" for each in (HEADER, a_session(), *records)]
    path.write_bytes(b"".join(lines) + tail)
    return path


CAUGHT = a_mutant("a:drop", "caught", fail=["A-1", "A-2"])
ALONE = a_mutant("b:null", "caught", fail=["A-2"], operator="null")
WARNED = a_mutant("c:wrong", "caught", warn=["A-2"])
