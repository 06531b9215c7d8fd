"""Runs that earn a certificate, and a certificate of one, for tests that take something away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reports.certificate import Certificate, Peer, certificate_of
from reports.requirement_set import set_digest
from reports.run import Run
from schemas import load, load_requirements
from schemas.spec import Role
from tests.reports.builders import footer, header, verdict, write

__all__ = ["KEY", "PROTOCOL", "ROWS", "TIMES", "certifiable", "certificate", "names"]

PROTOCOL = load("aitbc")
ROWS = load_requirements(PROTOCOL)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TIMES = ("2026-11-21T09:31:12Z", "2026-11-22T00:00:00Z", "2027-11-21T09:31:12Z")

_FIELDS = ("id", "level", "basis", "section", "text", "capability")


def names(level: str, basis: str = "", role: Role = "coordinator") -> list[str]:
    """The ids of the rows of that level and basis."""
    return [
        row.id
        for row in ROWS.values()
        if (row.role, row.level) == (role, level) and row.basis.startswith(basis)
    ]


def certifiable(
    folder: Path,
    verdicts: Mapping[str, str] | None = None,
    *,
    role: Role = "coordinator",
    end: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """A run.jsonl in which every requirement passed, but for what `verdicts` names."""
    said = verdicts or {}
    rows = [row for row in ROWS.values() if row.role == role]
    told = header(*({name: getattr(row, name) for name in _FIELDS} for row in rows))
    about = {
        "protocol": {
            "id": PROTOCOL.id,
            "title": PROTOCOL.title,
            "version": PROTOCOL.version,
            "document": PROTOCOL.document,
        },
        "role": role,
        "peer": {"name": "Scheduler 1.4", "version": "1.4", "url": "http://127.0.0.1:9001"},
        "profile": "exhaustive",
        "command": "assay certify aitbc --key k --url http://127.0.0.1:9001",
        **changes,
    }
    found = [verdict(row.id, said.get(row.id, "pass"), message="so it was") for row in rows]
    return write(folder, {**told, **about}, *found, dict(end) if end else footer())


def certificate(
    folder: Path, verdicts: Mapping[str, str] | None = None, role: Role = "coordinator"
) -> Certificate:
    """The certificate of such a run."""
    run = Run.read(certifiable(folder, verdicts, role=role))
    return certificate_of(
        run,
        peer=Peer(name="Scheduler", version="1.4"),
        digests=(set_digest(PROTOCOL, role, ROWS.values()), "ab" * 32),
        times=TIMES,
        untestable=(),
    )
