"""SARIF 2.1.0, for code-scanning views: requirements are its rules, findings its results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from reports.evidence import fair_limit
from reports.files import write_pieces
from reports.frames import judged_frame
from reports.http import header_pairs, phrase, said
from reports.json_pieces import json_pieces
from reports.outcome import Found, Outcome
from reports.run import Run
from reports.status import Trouble, troubles
from reports.text import printable, shorten
from reports.times import iso, span
from schemas import pointer as json_pointer

__all__ = ["sarif", "write_sarif"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LIMIT = 4_000  # characters of a body

_LEVELS = {"fail": "error", "warn": "warning"}
_SEVERITIES = {"MUST": "error", "SHOULD": "warning", "MAY": "recommendation"}


def sarif(run: Run, link: str = "") -> dict[str, Any]:
    """The log as data for `json_pieces`: rules and results are iterators.

    A failure that the baseline knows is a suppressed result. What fails a run without being a
    requirement is a notification, and `executionSuccessful` says whether there is any of ours.
    `link` is where a requirement can be read, with `{}` for its id.
    """
    header = run.header
    protocol = header["protocol"]
    driver = {
        "name": "Assay",
        "version": header["assay"],
        "semanticVersion": header["assay"],
        "shortDescription": {"text": f"Conformance to {protocol['title']} {protocol['version']}."},
        "rules": (_rule(outcome, link) for outcome in run.requirements),
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {
                    "id": f"assay/{protocol['id']}/{header['role']}/{header['run']}"
                },
                "invocations": [_invocation(run)],
                "artifacts": [
                    {
                        "location": _record(run),
                        "description": {"text": "The record of the run, which holds all evidence."},
                    }
                ],
                "results": _results(run),
                "properties": {
                    "peer": header["peer"]["name"],
                    "verdict": run.verdict,
                    "because": list(run.because),
                    "counts": run.counts,
                },
            }
        ],
    }


def write_sarif(run: Run, path: Path, link: str = "") -> None:
    """Writes the log, whole or not at all. Raises `OSError`."""
    write_pieces(path, json_pieces(sarif(run, link)))


def _rule(outcome: Outcome, link: str) -> dict[str, Any]:
    text = printable(outcome.text)
    where = f"{outcome.level}, {outcome.basis}; section {outcome.section}"
    fails = outcome.level == "MUST" and outcome.basis != "implied"
    return {
        "id": outcome.id,
        "shortDescription": {"text": text},
        "fullDescription": {"text": f"{text} ({printable(where)})"},
        "help": {"text": f"{text}\n\n{printable(where)}\nCapability: {outcome.capability}"},
        **({"helpUri": link.replace("{}", quote(outcome.id))} if link else {}),
        "defaultConfiguration": {"level": "error" if fails else "warning"},
        "properties": {
            "tags": ["conformance", outcome.level, outcome.basis, outcome.capability],
            "problem.severity": _SEVERITIES[outcome.level],
        },
    }


def _results(run: Run) -> Iterator[dict[str, Any]]:
    limit = min(_LIMIT, fair_limit(run.evidences))
    numbers = {outcome.id: number for number, outcome in enumerate(run.requirements)}
    for found in run.findings:
        yield _result(found, run, numbers[found.outcome.id], limit)


def _result(found: Found, run: Run, rule: int, limit: int) -> dict[str, Any]:
    outcome, check = found.outcome, found.check
    evidence = check.evidence or {}
    known = outcome.known if check.verdict == "fail" else ""
    kept = ("pointers", "expected", "actual", "reproduce")
    web = _web(evidence["exchanges"][-1], limit) if evidence.get("exchanges") else {}
    return {
        "ruleId": outcome.id,
        "ruleIndex": rule,
        "kind": "fail",
        "level": _LEVELS[check.verdict],
        "message": {"text": printable(check.message or outcome.text)},
        "locations": [_location(evidence, run)],
        "occurrenceCount": check.times,
        "partialFingerprints": {"finding/v1": _fingerprint(outcome.id, check.name, check.verdict)},
        **({"suppressions": [_suppression(known)]} if known else {}),
        **web,
        "properties": {
            "check": check.name,
            "replay": run.replaying(found.name),
            **{name: evidence[name] for name in kept if name in evidence},
        },
    }


def _suppression(reason: str) -> dict[str, Any]:
    return {"kind": "external", "status": "accepted", "justification": printable(reason)}


def _fingerprint(*words: str) -> str:
    """The same finding in the next run: of what does not change between them."""
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()


def _record(run: Run) -> dict[str, Any]:
    return {"uri": quote(run.path.name)}


def _location(evidence: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """What is judged is no file. Views that want one are shown the record."""
    places = list(_places(evidence, run.header["role"]))
    return {
        "physicalLocation": {"artifactLocation": _record(run), "region": {"startLine": 1}},
        **({"logicalLocations": places} if places else {}),
    }


def _places(evidence: Mapping[str, Any], role: str) -> Iterator[dict[str, Any]]:
    """The operation or message that is judged, and the values in it."""
    frames, exchanges = evidence.get("frames", []), evidence.get("exchanges", [])
    if frames:
        index = judged_frame(frames)
        frame = frames[-1 if index is None else index]
        subject = f"{frame['connection']} {frame['kind']}"
        yield {"name": subject, "fullyQualifiedName": subject, "kind": "message"}
    elif exchanges:
        operation = exchanges[-1]["operation"]
        side = "request" if role == "agent" else "answer"
        subject = f"{operation}/{side}"
        yield {"name": operation, "fullyQualifiedName": operation, "kind": "operation"}
    else:
        return
    for pointer in evidence.get("pointers", []):
        steps = json_pointer.parse(pointer)
        name = steps[-1] if steps else "(whole body)"
        yield {"name": name, "fullyQualifiedName": f"{subject}{pointer}", "kind": "value"}


def _web(exchange: Mapping[str, Any], limit: int) -> dict[str, Any]:
    request, response = exchange["request"], exchange["response"]
    answer: dict[str, Any] = {"noResponseReceived": True}
    if response is not None:
        answer = {
            "statusCode": response["status"],
            "reasonPhrase": response.get("code") or phrase(response["status"]),
            **_message(response, limit),
        }
    return {
        "webRequest": {
            "protocol": _scheme(request["url"]),
            "method": request["method"],
            "target": request["url"],
            **_message(request, limit),
        },
        "webResponse": answer,
    }


def _message(side: Mapping[str, Any], limit: int) -> dict[str, Any]:
    headers: dict[str, str] = {}
    for name, value in header_pairs(side["headers"]):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    text = shorten(said(side["body"]), limit)
    return {"headers": headers, **({"body": {"text": text}} if text else {})}


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme or "http"
    except ValueError:  # an agent may ask for anything
        return "http"


def _invocation(run: Run) -> dict[str, Any]:
    start, stop = span(run)
    return {
        "executionSuccessful": run.complete and not run.faults,
        "exitCode": run.exit_code,
        "exitCodeDescription": run.verdict,
        "commandLine": run.header["command"],
        "startTimeUtc": iso(start),
        "endTimeUtc": iso(stop),
        "toolExecutionNotifications": [_notification(trouble) for trouble in troubles(run)],
    }


def _notification(trouble: Trouble) -> dict[str, Any]:
    detail = {"exception": {"message": printable(trouble.detail)}} if trouble.detail else {}
    return {
        "level": "error",
        "message": {"text": printable(f"{trouble.name}: {trouble.message}")},
        **detail,
    }
