"""Bodies as bytes: JSON in the style's hand, and multipart forms. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from tests.mutants.caxton_agents.model import Draft, Encoding, Form, Json

__all__ = ["content_type", "encoded", "multipart"]


def encoded(body: Json, encoding: Encoding, rng: Random) -> str:
    """``body`` as JSON text."""
    if encoding.shuffled and isinstance(body, Mapping):
        names = list(body)
        rng.shuffle(names)
        body = {name: body[name] for name in names}
    return json.dumps(body, indent=encoding.indent, separators=encoding.separators)


def content_type(form: Form) -> str:
    """The header that goes with a form."""
    boundary = form.boundary if form.announced is None else form.announced
    return f"multipart/{form.subtype}" + (f"; boundary={boundary}" if boundary else "")


def multipart(draft: Draft, form: Form, text: str) -> bytes:
    """Both parts, ``text`` being the config where the form has no other."""
    end = form.newline.encode()
    config = text if form.config_text is None else form.config_text
    file = f'; filename="{form.filename}"' if form.filename else ""
    wasm = _part(form, f'name="{form.wasm_name}"{file}', form.wasm_type, draft.wasm or b"")
    plain = _part(form, f'name="{form.config_name}"', form.config_type, config.encode())
    parts = [wasm] * form.wasm_times + [plain] * form.config_times
    if not form.wasm_first:
        parts.reverse()
    last = b"--" + form.boundary.encode() + b"--" + end if form.finished else b""
    return b"".join(parts) + last


def _part(form: Form, names: str, kind: str, data: bytes) -> bytes:
    lines = [f"--{form.boundary}"]
    if form.dispositions:
        lines.append(f"Content-Disposition: form-data; {names}")
    if kind:
        lines.append(f"Content-Type: {kind}")
    return form.newline.join([*lines, "", ""]).encode() + data + form.newline.encode()
