"""The certificates that an agent was given, as the answers to it show them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mockserver.transcript import HttpExchange

__all__ = ["Paper", "paper_of", "shown_by"]

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One certificate: its bytes (DER), the exchange that brought it, and when it ends.

    `given` is on the machine's monotonic clock, as `expires` is, so that both compare with what
    the transcript says.
    """

    der: bytes
    given: float
    expires: float
    source: HttpExchange


def paper_of(heard: HttpExchange, said: Any) -> Paper | None:
    """The certificate in the `certificate` of a registration or in a `certificateRenewal`."""
    if not isinstance(said, dict) or not isinstance(said.get("cert"), str):
        return None
    der = _der(said["cert"])
    if der is None:
        return None
    expires = heard.real + _seconds(said.get("expiresAt")) - heard.at
    return Paper(der=der, given=heard.real, expires=expires, source=heard)


def shown_by(heard: HttpExchange, papers: Sequence[Paper]) -> Paper | None:
    """Which of them came with a request."""
    return next((paper for paper in papers if paper.der == heard.certificate), None)


def _der(pem: str) -> bytes | None:
    begin, end = pem.find(_BEGIN), pem.find(_END)
    if begin < 0 or end < 0:
        return None
    try:
        return base64.b64decode("".join(pem[begin + len(_BEGIN) : end].split()), validate=True)
    except binascii.Error:
        return None


def _seconds(said: Any) -> float:
    """Seconds since 1970; without end where no time is told."""
    try:
        told = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return float("inf")
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
