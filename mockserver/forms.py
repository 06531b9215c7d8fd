"""Forms as multipart/form-data (RFC 7578)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

__all__ = ["write_form"]


def write_form(form: Mapping[str, Any]) -> tuple[bytes, str]:
    """The bytes of a form and their Content-Type.

    Bytes are a file, text is a field, anything else is a field of JSON, as `curl -F` sends them.
    """
    boundary = f"assay-{secrets.token_hex(12)}"
    lines: list[bytes] = []
    for name, part in form.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(part, bytes):
            head += f'; filename="{name}.bin"\r\nContent-Type: application/octet-stream'
            data = part
        else:
            text = part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
            data = text.encode("utf-8", "surrogatepass")
        lines += [f"--{boundary}\r\n{head}\r\n\r\n".encode(), data, b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode())
    return b"".join(lines), f"multipart/form-data; boundary={boundary}"
