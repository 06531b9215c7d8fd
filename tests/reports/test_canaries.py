"""Secrets planted in all that is said: no report of any format shows one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.masking import Masker
from conformance.verdict import Evidence, Finding, VerdictName
from reports.annotations import commands
from reports.formats import FORMATS, write_formats
from reports.run import Run
from tests.reports.builders import encoded, footer, header

CANARY = "c4n4ry"
KNOWN = f"the-targets-own-{CANARY}"

_PART = base64.urlsafe_b64encode(f'{{"sub":"{CANARY}"}}'.encode()).decode().rstrip("=")
JWT = f"eyJhbGciOiJIUzI1NiJ9.{_PART}.{CANARY}"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n{CANARY}==\n-----END RSA PRIVATE KEY-----"
HEADERS = {
    "authorization": f"Basic {CANARY}",
    "proxy-authorization": CANARY,
    "cookie": f"session={CANARY}",
    "set-cookie": f"session={CANARY}; HttpOnly",
    "x-api-key": CANARY,
    "apikey": CANARY,
    "x-auth-token": CANARY,
    "x-client-secret": CANARY,
    "x-note": f"Bearer {CANARY} and {KNOWN} and {JWT}",
}
BODY: dict[str, Any] = {
    "password": CANARY,
    "new_password": CANARY,
    "token": CANARY,
    "access_token": CANARY,
    "refresh_token": CANARY,
    "api_key": CANARY,
    "apiKey": CANARY,
    "client_secret": CANARY,
    "private_key": PEM,
    "cookie": f"session={CANARY}",
    "authorization": f"Basic {CANARY}",
    "headers": {"Cookie": f"session={CANARY}", "Authorization": f"Digest {CANARY}"},
    "credentials": {"user": CANARY, "anything": CANARY},
    "note": f"it is {KNOWN}, or Bearer {CANARY}",
    "log": [
        f"GET /a?token={CANARY}&key={CANARY}",
        JWT,
        PEM,
        f"password={CANARY}&a=1",
        f"postgres://ann:{CANARY}@db/x",
    ],
    KNOWN: True,
}
URL = f"http://ann:{CANARY}@h:1/a?token={CANARY}&api_key={CANARY}&q={KNOWN}"
TEXT = f"said Bearer {CANARY}, {JWT}, {KNOWN}, {URL}, {PEM}"


def said() -> Evidence:
    """A conversation in which everybody gives everything away."""
    body = json.dumps(BODY).encode()
    asked = Exchange(
        operation="registerAgent", method="POST", url=URL, headers=HEADERS, body=body, status=200,
        answer_headers=HEADERS, answer=body,
    )  # fmt: skip
    frames = [
        Frame(connection="a", sender=sender, kind="text", data=data, at=0, seconds=0)
        for sender in ("peer", "assay")
        for data in (body, TEXT.encode())
    ]
    closed = Frame(
        connection="a", sender="peer", kind="close", at=0, seconds=0, code=1008, reason=TEXT
    )
    form = Exchange(
        operation="upload", method="POST", url=URL, headers=HEADERS, form=BODY, failure=TEXT
    )
    return Evidence(
        exchanges=[asked, form, asked],
        frames=[*frames, closed],
        pointers=["/password", "/log/0"],
        expected=BODY,
        actual=BODY["log"],
    )


@pytest.fixture
def made(tmp_path: Path) -> Run:
    """The run as the recorder writes one."""
    mask = Masker([KNOWN])
    verdicts: dict[str, VerdictName] = {"A-1": "fail", "A-2": "warn", "A-3": "fail"}
    found = [
        Finding(requirement=name, check="test_it", verdict=verdict, message=TEXT, evidence=said())
        for name, verdict in verdicts.items()
    ]
    records = [each.record(mask) for each in found]
    asked_only = {**records[0], "requirement": "A-4", "evidence": {**records[0]["evidence"]}}
    del asked_only["evidence"]["frames"]
    path = tmp_path / "run.jsonl"
    head = header("A-1", "A-2", "A-3", "A-4", command=mask.text(f"assay test --token {KNOWN}"))
    path.write_bytes(encoded([head, *records, asked_only, footer()]))
    return Run.read(path)


def test_no_canary_is_in_the_record(made: Run) -> None:
    text = made.path.read_text("utf-8")
    assert CANARY not in text, text[text.find(CANARY) - 200 :][:300]


@pytest.mark.parametrize("name", FORMATS)
def test_no_canary_is_in_a_report(made: Run, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    write_formats(made, out, [name])
    files = [path for path in out.rglob("*") if path.is_file()]
    texts = [path.read_text("utf-8") for path in files]
    for path, text in zip(files, texts, strict=True):
        assert CANARY not in text, f"{path.name}: {text[text.find(CANARY) - 200 :][:300]}"
    assert any("•••" in text or "\\u2022" in text for text in texts), "masked, and not left out"


def test_the_runner_is_told_no_canary(made: Run) -> None:
    assert CANARY not in "\n".join(commands(made))
