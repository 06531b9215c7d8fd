"""What the transcript of a mock shows to the expressions of a scenario. Pure."""

from __future__ import annotations

from typing import Any

import orjson

from mockserver.passage import first_of_each
from mockserver.scenario.acts import Sight
from mockserver.transcript import Frame, HttpExchange
from schemas.arazzo.expressions import NOTHING, Said

__all__ = ["body_of", "sight_of", "sight_of_message"]


def sight_of(exchange: HttpExchange) -> Sight:
    """Of a request and what it was answered; nothing of the answer where there was none."""
    query = f"?{exchange.query}" if exchange.query else ""
    return Sight(
        url=exchange.path + query,
        method=exchange.method,
        status=exchange.status or NOTHING,
        request=Said(
            headers={name.lower(): value for name, value in exchange.headers.items()},
            query=first_of_each(exchange.query) if exchange.query else {},
            path=exchange.parameters,
            body=body_of(exchange.body) if exchange.said is None else exchange.said,
        ),
        response=Said(
            headers={name.lower(): value for name, value in exchange.answer_headers.items()},
            body=body_of(exchange.answer),
        ),
    )


def sight_of_message(frame: Frame) -> Sight:
    return Sight(status=101, message=Said(body=body_of(frame.data)))


def body_of(data: bytes) -> Any:
    """As expressions see it: JSON, a text where it is none, and nothing where there is none."""
    if not data:
        return NOTHING
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return data.decode("utf-8", "backslashreplace")
