"""Scripts that connect, call and go in any order, and which reply must find which request.

The model is which connections are open, and which calls are on their way on each of them. Of a call
of `list_actions` the document promises the reply: with the call's own token, on its connection, and
with the catalogue in it. Of other calls it promises no more than that they do no harm to those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from conformance.clients.websocket import Socket
from conformance.fuzz.case import Case
from conformance.fuzz.exploring import Explorer
from conformance.fuzz.machine import Machine, step
from conformance.ids import IdSource
from conformance.protocols.architect.dialogue import Asked, Dialogue, Lore, echoes, new_token
from conformance.protocols.architect.replies import Request

__all__ = ["Scripts"]

_LINES = 3
_IN_FLIGHT = 8
"""Calls that may be on their way on one connection: more is another requirement's matter."""

_ERRORS = 4
"""Errors that one connection makes: a dozen may lawfully be too many."""

_LIKE: Mapping[str, Callable[[str], str]] = {
    "another": lambda _: new_token(),
    "in capitals": str.upper,
    "a sign longer": lambda token: token + "0",
    "a sign shorter": lambda token: token[:-1],
    "backwards": lambda token: token[::-1],
}
"""Tokens, by what they have to do with the one before."""

_NONSENSE = {
    "ARCH-ROB-001": '{"action": "list_actions',
    "ARCH-ROB-003": "[1]",
    "ARCH-ROB-004": '{"action": 7, "parameters": {}}',
    "ARCH-ROB-005": '{"action": "list_actions", "parameters": []}',
    "ARCH-ROB-010": '{"action": "no-such-action-at-all", "parameters": {}}',
}
"""What a script may say wrongly, by the requirement that its connection goes on."""

_which = st.integers(0, _LINES - 1)


@dataclass(kw_only=True)
class Line:
    """One connection of the model: its calls that are still on their way, each with its mark, and
    by which requirements it must go on.
    """

    socket: Socket
    calls: list[tuple[Asked, int]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Scripts(Machine):
    """Some scripts at once. `lore` is what is known of the peer in the run."""

    def __init__(self, explorer: Explorer, case: Case, *, ids: IdSource, lore: Lore) -> None:
        super().__init__(explorer, case)
        self.script = Dialogue(case.opener, case.judge, ids, lore)
        self.lines: list[Line] = []
        self.used: dict[str, Line] = {}
        self.token = new_token()

    async def begin(self) -> None:
        await self.script.side_by_side()  # learnt before anything is open
        self.lines = [Line(socket=await self.script.connect("script 1"))]

    async def end(self) -> None:
        for line in self.lines:
            await self._replied(line)
        self._judge_apart()

    @precondition(lambda self: len(self.lines) < _LINES)
    @step()
    async def connect(self) -> None:
        """Whether there may be several at once is open."""
        label = f"script {len(self.case.opener.conversations) + 1}"
        if self.lines and not await self.script.side_by_side():
            return
        if not self.lines:
            self.lines.append(Line(socket=await self.script.connect(label)))
            return
        said = await self.script.knock(label)
        if isinstance(said, Socket):
            self.lines.append(Line(socket=said))

    @precondition(lambda self: self.lines)
    @step(which=_which, in_order=st.booleans())
    async def go(self, which: int, in_order: bool) -> None:  # drawn
        """What is on its way for this one is lost, and nothing else is."""
        line = self._line(which)
        self.lines.remove(line)
        if in_order:
            await line.socket.close()
        else:
            line.socket.abort()

    @precondition(lambda self: self.lines)
    @step(which=_which, like=st.sampled_from(sorted(_LIKE)))
    async def call(self, which: int, like: str) -> None:
        """Without a wait, by a token of which something may remind of the one before."""
        await self._call(self._line(which), _LIKE[like](self.token))

    @precondition(lambda self: self.lines)
    @step(which=_which, count=st.integers(2, 4))
    async def call_often(self, which: int, count: int) -> None:
        line = self._line(which)
        for _ in range(count):
            await self._call(line, new_token())

    @precondition(lambda self: self.lines)
    @step(which=_which, row=st.sampled_from(sorted(_NONSENSE)))
    async def say_nonsense(self, which: int, row: str) -> None:
        line = self._line(which)
        if len(line.wrong) < _ERRORS:
            line.wrong.append(row)
            await line.socket.send_text(_NONSENSE[row], lawful=False)

    @precondition(lambda self: self.lines)
    @step(which=_which)
    async def wait(self, which: int) -> None:
        """For all that is on its way on one connection."""
        await self._replied(self._line(which))

    async def _call(self, line: Line, token: str) -> None:
        if len(line.calls) >= _IN_FLIGHT or token in self.used:
            return
        self.token = token
        self.used[token] = line
        request = Request(action="list_actions", token=token)
        mark = line.socket.mark()
        sent = await self.script.say(line.socket, request)
        line.calls.append((Asked(request=request, sent=sent), mark))

    async def _replied(self, line: Line) -> None:
        """The reply to each call is there, and holds the catalogue."""
        judge, script = self.case.judge, self.script
        calls, line.calls = line.calls, []
        rows = dict.fromkeys(line.wrong) or self._of_others(line) or ["ARCH-CORR-008"]
        for call, mark in calls:
            asked = await script.hear(line.socket, call, mark)
            told = f"a call has no reply with its token: {script.why(line.socket)}"
            for row in rows:
                judge.holds(row, asked.heard is not None, told, asked.sent)
            if asked.heard is None:
                continue
            told = "the reply with the token of list_actions lists no actions"
            judge.holds("ARCH-CORR-014", isinstance(asked.listed, dict), told, *asked.frames)

    def _of_others(self, line: Line) -> list[str]:
        wrong = any(other.wrong for other in self.lines if other is not line)
        return ["ARCH-ROB-020"] if wrong else []

    def _judge_apart(self) -> None:
        """No reply came on another connection than that of its call."""
        for conversation in self.case.opener.conversations:
            for frame in conversation.frames:
                theirs = [
                    token
                    for token, line in self.used.items()
                    if line.socket is not conversation and echoes(frame, token)
                ]
                wrong = f"a reply came to {conversation.label}, which did not call"
                self.case.judge.holds("ARCH-CORR-009", not theirs, wrong, frame)

    def _line(self, which: int) -> Line:
        return self.lines[which % len(self.lines)]
