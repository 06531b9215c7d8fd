"""Forms to the letter: the ways in which RFC 7578 lets them be written, and broken ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.protocols.caxton.client import WASM

__all__ = ["Form", "Part", "broken_forms", "config_part", "wasm_part", "write"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part. Without `label` it says no content type, without `file` it is no file."""

    name: str
    data: bytes
    label: str = ""
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """The bytes of a form, and the header that goes with them."""

    raw: bytes
    label: str

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": self.label}


def wasm_part(module: bytes = WASM, label: str = "application/octet-stream") -> Part:
    return Part(name="wasm", data=module, label=label, file="agent.wasm")


def config_part(config: Any, label: str = "") -> Part:
    return Part(name="config", data=json.dumps(config).encode(), label=label)


def write(parts: Sequence[Part], boundary: str = "assay-parts") -> Form:
    """The form of these parts, in their order."""
    raw = b"".join(_head(boundary, part) + part.data + b"\r\n" for part in parts)
    raw += f"--{boundary}--\r\n".encode()
    quoted = boundary if boundary.replace("-", "").isalnum() else f'"{boundary}"'
    return Form(raw=raw, label=f"multipart/form-data; boundary={quoted}")


def _head(boundary: str, part: Part) -> bytes:
    file = f'; filename="{part.file}"' if part.file else ""
    label = f"\r\nContent-Type: {part.label}" if part.label else ""
    lines = f'--{boundary}\r\nContent-Disposition: form-data; name="{part.name}"{file}{label}'
    return f"{lines}\r\n\r\n".encode()


def broken_forms(config: Any) -> Mapping[str, Form]:
    """Forms that cannot be understood, or hold nothing that is wanted, by what is wrong."""
    good = write([wasm_part(), config_part(config)])
    other = write([Part(name="cargo", data=b"tea"), Part(name="hold", data=b"2")])
    return {
        "without a boundary in its label": Form(raw=good.raw, label="multipart/form-data"),
        "with another boundary than it says": Form(
            raw=good.raw, label="multipart/form-data; boundary=other"
        ),
        "without parts": write([]),
        "without a byte": Form(raw=b"", label=good.label),
        "with no part that is known": other,
        "that breaks off": Form(raw=good.raw[: len(good.raw) // 4], label=good.label),
        "labelled as text": Form(raw=good.raw, label="text/plain"),
        "labelled as JSON": Form(raw=good.raw, label="application/json"),
    }
