"""HAR 1.2: the traffic behind every finding, for browsers' network panels and other readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from reports.files import write_pieces
from reports.har_sockets import Opening, joined, messages, openings
from reports.http import header_pairs, phrase, said
from reports.json_pieces import json_pieces
from reports.outcome import Found
from reports.run import Run
from reports.text import printable
from reports.times import iso, milliseconds

__all__ = ["har", "write_har"]

_UNKNOWN = -1  # HAR's own word for a size that nobody told


def har(run: Run) -> dict[str, Any]:
    """The log as data for `json_pieces`: its pages and entries are iterators.

    A page for each finding, entries for its exchanges and, with `_webSocketMessages` as browsers
    write them, for its connections. The record tells how long an answer took and when a verdict
    fell: when an exchange began is counted back from there.
    """
    header = run.header
    doubts = "".join(f" {sentence}" for sentence in run.doubts)
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "assay", "version": header["assay"]},
            "comment": f"Findings of run {header['run']} about {header['peer']['name']}.{doubts}",
            "pages": (_page(found, run) for found in run.findings if found.check.evidence),
            "entries": (entry for found in run.findings for entry in _entries(found, run)),
        }
    }


def write_har(run: Run, path: Path) -> None:
    """Writes the log, whole or not at all. Raises `OSError`."""
    write_pieces(path, json_pieces(har(run)))


def _page(found: Found, run: Run) -> dict[str, Any]:
    began = _began(found, run)
    return {
        "startedDateTime": iso(began),
        "id": found.name,
        "title": printable(f"{found.name} {found.check.verdict}: {found.check.message}"),
        "pageTimings": {},
    }


def _began(found: Found, run: Run) -> float:
    exchanges = (found.check.evidence or {}).get("exchanges", [])
    fell = milliseconds(found.check.at, milliseconds(run.header["started"]))
    return fell - sum(float(exchange["seconds"]) for exchange in exchanges) * 1000


def _entries(found: Found, run: Run) -> Iterator[dict[str, Any]]:
    evidence = found.check.evidence or {}
    exchanges = evidence.get("exchanges", [])
    frames = evidence.get("frames", [])
    role = run.header["role"]
    connections = list(dict.fromkeys(frame["connection"] for frame in frames))
    at = joined(exchanges, connections)
    began = _began(found, run)
    for number, exchange in enumerate(exchanges):
        entry = _entry(exchange, began, found.name)
        began += exchange["seconds"] * 1000
        if number in at:
            entry |= messages(frames, at[number], role, began)
        yield entry
    fell = milliseconds(found.check.at, milliseconds(run.header["started"]))
    known = openings(evidence, run.header["peer"].get("url", ""))
    for name in connections:
        if name not in at.values():
            lasted = max(frame["seconds"] for frame in frames if frame["connection"] == name)
            opened = fell - lasted * 1000
            entry = _entry(_handshake(name, known), opened, found.name)
            yield entry | messages(frames, name, role, opened)


def _handshake(name: str, known: Mapping[str, Opening]) -> dict[str, Any]:
    """The opening of a connection as an exchange, as far as the record tells of it."""
    opening = known[name]
    status = opening.status or 101  # what was said on it, was said after it had been opened
    return {
        "operation": opening.comment,
        "request": {"method": "GET", "url": opening.url, "headers": opening.headers, "body": None},
        "response": {"status": status, "headers": opening.answer_headers, "body": None},
        "failure": None,
        "seconds": 0,
    }


def _entry(exchange: Mapping[str, Any], began: float, page: str) -> dict[str, Any]:
    request, response = exchange["request"], exchange["response"]
    took = round(exchange["seconds"] * 1000, 3)
    failure = {} if response else {"_error": exchange["failure"] or "nothing was recorded"}
    return {
        "pageref": page,
        "startedDateTime": iso(began),
        "time": took,
        "request": _request(request),
        "response": _response(response) | failure,
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "comment": exchange["operation"],
    }


def _request(request: Mapping[str, Any]) -> dict[str, Any]:
    headers = _headers(request["headers"])
    text = said(request["body"])
    posted = {"postData": {"mimeType": _type(headers, request["body"]), "text": text}}
    return {
        "method": request["method"],
        "url": request["url"],
        "httpVersion": _version(request),
        "cookies": [],
        "headers": headers,
        "queryString": _query(request["url"]),
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN if text else 0,
        **(posted if text else {}),
    }


def _response(response: Mapping[str, Any] | None) -> dict[str, Any]:
    """An answer; status 0 where there was none, as browsers have it."""
    response = response or {"status": 0, "headers": {}, "body": None}
    headers = _headers(response["headers"])
    text = said(response["body"])
    kept = {"text": text} if text else {}
    places = [each["value"] for each in headers if each["name"].lower() == "location"]
    return {
        "status": response["status"],
        "statusText": response.get("code") or phrase(response["status"]),
        "httpVersion": "unknown",
        "cookies": [],
        "headers": headers,
        "content": {
            "size": len(text.encode()),
            "mimeType": _type(headers, response["body"]),
            **kept,
        },
        "redirectURL": places[0] if places else "",
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }


def _headers(headers: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in header_pairs(headers)]


def _type(headers: Sequence[Mapping[str, str]], body: Any) -> str:
    for each in headers:
        if each["name"].lower() == "content-type":
            return each["value"]
    return "text/plain" if isinstance(body, str) else "application/json"


def _query(url: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:  # an agent may ask for anything
        return []
    return [{"name": name, "value": value} for name, value in pairs]


def _version(request: Mapping[str, Any]) -> str:
    return "HTTP/2" if request["method"] == "RPC" else "unknown"
