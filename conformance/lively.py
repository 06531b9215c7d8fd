"""Text that is perfectly lawful, and that careless programs trip over all the same."""

from __future__ import annotations

__all__ = ["LIVELY"]

LIVELY: tuple[str, ...] = (
    "Grüße, 世界 🌍",
    "{braces} {0} {{}}",
    "100 % %s %(name)s %n",
    'it\'s "quoted" `thrice`',
    "line\nbreak\r\nand\ttab",
    "back\\slash /slash/ \\u0041",
    "<b>markup</b> &amp; &",
    "'; DROP TABLE agents; --",
    " ",
    "",
    "null",
    "long " * 400,
)
