"""A form (RFC 7578) with some of its parts changed: the others stay as they came."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["form_with"]

_NAME = re.compile(rb'(?i)(content-disposition:[^\r\n]*?\bname=)"?([^";\r\n]*)"?')


def form_with(
    body: bytes, label: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> bytes:
    """`label` is the form's Content-Type. A part whose value `after` is what it was `before` stays,
    one that is there no more goes, and a name that was not there takes a part that went.
    """
    found = re.search(r'(?i)boundary="?([^";]+)"?', label)
    mark = b"--" + (found[1] if found else "").encode()
    lead, *parts, tail = body.split(mark)
    new = [name for name in after if name not in before]
    kept = [changed for part in parts if (changed := _part(part, before, after, new)) is not None]
    return mark.join([lead, *kept, tail])


def _part(
    part: bytes, before: Mapping[str, Any], after: Mapping[str, Any], new: list[str]
) -> bytes | None:
    head, gap, content = part.partition(b"\r\n\r\n")
    found = _NAME.search(head)
    name = found[2].decode("utf-8", "replace") if found else ""
    if name not in before or (name in after and after[name] == before[name]):
        return part
    if name in after:
        return head + gap + _written(after[name], before[name], content) + b"\r\n"
    if not new:
        return None
    other = f'\\g<1>"{new.pop(0)}"'.encode()
    return _NAME.sub(other, head, count=1) + gap + content


def _written(value: Any, before: Any, content: bytes) -> bytes:
    if not isinstance(value, str):
        return json.dumps(value).encode()
    if (
        isinstance(before, str)
        and base64.b64encode(content.removesuffix(b"\r\n")).decode() == before
    ):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            return value.encode()
    return value.encode("utf-8", "surrogatepass")
