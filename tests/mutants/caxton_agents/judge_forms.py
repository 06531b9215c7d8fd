"""What is wrong with a multipart body, read as strictly as the standard allows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.mutants.caxton_agents.judge_fields import body_complaints
from tests.mutants.caxton_agents.reading import Complaint, plain, suspected
from tests.mutants.caxton_agents.record import Seen

__all__ = ["form_complaints"]

_HEADER = re.compile(r'multipart/form-data; ?boundary=("[^"]{1,70}"|[^\s";]{1,70})')
_NAME = re.compile(r'content-disposition: form-data;.*\bname="([^"]*)"', re.IGNORECASE)


def form_complaints(seen: Seen) -> Iterator[Complaint]:
    """What is wrong with the form of a deployment or a reload."""
    what = seen.what
    assert what is not None
    header = seen.header("Content-Type") or ""
    match = _HEADER.fullmatch(header)
    if match is None:
        yield plain(f"{what.value}: content type {header!r}")
        return
    parts = _parts(seen.body, match[1].strip('"').encode())
    if parts is None:
        yield plain(f"{what.value}: no multipart body of that boundary")
        return
    names = [name for name, _ in parts]
    for name in ("wasm", "config"):
        if names.count(name) != 1:
            # What is there twice is not forbidden, and nobody knows which one counts.
            heavy = suspected if names.count(name) else plain
            yield heavy(f"{what.value}: {names.count(name)} parts called {name}")
    for name, data in parts:
        if name == "wasm" and not data.startswith(b"\0asm"):
            yield plain(f"{what.value}: no WebAssembly: {data[:12]!r}")
        elif name == "wasm" and data[4:8] != b"\1\0\0\0":
            yield suspected(f"{what.value}: WebAssembly of version {data[4:8]!r}")
        if name == "config":
            yield from body_complaints(what, _json(data))


def _parts(body: bytes, boundary: bytes) -> list[tuple[str, bytes]] | None:
    first, last = b"--" + boundary + b"\r\n", b"\r\n--" + boundary + b"--"
    if not body.startswith(first) or not body.rstrip(b"\r\n").endswith(last):
        return None
    found = []
    inner = body.rstrip(b"\r\n").removesuffix(last).removeprefix(first)
    for part in inner.split(b"\r\n" + first):
        head, empty, data = part.partition(b"\r\n\r\n")
        match = _NAME.search(head.decode("latin-1"))
        if not empty:
            return None
        found.append((match[1] if match else "", data))
    return found


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data
