"""Lawful ways of living: where the document leaves a choice, somebody here takes each side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.caxton_agents.model import (
    Chapter,
    Encoding,
    Form,
    Habits,
    Library,
    Style,
    What,
)

__all__ = ["STYLES"]

_COMPACT: Final = Encoding(separators=(",", ":"))
_TYPED: Final = Form(
    config_type="application/json", wasm_type="application/wasm", boundary="caxton-form-5150"
)
_C: Final = Chapter

_STYLES: Final = (
    Style(name="full", summary="everything over its own HTTP and WebSocket, events of all agents"),
    Style(
        name="own_events",
        summary="events of its own agents; connections are not kept",
        subscribes="own",
        keep_alive=False,
    ),
    Style(
        name="filtered",
        summary="messages of its own agents, in fragments; one part of the form is typed",
        subscribes="filter",
        form=_TYPED,
        habits=Habits(fragment=19),
    ),
    Style(
        name="grpc",
        summary="deploys, lists and sends over gRPC, the rest over REST",
        calls=frozenset({What.CALL_DEPLOY, What.CALL_LIST, What.CALL_SEND, What.CALL_WAIT}),
        socket=Library.USUAL,
    ),
    Style(
        name="grpc_aiohttp",
        summary="deploys and waits for replies over gRPC, all else through aiohttp",
        calls=frozenset({What.CALL_DEPLOY, What.CALL_WAIT}),
        http=Library.AIOHTTP,
        socket=None,
        minimal=True,
    ),
    Style(
        name="aiohttp",
        summary="aiohttp for everything; multipart in chunks",
        http=Library.AIOHTTP,
        socket=Library.AIOHTTP,
        chunked=True,
        subscribes="filter",
    ),
    Style(
        name="library",
        summary="http.client and websockets; compact JSON",
        http=Library.USUAL,
        socket=Library.USUAL,
        encoding=_COMPACT,
    ),
    Style(
        name="threads",
        summary="http.client with a connection for each request, no WebSocket",
        http=Library.USUAL,
        keep_alive=False,
        socket=None,
        encoding=Encoding(indent=2),
    ),
    Style(
        name="rest_only",
        summary="no WebSocket; chunked forms with the config first; pages as they come",
        socket=None,
        chunked=True,
        form=Form(wasm_first=False, config_type="application/json; charset=utf-8"),
        limit=None,
    ),
    Style(
        name="minimal",
        summary="bodies with nothing that can be left out",
        minimal=True,
        encoding=_COMPACT,
        rolls_back=0,
    ),
    Style(
        name="talkative",
        summary="more fields and headers than documented, upper-case headers, many messages",
        equips=True,
        extras={"note": "from the attic", "tags": {"team": "blue", "weights": [1, 2.5]}},
        headers=(("User-Agent", "peer/0.9"), ("X-Request-Source", "attic"), ("Accept", "*/*")),
        header_case=str.upper,
        messages=5,
    ),
    Style(
        name="concurrent",
        summary="all between deployment and removal side by side",
        concurrent=True,
        subscribes="own",
        socket=Library.USUAL,
    ),
    Style(
        name="slow",
        summary="polls seldom and asks slowly",
        poll=1.5,
        polls=3,
        pause=1.0,
        http=Library.USUAL,
    ),
    Style(
        name="messages",
        summary="sends messages to an agent that is there",
        chapters=(_C.FIND, _C.MESSAGES),
        subscribes="filter",
        messages=3,
    ),
    Style(
        name="asking",
        summary="asks an agent that is there in one conversation, and looks for its replies",
        chapters=(_C.FIND, _C.MESSAGES, _C.AGENTS),
        socket=None,
        awaits=True,
    ),
    Style(
        name="tasks",
        summary="distributes tasks among agents that are there",
        chapters=(_C.FIND, _C.TASK),
        socket=None,
        encoding=_COMPACT,
    ),
    Style(
        name="deployments",
        summary="rolls out new versions of an agent that is there",
        chapters=(_C.FIND, _C.ROLLOUT),
        socket=None,
        http=Library.AIOHTTP,
        rolls_back=1,
    ),
    Style(
        name="metrics",
        summary="asks metrics and nothing else",
        chapters=(_C.METRICS,),
        socket=None,
    ),
    Style(
        name="listener",
        summary="listens to events and lists agents",
        chapters=(_C.AGENTS, _C.METRICS),
        socket=Library.USUAL,
    ),
    Style(
        name="once",
        summary="one journey, and it leaves",
        once=True,
        socket=None,
        http=Library.USUAL,
    ),
    Style(
        name="once_listening",
        summary="one journey with a WebSocket, and it leaves",
        once=True,
        adopts=True,
        chapters=(_C.DEPLOY, _C.MESSAGES, _C.TASK, _C.METRICS, _C.END),
    ),
    Style(
        name="contrary",
        summary="the other way everywhere: order, JSON, forms, names, endings",
        chapters=(
            _C.METRICS,
            _C.AGENTS,
            _C.DEPLOY,
            _C.UPDATE,
            _C.RELOAD,
            _C.ROLLOUT,
            _C.TASK,
            _C.MESSAGES,
            _C.END,
        ),
        encoding=Encoding(indent=4, shuffled=True, content_type="application/json; charset=utf-8"),
        form=Form(
            wasm_first=False,
            config_type="application/json",
            wasm_type="application/wasm",
            filename="",
            boundary="a lawful:one, 5.0+x",
            announced='"a lawful:one, 5.0+x"',
        ),
        header_case=str.lower,
        keep_alive=False,
        subscribes="filter",
        limit=None,
        messages=1,
        rolls_back=1,
        adopts=True,
        stops_first=False,
        drains=False,
        tidy=True,
        extras={"x_contrary": None},
    ),
)

STYLES: Final[Mapping[str, Style]] = {style.name: style for style in _STYLES}
