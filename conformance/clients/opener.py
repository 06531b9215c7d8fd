"""Opens WebSockets to a coordinator for a check, and closes them when the check is over."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from conformance.clients.http import fill_path, tls_context
from conformance.clients.identity import Identity
from conformance.clients.raw import RawSocket, open_raw
from conformance.clients.websocket import Socket, open_socket
from conformance.conversation import Conversation, Refused
from conformance.frames import Frame
from conformance.target import Target
from schemas.spec import Channel, Message, Protocol

__all__ = ["Keep", "Opener", "See"]

See = Callable[[Frame, Channel, Message | None], None]

Keep = Callable[[str, Conversation | Refused, str], None]

_LAST_WORDS = 1.0
"""Seconds that the end of all connections of a check may take together."""


class Opener:
    """The way to the channels of one coordinator.

    `see` is told of every frame that the peer sends. A channel's own message is found by the
    channel; a check that knows better tells the judge itself. `keep` is told of every connection,
    and of every one that was refused, with the id of its channel before it and, behind it, whose
    certificate was shown. `conversations` are all that were opened, the first one first.
    """

    def __init__(
        self, protocol: Protocol, target: Target, see: See, keep: Keep = lambda *_: None
    ) -> None:
        self.protocol = protocol
        self.target = target
        self._see = see
        self._keep = keep
        self.conversations: list[Socket | RawSocket] = []
        self._tls: ssl.SSLContext | None = None
        if target.url.startswith("https"):
            self._tls = tls_context(target)

    async def open(
        self,
        channel: str,
        label: str,
        *,
        query: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        parameters: Mapping[str, str] | None = None,
        identity: Identity | None = None,
        subprotocols: Sequence[str] = (),
        path: str | None = None,
        see: bool = True,
        **options: Any,
    ) -> Socket | Refused:
        """A connection for normal life. `label` is whose it is, `identity` the certificate that it
        shows; `path` replaces the channel's; `see=False` keeps what is said on it from judgement.
        """
        known = self.protocol.channels[channel]
        said = await open_socket(
            self.url(known, query, path, parameters),
            label=label,
            subprotocols=subprotocols,
            ssl=identity.context if identity and self._tls else self._tls,
            timeout=self.target.timeout,
            see=partial(self._saw, known) if see else _ignore,
            **options,
        )
        self._keep(channel, said, identity.name if identity else "")
        if isinstance(said, Socket):
            self.conversations.append(said)
        return said

    async def raw(
        self,
        channel: str,
        label: str,
        *,
        query: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        parameters: Mapping[str, str] | None = None,
        identity: Identity | None = None,
        subprotocols: Sequence[str] = (),
        path: str | None = None,
        see: bool = True,
        **options: Any,
    ) -> RawSocket | Refused:
        """A connection on which any bytes can be sent; see `open_raw` for more `options`."""
        known = self.protocol.channels[channel]
        said = await open_raw(
            self.url(known, query, path, parameters),
            label=label,
            subprotocols=subprotocols,
            ssl=identity.context if identity and self._tls else self._tls,
            timeout=self.target.timeout,
            see=partial(self._saw, known) if see else _ignore,
            **options,
        )
        self._keep(channel, said, identity.name if identity else "")
        if isinstance(said, RawSocket):
            self.conversations.append(said)
        return said

    def url(
        self,
        channel: Channel,
        query: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        path: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> str:
        """Where a channel is to be reached."""
        words = f"?{urlencode(query)}" if query else ""
        known = fill_path(channel.path, parameters or {}) if path is None else path
        return self.target.ws_url + known + words

    async def gone(self) -> bool:
        """Does the peer no longer accept connections?"""
        parts = urlsplit(self.target.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            async with asyncio.timeout(self.target.timeout):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except (OSError, TimeoutError):
            return True
        writer.close()
        return False

    async def close(self) -> None:
        """End every connection that is still open."""
        if self.conversations:
            tasks = [asyncio.ensure_future(socket.close()) for socket in self.conversations]
            _, late = await asyncio.wait(tasks, timeout=_LAST_WORDS)
            for socket in self.conversations:
                socket.abort()
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _saw(self, channel: Channel, frame: Frame) -> None:
        self._see(frame, channel, None)


def _ignore(_: Frame) -> None:
    """Nobody is told."""
