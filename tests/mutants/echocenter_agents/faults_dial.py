"""Faults in how an agent connects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import quote

from tests.mutants.echocenter_agents.dialing import at, token_only
from tests.mutants.echocenter_agents.edits import (
    on,
    then,
)
from tests.mutants.echocenter_agents.model import (
    Address,
    Cue,
    Do,
    Fault,
    Kind,
    Loss,
    Pause,
    Reshape,
    Style,
    Target,
)
from tests.mutants.echocenter_agents.wire import RequestEdit

__all__ = ["DIAL_FAULTS"]

_bad = partial(Fault, section="2. Connection", cue=Cue.START)
_CHAT: Final = (Kind.CHAT,)


def _to(address: Address, *headers: tuple[str, str]) -> Reshape:
    return lambda style: replace(style, address=address, headers=(*style.headers, *headers))


def _printing(style: Style) -> Style:
    return replace(style, prints="connecting to /api/ws?token={token}")


def _with_header(name: str, value: str) -> Reshape:
    """The token goes into a header, and into nothing else."""
    return _to(at("/api/ws"), (name, value))


def _addresses() -> Iterator[Fault]:
    for word, summary, template in (
        ("missing", "there is no token", "/api/ws"),
        ("empty", "the token is empty", "/api/ws?token="),
        ("api_token", "the token is called api_token", "/api/ws?api_token={token}"),
        ("access_token", "the token is called access_token", "/api/ws?access_token={token}"),
        ("capital", "the token is called Token", "/api/ws?Token={token}"),
        ("key", "the token is called key", "/api/ws?key={token}"),
        ("bearer", "the token bears the word Bearer", "/api/ws?token=Bearer%20{token}"),
        ("quoted", "the token is inside quotes", "/api/ws?token=%22{token}%22"),
        ("braces", "the token is inside < and >", "/api/ws?token=%3C{token}%3E"),
        ("placeholder", "the token is the document's", "/api/ws?token=your_token_here"),
        ("in_path", "the token is in the path", "/api/ws/{token}"),
        ("twice", "two tokens, the first of them wrong", "/api/ws?token=none&token={token}"),
    ):
        name, reshape = f"connect.token.{word}", _to(at(template))
        yield _bad(name=name, summary=summary, reshape=reshape, implied=word == "twice")
    for word, summary, address in (
        ("doubly_escaped", "the token is escaped twice", _escaped_twice),
        ("swapped_case", "the token's letters change between small and capital", _shouted),
        ("padded", "the token has a line end behind it, as read from a file", _padded),
    ):
        yield _bad(name=f"connect.token.{word}", summary=summary, reshape=_to(address))
    for word, header, template in (
        ("bearer_header", "Authorization", "Bearer {token}"),
        ("api_header", "X-API-Token", "{token}"),
        ("cookie", "Cookie", "token={token}"),
        ("subprotocol", "Sec-WebSocket-Protocol", "{token}"),
    ):
        summary = f"the token is in the header {header} only"
        reshape = _with_header(header, template)
        yield _bad(name=f"connect.token.{word}", summary=summary, reshape=reshape)
    for word, template in (
        ("ws", "/ws?token={token}"),
        ("root", "/?token={token}"),
        ("api", "/api?token={token}"),
        ("versioned", "/api/v1/ws?token={token}"),
        ("websocket", "/api/websocket?token={token}"),
        ("capitals", "/API/WS?token={token}"),
        ("slashes", "//api//ws?token={token}"),
        ("slash", "/api/ws/?token={token}"),
    ):
        path = template.partition("?")[0]
        yield _bad(
            name=f"connect.path.{word}",
            summary=f"connects to {path}",
            reshape=_to(at(template)),
            implied=word in {"slash", "slashes"},
        )


def _escaped_twice(target: Target) -> str:
    return token_only(replace(target, token="%" + quote(target.token, safe="")))


def _shouted(target: Target) -> str:
    return token_only(replace(target, token=target.token.swapcase()))


def _padded(target: Target) -> str:
    return token_only(replace(target, token=target.token + "\n"))


def _plain_http(lines: list[str]) -> list[str]:
    """A GET that asks for no upgrade."""
    return [line for line in lines if not line.startswith(("Upgrade", "Connection", "Sec-"))]


def _posted(lines: list[str]) -> list[str]:
    return ["POST" + lines[0].removeprefix("GET"), *lines[1:], "Content-Length: 0"]


def _numbers() -> Iterator[Fault]:
    for word, summary, change in (
        ("http", "asks by plain HTTP, never for an upgrade", _plain_http),
        ("post", "asks for the upgrade by POST", _posted),
    ):
        reshape = partial(_asking, change=change)
        yield _bad(name=f"connect.{word}", summary=summary, style="raw", reshape=reshape)
    for word, summary, change_style, implied in (
        ("twins", "opens two connections with one token", _twinned(1), True),
        ("many", "opens thirty connections with one token", _twinned(30), True),
        ("churn", "opens and drops forty connections first", _churned(40), True),
        ("never", "does not connect at all", _absent, False),
        ("printed", "prints its token before it connects", _printing, True),
    ):
        name = f"connect.{word}"
        yield _bad(name=name, summary=summary, reshape=change_style, implied=implied)
    yield _bad(
        name="connect.quits",
        summary="leaves with status 0 as soon as it is connected",
        edit=on((Kind.LOG,), lambda _say, _memory: (Do.QUIT,)),
    )
    yield _bad(
        name="connect.again_per_chat",
        summary="opens a further connection for each answer and keeps them all",
        edit=on(_CHAT, then(lambda say, _memory: (say,), Do.TWIN)),
        implied=True,
        cue=Cue.MANY,
    )
    yield _bad(
        name="connect.new_per_chat",
        summary="cuts the connection after each answer and comes back for the next",
        edit=on(_CHAT, then(lambda say, _memory: (say,), Pause(0.05), Do.DROP)),
        implied=True,
        cue=Cue.CHAT,
    )
    for word, summary, do in (
        ("crash", "dies with a traceback after its first log", Do.CRASH),
        ("quit", "leaves with status 0 after its first log", Do.QUIT),
        ("hang", "logs and then never reads", Do.HANG),
    ):
        yield _bad(
            name=f"connect.then_{word}",
            summary=summary,
            cue=Cue.CHAT,
            edit=on((Kind.LOG,), then(lambda say, _memory: (say,), do)),
            react=(lambda _heard, _memory: (Do.HANG,)) if do is Do.HANG else None,
        )


def _asking(style: Style, *, change: RequestEdit) -> Style:
    habits = replace(style.habits, request=change)
    return replace(style, habits=habits, on_refusal=Loss(first_pause=0.5))


def _twinned(count: int) -> Reshape:
    return lambda style: replace(style, twins=count)


def _churned(count: int) -> Reshape:
    return lambda style: replace(style, churn=count)


def _absent(style: Style) -> Style:
    return replace(style, starts=False)


DIAL_FAULTS: Final[tuple[Fault, ...]] = (*_addresses(), *_numbers())
