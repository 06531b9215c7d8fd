"""What was said on WebSockets, as HAR readers have it: with the handshake that opened them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reports.http import said

__all__ = ["Opening", "joined", "messages", "openings"]

_OPCODES = {"text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The handshake of a connection; `status` is 0 where the record does not tell it."""

    url: str
    headers: Mapping[str, Any]
    status: int
    answer_headers: Mapping[str, Any]
    comment: str


def joined(exchanges: Sequence[Raw], connections: Sequence[str]) -> dict[int, str]:
    """Which exchange opened which connection, by its index.

    A record does not say that: it is plain where there are as many handshakes as connections.
    """
    opened = [
        index
        for index, exchange in enumerate(exchanges)
        if (exchange["response"] or {}).get("status") == 101
    ]
    return dict(zip(opened, connections, strict=True)) if len(opened) == len(connections) else {}


def openings(evidence: Raw, peer: str) -> Mapping[str, Opening]:
    """The handshakes that the finding's story tells of, by connection; else what is known anyway.

    `peer` is the URL of the peer, empty where it has none.
    """
    found: dict[str, Opening] = defaultdict(lambda: _unknown(peer))
    for step in (evidence.get("story") or {}).get("steps", []):
        if step["is"] == "opening" and step.get("connection"):
            found[step["connection"]] = Opening(
                url=_socket(peer) + step.get("path", "/"),
                headers=step.get("headers", {}),
                status=step.get("status", 0),
                answer_headers=step.get("answer_headers", {}),
                comment=step.get("channel", "") or step.get("operation", ""),
            )
    return found


def messages(frames: Sequence[Raw], connection: str, role: str, opened: float) -> dict[str, Any]:
    """The fields of an entry that hold what was said on a connection.

    `role` is who is judged: the other side is ours. `opened` is when, in milliseconds since 1970.
    """
    client = "peer" if role == "agent" else "assay"
    return {
        "_resourceType": "websocket",
        "connection": connection,
        "_webSocketMessages": [
            {
                "type": "send" if frame["sender"] == client else "receive",
                "time": round(opened / 1000 + frame["seconds"], 6),
                "opcode": _OPCODES.get(frame["kind"], 0),
                "data": said(frame["body"]),
                **({} if frame["kind"] in _OPCODES else {"_kind": frame["kind"]}),
            }
            for frame in frames
            if frame["connection"] == connection
        ],
    }


def _unknown(peer: str) -> Opening:
    return Opening(
        url=f"{_socket(peer)}/",
        headers={},
        status=0,
        answer_headers={},
        comment="its handshake is not in the record",
    )


def _socket(url: str) -> str:
    """The URL of a peer as one of WebSockets, without a slash at its end."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "ws://unknown.invalid"
    if not parts.netloc:
        return "ws://unknown.invalid"
    scheme = "wss" if parts.scheme in ("https", "wss") else "ws"
    return parts._replace(scheme=scheme, query="", fragment="").geturl().rstrip("/")
