"""Requests and answers of a record, in the terms of formats that know HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

__all__ = ["header_pairs", "phrase", "said"]


def header_pairs(headers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A pair for each header line; a header that came more than once has a list of values."""
    return [
        (name, said(value))
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]


def phrase(status: int) -> str:
    """What a status is called; empty where nobody calls it anything."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a peer may answer any number
        return ""


def said(body: Any) -> str:
    """A body or value as text: the record holds JSON as data. Empty where nothing was said."""
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
