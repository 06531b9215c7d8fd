"""Who is let in where, as a check judges it."""

from __future__ import annotations

from conformance.clients.identity import Identity
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.protocols.stella.doors import DOORS, Door, Knock, Try, outworn
from conformance.protocols.stella.fleet import Agent, Fleet

__all__ = ["FORBIDDEN", "FORM", "Gate"]

FORM = "STELLA-MTLS-027"
"""How somebody is turned away."""

FORBIDDEN = "STELLA-MTLS-028"
"""How another agent is."""


class Gate:
    """The doors of one coordinator, for one check."""

    def __init__(self, fleet: Fleet, judge: Judge) -> None:
        self.fleet = fleet
        self.judge = judge

    def knows(self, door: Door) -> bool:
        """Does the peer claim to have it?"""
        return door.capability in self.fleet.target.claimed(self.judge.book.protocol)

    def doors(self) -> list[Door]:
        """Those that can be tried: one at which work is reported needs somebody who gives work."""
        gives = "create_task" in self.fleet.target.hooks
        return [door for door in DOORS if self.knows(door) and (gives or not door.works)]

    def guarded(self) -> None:
        """Raises `UnjudgeableError` where nobody can show a certificate."""
        if not self.fleet.secure:
            raise UnjudgeableError("the target does not speak TLS")

    def fresh(self, agent: Agent) -> Identity:
        """An agent's certificate on connections that nobody used yet."""
        self.guarded()
        return self.fleet.identity(agent.name, [agent.cert], agent.key)

    async def admits(
        self, door: Door, agent: Agent, *rows: str, task: str = "", words: str = "its own"
    ) -> bool:
        """The owner knocks, and is to be let in: judged as the door's own row, or as `rows`.

        Who is turned away with a JWT that is a day old may be let in without it.
        """
        attempt = Try.of(agent, task or await door.ready(self.fleet, agent))
        knock = await door.ask(self.fleet, attempt)
        if knock.said.status in (401, 403) and outworn(self.fleet, agent):
            bare = Try(agent=agent, identity=agent.identity, task=attempt.task, lawful=True)
            second = await door.ask(self.fleet, bare)
            knock = second if second.admitted else knock
        return self._admitted(door, knock, rows or (door.row,), words)

    def _admitted(self, door: Door, knock: Knock, rows: tuple[str, ...], words: str) -> bool:
        for row in rows:
            if self._not_now(knock):
                self.judge.inconclusive(row, f"{door.name}: the peer says 503, not now")
            else:
                wrong = f"{door.name} with {words} certificate was not let in: {knock.outcome}"
                self.judge.holds(row, knock.admitted, wrong, knock.said, *knock.frames)
        return knock.admitted

    async def rejects(self, door: Door, row: str, attempt: Try, form: str = FORM) -> bool:
        """Somebody else knocks, and is to be turned away; `form` is the row for how."""
        knock = await door.ask(self.fleet, attempt)
        if self._not_now(knock):
            self.judge.inconclusive(row, f"{door.name}: the peer says 503, not now")
            return False
        wrong = f"{door.name} was not refused to {attempt.who}: {knock.outcome}"
        refused = self.judge.holds(row, knock.refused, wrong, knock.said, *knock.frames)
        if refused and form:
            wrong = f"{door.name} was refused to {attempt.who} with {knock.outcome}"
            self.judge.holds(form, knock.in_form, wrong, knock.said, *knock.frames)
            if attempt.known:
                self.judge.holds(FORBIDDEN, knock.forbidden, wrong, knock.said, *knock.frames)
        return refused

    def _not_now(self, knock: Knock) -> bool:
        """Is it a 503 that the document allows this operation?"""
        known = self.judge.book.protocol.operations.get(knock.said.operation)
        return knock.said.status == 503 and known is not None and "503" in known.responses
