"""Lawful ways of living: where the document leaves a choice, somebody here takes each side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.stella_agents.model import Encoding, Habits, Library, Rhythm, Style, Way

__all__ = ["STYLES"]

_BEAT, _POLL, _STREAM = (frozenset({way}) for way in (Way.HEARTBEAT, Way.POLL, Way.STREAM))
_LATER: Final = Rhythm(at_once=False)
_DELAYED: Final = Rhythm(fixed_rate=False)
_COMPACT: Final = Encoding(separators=(",", ":"))

_STYLES: Final = (
    Style(name="all_ways", summary="takes tasks on every way; first heartbeat at once"),
    Style(
        name="heartbeats",
        summary="takes tasks from heartbeats alone; first heartbeat after one interval",
        takes=_BEAT,
        pulse=_LATER,
    ),
    Style(
        name="polls",
        summary="takes tasks by polling alone; fixed delays",
        takes=_POLL,
        pulse=_DELAYED,
        polling=_DELAYED,
    ),
    Style(
        name="streams",
        summary="takes tasks from the stream alone; its own client in fragments",
        takes=_STREAM,
        habits=Habits(fragment=23),
    ),
    Style(
        name="jittered",
        summary="a tenth of the interval more or less; polls and beats",
        takes=_BEAT | _POLL,
        pulse=Rhythm(jitter=0.1),
        polling=Rhythm(jitter=0.1),
        stamp="offset",
    ),
    Style(
        name="bare",
        summary="no labels, no disk, no progress, no logs, no JWT",
        labels=None,
        disk=False,
        progress=(),
        says_logs=False,
        keeps_logs=False,
        sends_jwt=False,
        encoding=_COMPACT,
    ),
    Style(
        name="library",
        summary="http.client and websockets; connections are kept",
        http=Library.USUAL,
        socket=Library.USUAL,
        keep_alive=True,
    ),
    Style(
        name="aiohttp",
        summary="aiohttp for everything; connections are kept",
        http=Library.AIOHTTP,
        socket=Library.AIOHTTP,
        keep_alive=True,
        stamp="fraction",
    ),
    Style(
        name="aiohttp_fresh",
        summary="aiohttp with a connection for each request; heartbeats alone, a second's measuring"
        " before each",
        takes=_BEAT,
        http=Library.AIOHTTP,
        pulse=Rhythm(fixed_rate=False, effort=1.0),
    ),
    Style(
        name="threads",
        summary="http.client with a connection for each request; heartbeats and stream",
        takes=_BEAT | _STREAM,
        http=Library.USUAL,
        socket=Library.USUAL,
        encoding=Encoding(indent=2),
    ),
    Style(
        name="keeper",
        summary="its own client with connections that it keeps",
        keep_alive=True,
        encoding=_COMPACT,
    ),
    Style(
        name="pretty",
        summary="indented JSON in any order, whole numbers, lower-case headers",
        encoding=Encoding(indent=4, shuffled=True, content_type="application/json; charset=utf-8"),
        whole_numbers=True,
        header_case=str.lower,
    ),
    Style(
        name="shouting",
        summary="upper-case header names, more headers and fields than documented",
        header_case=str.upper,
        headers=(("User-Agent", "peer/0.9"), ("X-Request-Source", "peer"), ("Accept", "*/*")),
        extras={"region": "basement", "build": {"commit": "f00d", "dirty": False}},
    ),
    Style(
        name="talkative",
        summary="progress in sixteenths with fractions, logs, timestamps with milliseconds",
        progress=tuple(n * 6.25 for n in range(17)),
        stamp="fraction",
        takes=_BEAT | _STREAM,
    ),
    Style(
        name="silent_cancel",
        summary="says nothing more about a cancelled task",
        reports_cancelled=False,
        pulse=_LATER,
    ),
    Style(
        name="serial",
        summary="one task after the other",
        serial=True,
        takes=_BEAT | _STREAM,
    ),
    Style(
        name="polite",
        summary="a last heartbeat when it is told to stop",
        farewell=True,
        takes=_BEAT | _STREAM,
    ),
    Style(
        name="leaver",
        summary="removes its own registration when it is told to stop",
        deletes_itself=True,
        takes=_BEAT | _POLL,
        keep_alive=True,
    ),
    Style(
        name="stubborn",
        summary="goes on at its rhythm when nobody knows it any more",
        leaves_when_gone=False,
        sends_jwt=False,
    ),
    Style(
        name="loyal",
        summary="keeps its open stream over a renewal; only later ones use the new certificate",
        stream_follows_renewal=False,
        socket=Library.USUAL,
    ),
    Style(
        name="curious",
        summary="looks itself up and sets its labels after the registration",
        curious=True,
        version="0.1.0-rc.3+local",
        capabilities=("docker", "ssh", "compose", "nomad"),
        pulse=Rhythm(at_once=False, jitter=0.05),
    ),
    Style(
        name="poll_and_stream",
        summary="leaves the tasks of heartbeats alone, polls and listens",
        takes=_POLL | _STREAM,
        socket=Library.AIOHTTP,
        labels={},
    ),
)

STYLES: Final[Mapping[str, Style]] = {style.name: style for style in _STYLES}
