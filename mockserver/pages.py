"""The page at `/docs`: every operation of a protocol, each to be tried out. Needs no network."""

from __future__ import annotations

import html
from pathlib import Path

import orjson

from schemas.spec import Operation, Protocol

__all__ = ["documentation_page"]

_TEMPLATE = Path(__file__).parent / "docs.html"


def documentation_page(protocol: Protocol) -> bytes:
    """The whole page as UTF-8."""
    cards = "\n".join(_card(operation) for operation in protocol)
    page = _TEMPLATE.read_text("utf-8")
    for name, value in {
        "{title}": html.escape(protocol.title),
        "{summary}": html.escape(protocol.summary),
        "{version}": html.escape(protocol.version),
        "{cards}": cards,
    }.items():
        page = page.replace(name, value)
    return page.encode()


def _card(operation: Operation) -> str:
    example = operation.request_example
    body = "" if example is None else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    editor = (
        f'<label>Body<textarea rows="8" spellcheck="false">{html.escape(body)}</textarea></label>'
        if operation.request is not None
        else ""
    )
    inputs = "".join(
        f'<label>{html.escape(name)}<input name="{html.escape(name)}" required></label>'
        for name in operation.parameters
    )
    return (
        f'<details data-method="{operation.method}" data-path="{html.escape(operation.path)}">'
        f"<summary><b>{operation.method}</b> <code>{html.escape(operation.path)}</code> "
        f"{html.escape(operation.summary)}</summary>"
        f"<form>{inputs}{editor}<button>Send</button><pre aria-live=polite></pre></form></details>"
    )
