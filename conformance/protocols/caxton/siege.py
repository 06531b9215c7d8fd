"""What others notice while somebody misbehaves on the WebSocket: nothing."""

from __future__ import annotations

from conformance.clients.websocket import Socket
from conformance.protocols.caxton.client import Agent
from conformance.protocols.caxton.herald import Herald, opened

__all__ = ["Siege"]


class Siege:
    """A bystander who has subscribed to messages before, and newcomers after."""

    def __init__(self, herald: Herald, mate: Agent) -> None:
        self.herald = herald
        self.mate = mate
        self._bystander: Socket | None = None

    async def begin(self) -> None:
        self._bystander = await opened(self.herald.client, "bystander")
        await self.herald.subscribe(self._bystander)

    async def judge(self, row: str, what: str) -> None:
        """Is the bystander told of a message, and somebody who comes now?"""
        assert self._bystander is not None, "a siege begins first"
        word = await self.herald.say(self.mate)
        who = f"after {what} a subscriber on another connection"
        await self.herald.told(row, self._bystander, word, who)
        newcomer = await self.herald.client.door.open("newcomer")
        if not isinstance(newcomer, Socket):
            wrong = f"after {what} a new connection is refused: {newcomer.reason}"
            self.herald.judge.holds(row, False, wrong, newcomer.exchange)
            return
        await self.herald.subscribe(newcomer)
        await self.herald.in_use(row, newcomer, self.mate, f"a new connection after {what}")
        await newcomer.close()
