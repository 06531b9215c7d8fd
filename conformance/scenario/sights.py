"""What an exchange or a message shows to the expressions of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.exchange import MISSING, Exchange
from conformance.frames import Frame
from mockserver.scenario.acts import Sight
from mockserver.scenario.asking import Ask
from schemas.arazzo.expressions import NOTHING, Said

__all__ = ["sight_of_exchange", "sight_of_frame"]


def sight_of_exchange(exchange: Exchange, asked: Ask) -> Sight:
    """Bodies that are no JSON are seen as text."""
    return Sight(
        url=exchange.url,
        method=exchange.method,
        status=NOTHING if exchange.status is None else exchange.status,
        request=Said(
            headers=exchange.headers,
            query=dict(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)),
            path=asked.path,
            body=asked.body,
        ),
        response=Said(headers=exchange.answer_headers, body=_body(exchange)),
    )


def sight_of_frame(
    frame: Frame, status: Any = NOTHING, path: Mapping[str, str] | None = None
) -> Sight:
    """`status` is that of the handshake before it."""
    body = NOTHING if frame.json is MISSING else frame.json
    said = Said(body=body)
    return Sight(status=status, request=Said(path=path or {}), message=said)


def _body(exchange: Exchange) -> Any:
    if exchange.json is not MISSING:
        return exchange.json
    return exchange.answer.decode("utf-8", "replace") if exchange.answer else NOTHING
