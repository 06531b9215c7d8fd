"""One file of HTML that needs nothing else: its style and its script stand in it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from reports.text import plural, printable, shorten

__all__ = ["page", "piece"]

_TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, *, style: str, script: str = "", **values: Any) -> str:
    """The page of that template. Every text among the `values` is escaped and stripped of controls.

    The page's own policy runs no other script or style than the two files.
    """
    css = (_TEMPLATES / style).read_text("utf-8")
    code = (_TEMPLATES / script).read_text("utf-8") if script else ""
    scripts = _digest(code) if script else "'none'"
    policy = f"default-src 'none'; style-src {_digest(css)}; script-src {scripts}"
    return (
        _environment()
        .get_template(template)
        .render(
            **values,
            style=Markup(css),  # noqa: S704  # a file of ours, as is the next
            script=Markup(code),  # noqa: S704
            policy=f"{policy}; base-uri 'none'; form-action 'none'",
        )
    )


def piece(template: str, **values: Any) -> Markup:
    """A part of a page, which may be put into one as it is."""
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704  # escaped


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
    )
    environment.filters["plural"] = plural
    environment.filters["shorten"] = shorten
    return environment


def _harmless(value: Any) -> Any:
    """Escaping is left to Jinja; this takes out what shows as something that it is not."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
