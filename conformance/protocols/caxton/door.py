"""The way in for who wants to hear events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.clients.opener import Opener
from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.marks import UnjudgeableError
from conformance.patience import Patience
from conformance.protocols.caxton.watch import Watch
from schemas.spec import Protocol

__all__ = ["CHANNEL", "Door"]

CHANNEL = "events"

_ACK = 0.5
"""Seconds that an acknowledgement may take."""


class Door:
    """Opens connections to `/ws`. Whether a token is wanted there, and where, is left open: it is
    shown in the header that REST has for it, and where that is refused in the query as well.

    `acks` is the patience with acknowledgements of subscriptions, which nobody promised.
    """

    def __init__(self, opener: Opener, protocol: Protocol) -> None:
        self._opener = opener
        self.headers: Mapping[str, str] = opener.target.headers
        self.acks = Patience(_ACK)
        token = opener.target.token(protocol)
        self._ways: list[Mapping[str, str]] = [{}, {"token": token}] if token else [{}]

    async def open(self, label: str, **options: Any) -> Socket | Refused:
        """A connection for normal life, or how it was refused."""
        while True:
            said = await self._opener.open(
                CHANNEL, label, headers=self.headers, query=self._ways[0], **options
            )
            if len(self._ways) == 1 or await _let_in(said):
                self._ways = self._ways[:1]
                return said
            del self._ways[0]

    async def watch(self, label: str) -> Watch:
        """A connection for events, on which nothing is subscribed to yet. Raises
        `UnjudgeableError` where it is refused.
        """
        said = await self.open(label)
        if isinstance(said, Refused):
            raise UnjudgeableError(f"/ws could not be opened: {said.exchange.outcome}")
        return Watch(said, self.acks)

    async def raw(
        self, label: str, *, headers: Mapping[str, Any] | None = None, **options: Any
    ) -> RawSocket | Refused:
        """A connection on which any bytes can be sent; `headers` stand in place of our own."""
        if len(self._ways) > 1 and isinstance(first := await self.open("first"), Socket):
            await first.close()
        return await self._opener.raw(
            CHANNEL,
            label,
            headers={**self.headers, **(headers or {})},
            query=self._ways[0],
            **options,
        )

    async def stranger(self, label: str, token: str | None) -> Socket | Refused:
        """A connection of somebody who shows another token in both places, or none at all."""
        shown = {} if token is None else dict.fromkeys(self.headers, token)
        query = {} if token is None else {"token": token}
        return await self._opener.open(CHANNEL, label, headers=shown, query=query)


async def _let_in(said: Socket | Refused) -> bool:
    """A refusal may come as a close right after the handshake."""
    return isinstance(said, Socket) and await said.ping() is not None and said.closed is None
