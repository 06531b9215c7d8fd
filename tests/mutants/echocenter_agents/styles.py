"""The lawful styles: different lives, none of which breaks a word of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tests.mutants.echocenter_agents.dialing import in_disguise, token_only
from tests.mutants.echocenter_agents.enrolment import form
from tests.mutants.echocenter_agents.model import LEVELS, Encoding, LinkKind, Loss, Style
from tests.mutants.echocenter_agents.replies import (
    constant,
    counted,
    directive,
    echo,
    empty,
    long,
    named,
    streamed,
    uuid,
)
from tests.mutants.echocenter_agents.wire import Habits

__all__ = ["STYLES"]

_ALL_LEVELS: Final = tuple((level, f"this is how {level} looks") for level in LEVELS)

_PLAIN: Final = Style(
    name="plain",
    summary="one log at the start, one CHAT for each instruction, comes back after a loss",
    answer=echo,
    address=token_only,
)
_RAW: Final = replace(
    _PLAIN,
    name="raw",
    summary="as plain, by a client of our own; checks all that RFC 6455 lets a client check",
    link=LinkKind.RAW,
)
_STREAM: Final = replace(
    _PLAIN,
    name="stream",
    summary="several chunks, a CHAT with the whole text, an END without payload; UUIDs",
    answer=streamed(uuid, count=4),
)

_VARIANTS: Final = (
    replace(
        _PLAIN,
        name="example",
        summary="blocking client; always the same words, one instruction after the other",
        link=LinkKind.SYNC,
        answer=constant("Roger that!"),
        serial=True,
        hello=(("SUCCESS", "Agent Online"),),
    ),
    replace(
        _PLAIN,
        name="aiohttp",
        summary="as plain, by aiohttp",
        link=LinkKind.AIOHTTP,
    ),
    replace(
        _STREAM,
        name="stream_rest",
        summary="the final CHAT holds only the last piece, numbered streams, END with ''",
        answer=streamed(counted, count=3, last="rest", ending={"payload": ""}, gap=0.03),
    ),
    replace(
        _STREAM,
        name="stream_single",
        summary="a single chunk, then the whole; END repeats the whole; readable stream ids",
        answer=streamed(named, count=1, ending={"payload": "{whole}"}),
    ),
    replace(
        _STREAM,
        name="stream_again",
        summary="forty chunks, the final CHAT repeats the last of them; END with null",
        link=LinkKind.AIOHTTP,
        answer=streamed(uuid, count=40, last="again", ending={"payload": None}),
    ),
    replace(
        _STREAM,
        name="interleaved",
        summary="streams slowly, to several senders at the same time; logs while it works",
        answer=streamed(named, count=6, gap=0.06),
        acknowledges=True,
        log_every=0.5,
    ),
    replace(_PLAIN, name="slow", summary="thinks for 1.5 s, about everybody at once", think=1.5),
    replace(
        _PLAIN,
        name="serial",
        summary="thinks for 0.1 s, one instruction after the other",
        serial=True,
        think=0.1,
        link=LinkKind.SYNC,
    ),
    replace(
        _PLAIN,
        name="busy_logger",
        summary="a log of some level each 0.2 s",
        log_every=0.2,
    ),
    replace(_PLAIN, name="levels", summary="starts with a log of each level", hello=_ALL_LEVELS),
    replace(_PLAIN, name="unlogged", summary="has nothing to report: no logs at all", hello=()),
    replace(
        _PLAIN,
        name="chatty",
        summary="acknowledges each instruction in a log, then answers by one CHAT",
        acknowledges=True,
        think=0.05,
        hello=(*_ALL_LEVELS, ("INFO", "ready \u2713")),
    ),
    replace(
        _PLAIN,
        name="extras",
        summary="more fields in everything it sends than the document shows",
        extras={
            "version": 2,
            "meta": {"trace": ["a", None, 1.5], "": "\U0001f916"},
            "priority": None,
        },
        headers=(("X-Agent", "extras"), ("User-Agent", "extras/0")),
    ),
    replace(
        _PLAIN,
        name="own_types",
        summary="also sends messages of types that the document does not know",
        also=(
            {"type": "PRESENCE", "payload": {"state": "ready"}},
            {"type": "METRICS", "cpu": 0.25, "payload": [1, 2, 3]},
        ),
    ),
    replace(
        _PLAIN,
        name="envelope",
        summary="writes out a whole envelope with zero values, as typed languages do",
        extras={
            "id": 0,
            "local_id": "",
            "sender_id": 0,
            "sender_name": "",
            "sender_role": "",
            "timestamp": "0001-01-01T00:00:00Z",
        },
        encoding=Encoding(separators=(",", ":")),
    ),
    replace(
        _PLAIN,
        name="pretty",
        summary="indented JSON in white space, members in any order, characters unescaped",
        encoding=Encoding(indent=4, ascii_only=False, shuffled=True, around="\r\n\t "),
        hello=(("SUCCESS", "en ligne \u2014 \u4e2d\u6587 \U0001f916"),),
    ),
    replace(
        _PLAIN,
        name="compact",
        summary="not a space too many, everything beyond ASCII escaped",
        encoding=Encoding(separators=(",", ":")),
        hello=(("INFO", "en ligne \u2014 \u4e2d\u6587 \U0001f916"),),
    ),
    replace(_PLAIN, name="long", summary="answers of 100 KiB", answer=long),
    replace(_PLAIN, name="empty", summary="answers that are the empty text", answer=empty),
    replace(
        _PLAIN,
        name="fragments",
        summary="messages cut into frames of 7 characters",
        fragment=7,
        encoding=Encoding(ascii_only=False),
    ),
    replace(_PLAIN, name="pinger", summary="a ping each 0.3 s", ping_every=0.3),
    replace(
        _RAW,
        name="dribble",
        summary="TCP writes of 37 bytes, masks of zeros, close frames without a code",
        habits=Habits(write_size=37, zero_mask=True, bare_close=True),
    ),
    replace(
        _PLAIN,
        name="leaver",
        summary="does not come back after a loss: says why on stderr and exits with 3",
        on_loss=Loss(again=False),
    ),
    replace(
        _PLAIN,
        name="founder",
        summary="registers a second agent before it connects, for which it has no use yet",
        enrols=form,
    ),
    replace(
        _PLAIN,
        name="disguise",
        summary="every byte of the token percent-encoded, between other parameters",
        address=in_disguise,
    ),
    replace(
        _PLAIN,
        name="butler_hand",
        summary="executes a Butler's directives, with a log before and after the CHAT",
        answer=directive,
    ),
)

STYLES: Final[Mapping[str, Style]] = {
    style.name: style for style in (_PLAIN, _RAW, _STREAM, *_VARIANTS)
}
