"""The lawful readings: each takes the places where the document is silent in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.architect_agents import tokens
from tests.mutants.architect_agents.model import (
    Encoding,
    Library,
    Match,
    OnLoss,
    Style,
    Tour,
)
from tests.mutants.architect_agents.wire import HeaderForm

__all__ = ["STYLES"]

_RAW: Final = (
    Style(
        name="sequential",
        summary="one call at a time, by hand on a socket; comes back after a loss",
        token=tokens.hex32,
    ),
    Style(
        name="prompt",
        summary="asks list_actions right behind the upgrade; leaves with a message after a loss",
        token=tokens.hex32,
        tour=Tour.PLAIN,
        on_loss=OnLoss.EXIT,
    ),
    Style(
        name="random_text",
        summary="tokens of any text up to 90 signs, with quotes and emoji, not escaped",
        token=tokens.random_text,
        encoding=Encoding(ascii_only=False),
    ),
    Style(
        name="fragmenting",
        summary="sends each message in fragments of 7 bytes",
        token=tokens.hex32,
        fragment=7,
    ),
    Style(
        name="pinging",
        summary="sends pings of its own between the calls, and one offer per header line",
        token=tokens.hex32,
        form=HeaderForm.LINES,
        ping_every=0.3,
        tour=Tour.PLAIN,
    ),
    Style(
        name="tight_header",
        summary="the header without blanks, compact JSON, four calls in flight",
        token=tokens.hex32,
        form=HeaderForm.TIGHT,
        encoding=Encoding(compact=True),
        in_flight=4,
    ),
    Style(
        name="three_lines",
        summary="the header in three lines, integer tokens",
        token=tokens.integer,
        form=HeaderForm.LINES,
    ),
    Style(
        name="abandoning",
        summary="waits 0.6 s for a reply, then gives its token up and goes on with a new one",
        token=tokens.counter,
        timeout=0.6,
    ),
    Style(
        name="tokenless",
        summary="the struct of the prose to the letter: no token, knows the catalogue by its looks",
        token=tokens.absent,
        match=Match.SHAPE,
        prints_events=True,
    ),
)

_LIBRARIES: Final = (
    Style(
        name="example",
        summary="like the document's client: a second's rest, list_actions, servers, then silence",
        token=tokens.hex32,
        library=Library.WEBSOCKETS,
        delay=1.0,
        tour=Tour.SERVERS,
        period=3600.0,
        on_loss=OnLoss.STAY,
        prints_events=True,
    ),
    Style(
        name="concurrent",
        summary="a second's rest, then ten calls in flight; comes back after a loss",
        token=tokens.hex32,
        library=Library.WEBSOCKETS,
        delay=1.0,
        in_flight=10,
        batch=10,
    ),
    Style(
        name="hundred",
        summary="a hundred calls in flight",
        token=tokens.hex32,
        library=Library.WEBSOCKETS,
        tour=Tour.PLAIN,
        in_flight=100,
        batch=100,
        period=1.0,
    ),
    Style(
        name="dashed",
        summary="a threaded library, UUIDs with dashes",
        token=tokens.dashed,
        library=Library.SYNC,
    ),
    Style(
        name="counter",
        summary="counts its requests, the number as text; aiohttp",
        token=tokens.counter,
        library=Library.AIOHTTP,
    ),
    Style(
        name="poller",
        summary="asks for servers each 0.3 s for as long as it lives; never asks list_actions",
        token=tokens.dashed,
        library=Library.AIOHTTP,
        lists=False,
        tour=Tour.SERVERS,
        period=0.3,
    ),
    Style(
        name="oneshot",
        summary="list_actions, servers, closes with 1000, exits with 0",
        token=tokens.hex32,
        library=Library.SYNC,
        tour=Tour.SERVERS,
        period=0.0,
        rounds=1,
        on_loss=OnLoss.EXIT,
    ),
    Style(
        name="refreshing",
        summary="asks list_actions again each second, between the calls",
        token=tokens.hex32,
        library=Library.WEBSOCKETS,
        relist=1.0,
    ),
    Style(
        name="careless",
        summary="waits for the catalogue only; fires its calls and prints whatever comes",
        token=tokens.hex32,
        library=Library.AIOHTTP,
        waits=False,
        prints_events=True,
    ),
    Style(
        name="adorned",
        summary="further top-level fields in each request",
        token=tokens.hex32,
        library=Library.WEBSOCKETS,
        fields={"client": "assay", "trace": {"hop": 1, "path": ["a", None]}, "description": "é"},
    ),
    Style(
        name="pretty",
        summary="indented JSON with its keys in any order",
        token=tokens.dashed,
        library=Library.AIOHTTP,
        encoding=Encoding(indent=2, shuffled=True),
        in_flight=3,
    ),
    Style(
        name="twins",
        summary="two connections at once, never a token in both",
        token=tokens.hex32,
        library=Library.WEBSOCKETS,
        connections=2,
        tour=Tour.PLAIN,
    ),
    Style(
        name="leaver",
        summary="leaves with a message and status 3 when the server goes away",
        token=tokens.integer,
        library=Library.WEBSOCKETS,
        on_loss=OnLoss.EXIT,
        in_flight=2,
    ),
)

STYLES: Final[Mapping[str, Style]] = {style.name: style for style in (*_RAW, *_LIBRARIES)}
