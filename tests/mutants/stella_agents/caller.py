"""How an agent asks: a draft, what a fault makes of it, and the way to the wire."""

from __future__ import annotations

import asyncio
import json
from typing import Final
from urllib.parse import quote

from tests.mutants.stella_agents.being import Being
from tests.mutants.stella_agents.bugs import Bug
from tests.mutants.stella_agents.http_libraries import AiohttpHttp, ThreadHttp
from tests.mutants.stella_agents.http_raw import LostError, RawHttp, Reply, Request, Sender
from tests.mutants.stella_agents.model import OPERATIONS, Answer, Draft, Json, Library, Style, What
from tests.mutants.stella_agents.words import encoded

__all__ = ["Caller"]

ATTEMPTS: Final = 8
LONGEST_PAUSE: Final = 2.0


class Caller:
    """Sends requests for one agent."""

    def __init__(self, being: Being) -> None:
        self._being = being
        self._sender = _sender(being.style)

    async def ask(self, what: What, *, body: Json = None, task: str = "") -> Answer:
        """Ask once. Raises LostError; status 0 where a fault kept the request back."""
        answer = Answer(status=0)
        for draft in self._being.edited(self.draft(what, body=body, task=task)):
            assert isinstance(draft, Draft)
            got = await self._send(draft)
            if not 200 <= answer.status < 300:
                answer = got
        return answer

    async def insist(self, what: What, *, body: Json = None, task: str = "") -> Answer:
        """Ask until there is an answer below 500, with growing pauses. Raises LostError."""
        last: Answer | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(min(LONGEST_PAUSE, 0.15 * 2.0**attempt))
            try:
                last = await self.ask(what, body=body, task=task)
            except LostError as error:
                self._being.log(f"{what.value}: {error}")
                continue
            unknown = last.status == 404 and self._being.has(Bug.INSISTS)
            if (last.status < 500 and not unknown) or self._being.has(Bug.GIVES_UP_REPORT):
                return last
            self._being.log(f"{what.value}: status {last.status}")
        if last is None:
            raise LostError(f"{what.value}: gave up")
        return last

    def draft(self, what: What, *, body: Json = None, task: str = "") -> Draft:
        """The request as a healthy agent makes it."""
        method, path = OPERATIONS[what]
        own = quote(self._being.memory.agent_id, safe="")
        place = path.replace("{id}", own).replace("{task}", quote(task, safe=""))
        headers = self._headers(what, with_body=body is not None)
        return Draft(what=what, method=method, path=place, headers=headers, body=body, task=task)

    async def close(self) -> None:
        """Let the connections go."""
        await self._sender.forget()

    def _headers(self, what: What, *, with_body: bool) -> tuple[tuple[str, str], ...]:
        being = self._being
        headers = [*being.style.headers]
        if what is What.REGISTER:
            headers.append(("X-Agent-Token", being.memory.token))
        elif being.style.sends_jwt or not being.target.base.startswith("https"):
            headers.append(("Authorization", f"Bearer {being.memory.jwt}"))
        if with_body:
            headers.append(("Content-Type", being.style.encoding.content_type))
        return tuple((being.style.header_case(name), value) for name, value in headers)

    async def _send(self, draft: Draft) -> Answer:
        being = self._being
        body = draft.raw
        if body is None and draft.body is not None:
            body = encoded(draft.body, being.style.encoding, being.memory.rng).encode()
        try:
            context = being.wallet.context(being.wear(draft), verify=being.verifies)
        except OSError as error:
            raise LostError(f"no certificate to show: {error}") from error
        request = Request(
            base=being.target.base,
            method=draft.method,
            path=draft.path,
            headers=draft.headers,
            body=body,
            context=context,
            timeout=min(10.0, max(2.0, being.interval)),
        )
        return _answer(await self._sender.send(request))


def _sender(style: Style) -> Sender:
    if style.http is Library.USUAL:
        return ThreadHttp(keep_alive=style.keep_alive)
    if style.http is Library.AIOHTTP:
        return AiohttpHttp(keep_alive=style.keep_alive)
    return RawHttp(keep_alive=style.keep_alive)


def _answer(reply: Reply) -> Answer:
    try:
        return Answer(status=reply.status, data=json.loads(reply.body))
    except (ValueError, RecursionError):
        return Answer(status=reply.status, garbled=True)
