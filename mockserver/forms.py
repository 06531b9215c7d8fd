"""Forms as multipart/form-data (RFC 7578)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["write_form"]


def write_form(form: Mapping[str, Any]) -> tuple[bytes, str]:
    """The bytes of a form and their Content-Type.

    Bytes are a file, text is a field, anything else is a field of JSON, as `curl -F` sends them.
    """
    parts: list[bytes] = []
    for name, part in form.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(part, bytes):
            head += f'; filename="{name}.bin"\r\nContent-Type: application/octet-stream'
            data = part
        else:
            text = part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
            data = text.encode("utf-8", "surrogatepass")
        parts.append(f"{head}\r\n\r\n".encode() + data)
    # No part can hold the digest of all.
    boundary = f"assay-{hashlib.sha256(b''.join(parts)).hexdigest()[:24]}"
    mark = f"--{boundary}".encode()
    said = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return said + mark + b"--\r\n", f"multipart/form-data; boundary={boundary}"
