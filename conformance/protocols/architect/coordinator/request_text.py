"""Requests as bytes, for frames that no library would make of them."""

from __future__ import annotations

import json

from conformance.protocols.architect.dialogue import new_token
from conformance.protocols.architect.replies import Request

__all__ = ["request_text"]


def request_text(size: int = 0, text: str = "") -> tuple[Request, bytes]:
    """A request and its text, of so many bytes if possible: spaces make no difference in JSON."""
    request = Request(action="list_actions", token=new_token() + text)
    data = json.dumps(request.payload(), ensure_ascii=False).encode()
    return request, data + b" " * (size - len(data))
