"""How somebody comes in: a connection with its token, which is asked for again where it may be."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from conformance.clients.opener import Opener
from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Refused, Socket
from conformance.patience import Patience
from conformance.protocols.echocenter.principals import Cast, Person

__all__ = ["SOCKET", "knock", "not_now"]

SOCKET = "socket"

_AGAIN = 2.0
"""Seconds in which a coordinator may still take a connection that ended for a live one: it may
refuse a second, and may be slow to see that the first is gone.
"""

_LATER = 0.5
"""Seconds between attempts to connect, where a coordinator says that it takes nobody now."""


def not_now(said: Refused) -> bool:
    """Does a coordinator refuse a connection only because there are too many at the moment?"""
    return said.status == 429 or (said.status == 503 and "retry-after" in said.headers)


async def knock(
    opener: Opener, cast: Cast, patience: Patience, person: Person, *, raw: bool, **options: Any
) -> Socket | RawSocket | Refused:
    """A connection with somebody's token, or how it is refused at last. `raw` is for one who says
    what no library would.
    """
    options = {"query": {"token": person.token}, **options}
    way = opener.raw if raw else opener.open
    said = await way(SOCKET, person.name, **options)
    seconds = patience.seconds("later") or 0.0
    end = time.monotonic() + seconds
    while isinstance(said, Refused) and not_now(said):
        if time.monotonic() > end:
            patience.hung("later", seconds)
            return said
        await asyncio.sleep(_LATER)
        said = await way(SOCKET, person.name, **options)
    if not isinstance(said, Refused) or person not in cast.visited:
        return said
    end = time.monotonic() + min(_AGAIN, patience.seconds("again") or 0.0)
    while isinstance(said, Refused) and time.monotonic() < end:
        await asyncio.sleep(0.1)
        said = await way(SOCKET, person.name, **options)
    if isinstance(said, Refused):
        patience.hung("again", _AGAIN)
    else:
        patience.answered("again")
    return said
