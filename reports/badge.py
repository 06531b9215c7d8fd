"""A badge of a certificate: a small picture, or what shields.io draws one from."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from reports.certificate import Certificate
from reports.text import printable, shorten

__all__ = ["shields_badge", "svg_badge"]

_LABEL = "#555"
_COLOURS = {"full": "#2e7d32", "core": "#1565c0"}
"""Both bear white text at a contrast above 4.5 to 1."""

_SHIELDS = {"full": "brightgreen", "core": "blue"}
_LONGEST = 60
_NARROW = frozenset("fijlrt.,:;'|!()[] -")
_PADDING = 6


def svg_badge(certificate: Certificate) -> bytes:
    """An SVG file, readable by itself: its size in pixels follows from its words."""
    label, message = _words(certificate)
    left, right = _width(label), _width(message)
    whole = escape(f"{label}: {message}", {'"': "&quot;"})
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"\
 aria-label="{whole}">
<title>{escape(_sentence(certificate))}</title>
<rect width="{left}" height="20" fill="{_LABEL}"/>
<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[certificate.level]}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
{_text(label, left / 2, left)}
{_text(message, left + right / 2, right)}
</g>
</svg>
""".encode()


def shields_badge(certificate: Certificate) -> bytes:
    """JSON for the endpoint badge of shields.io."""
    label, message = _words(certificate)
    said = {
        "schemaVersion": 1,
        "label": label,
        "message": message,
        "color": _SHIELDS[certificate.level],
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"


def _words(certificate: Certificate) -> tuple[str, str]:
    """A badge stays where it was put: so it names the day from which it says nothing any more."""
    peer = shorten(printable(f"{certificate.peer.name} {certificate.peer.version}"), _LONGEST)
    day = certificate.expires[:10]
    label = f"Assay {certificate.protocol} {certificate.revision}"
    return label, f"{peer}: {certificate.role} {certificate.level} until {day}"


def _sentence(certificate: Certificate) -> str:
    peer = printable(f"{certificate.peer.name} {certificate.peer.version}")
    counts = certificate.counts
    return (
        f"{peer}, {certificate.role} of {certificate.protocol} {certificate.revision}, level "
        f"{certificate.level}: {counts['pass']} passed, {counts['warn']} warned, "
        f"{counts['inconclusive']} inconclusive. Tested {certificate.tested[:10]}, valid until "
        f"{certificate.expires[:10]}, key and record by assay verify."
    )


def _text(words: str, middle: float, width: int) -> str:
    # textLength: whatever the reader's font is, the words stay within their field.
    inner = width - 2 * _PADDING
    return f'<text x="{middle:g}" y="14" textLength="{inner}">{escape(words)}</text>'


def _width(words: str) -> int:
    """Pixels that 11 px Verdana takes, near enough, with the room at both sides."""
    return round(sum(4.2 if char in _NARROW else 7.2 for char in words)) + 2 * _PADDING
