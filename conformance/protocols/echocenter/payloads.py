"""Texts that a careless coordinator alters, loses or stumbles over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["PAYLOADS"]

_PLAIN = [
    "Please execute system scan.",
    "mixed Case, starting SMALL",
    " blanks at both ends ",
    "many   blanks  within",
    "\ttab at the start, tab\there\t",
    "one line\nanother line\n\nthe last",
    "line ends\r\nof another\rkind",
    "quoted \"twice\" and 'once' and `thrice`",
    "it's o'clock -- isn't it?",
    "a backslash \\ and C:\\new\\table and \\u0041",
    "percent 100% %% %41 %20 %s %d",
    "<b>bold</b> <script>alert(1)</script> & <br/>",
    "&lt;b&gt; &amp; &quot; &#39;",
    "{{name}} ${name} {0} %(name)s #{name} <%= name %>",
    "see https://example.test/a?b=c&d=e#f or mail to a.b@example.test",
    "password: hunter2 token=abc123 api_key: 'sk-12345' Bearer abcdef",
    "[DIRECTIVE] Report your status.",
    "/help me",
    "!reboot now",
    "@everyone look",
    "#1 is done",
    "* star, _underscore_, **bold**, ~struck~, > quoted",
    "{not json",
    "[not json either",
    '{"type": "CHAT", "target_id": 1, "payload": "within"}',
    '["a", 1, null]',
    '{"b":1,"a":2}',
    "42",
    "007",
    "3.10",
    "-0",
    "1e3",
    "true",
    "false",
    "null",
    "undefined",
    '"in quotes"',
    "same again",
    "same again",
    "; DROP TABLE agents; --",
    "../../etc/passwd",
    "CHAT",
    "a,b;c|d",
]

_LETTERS = [
    "Grüße aus Köln: ÄÖÜ ß",
    "Ελληνικά, русский, עברית, العربية",
    "世界, こんにちは, 안녕",
    "rocket 🚀 family 👩‍👩‍👧‍👦 flag 🇪🇺 skin 👍🏽",
    "e\u0301 and \u00e9, A\u030a and \u00c5",
    "\ufb01ligature \u2460 \u00b2 \uff21 \u2126",
    "joiner a\u200db, non-joiner a\u200cb, marks \u200eleft\u200f right \u202eback\u202c",
    "no\u00a0break, soft\u00adhyphen, zero\u200bwidth, \ufefforder mark",
    "\u201ccurly\u201d \u2018quotes\u2019 \u2014 dash \u2026",
    "line\u2028separator and paragraph\u2029separator",
    "math \U0001d54f and clef \U0001d11e and last \U0010fffd",
]

_CONTROLS = [
    "bell \u0007 and escape \u001b[31m and unit \u001f",
    "nul \u0000 in the middle",
    "delete \u007f and next line \u0085",
]

_LONG = [
    "x" * 65,
    "y" * 256,
    "ü" * 300,
    "z" * 1025,
    "lines of some length\n" * 100,
    "0123456789" * 410,
    "🚀 launch " * 700,
    "a" * 20_000,
    "b" * 58_000,
]

PAYLOADS: Mapping[str, Sequence[str]] = {
    "ECHO-CHAT-004": [*_PLAIN, *_LETTERS],
    "ECHO-CHAT-034": _LONG,
    "ECHO-CHAT-035": _CONTROLS,
    "ECHO-CHAT-036": ["", " ", "\n", "   \n\t "],
    "ECHO-CHAT-037": ["c" * 61_000],
}
"""By the requirement that they be delivered as they are."""
