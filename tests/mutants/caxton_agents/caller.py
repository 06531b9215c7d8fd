"""How a client asks: a draft, what a fault makes of it, the way to the wire, and back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from tests.mutants.caxton_agents import grpc_calls, words
from tests.mutants.caxton_agents.being import Being
from tests.mutants.caxton_agents.bugs import Bug
from tests.mutants.caxton_agents.forms import content_type, encoded, multipart
from tests.mutants.caxton_agents.http_libraries import AiohttpHttp, ThreadHttp
from tests.mutants.caxton_agents.http_raw import LostError, RawHttp, Reply, Request, Sender
from tests.mutants.caxton_agents.model import (
    CALLS,
    OPERATIONS,
    Answer,
    Draft,
    Json,
    Library,
    Style,
    What,
)
from tests.mutants.caxton_agents.troubles import troubles_of
from tests.mutants.caxton_agents.waiting import Limits, pause_after

__all__ = ["Caller", "Look"]

Look = Callable[[], Awaitable[bool]]
"""Finds out whether something was done; True where it was."""

ATTEMPTS: Final = 4
TIMEOUT: Final = 8.0
HAMMER_BLOWS: Final = 25
HAMMER_PAUSE: Final = 0.004
BLIND_PAUSE: Final = 0.1
_OVER_GRPC: Final = {
    What.DEPLOY: What.CALL_DEPLOY,
    What.LIST: What.CALL_LIST,
    What.SEND: What.CALL_SEND,
}


class Caller:
    """Sends requests for one client."""

    def __init__(self, being: Being) -> None:
        self._being = being
        self._sender = _sender(being.style)
        self._line = grpc_calls.Line(being.target.grpc)
        self._limits = Limits()

    def speaks(self, call: What) -> bool:
        """Whether that goes over gRPC."""
        return bool(self._being.target.grpc) and call in self._being.style.calls

    async def ask(
        self,
        what: What,
        *,
        about: str = "",
        body: Json = None,
        wasm: bytes | None = None,
        query: tuple[tuple[str, str], ...] = (),
    ) -> Answer:
        """Ask once. Raises what a seeded bug dies of."""
        being = self._being
        if what in being.given_up:
            return Answer(status=403)
        await being.breathe()
        if not being.has(Bug.RUSHES_DEPLOYS) and not being.has(Bug.FLOODS_METRICS):
            await self._limits.keep(what)
        draft = self._draft(what, about=about, body=body, wasm=wasm, query=query)
        answer = Answer(status=403)
        for each in being.edited(draft):
            assert isinstance(each, Draft)
            got = await self._asked(each, what)
            if not answer.well:
                answer = got
        return answer

    async def read(
        self, what: What, *, about: str = "", query: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """Ask what changes nothing, again and again where that may help."""
        for attempt in range(ATTEMPTS):
            answer = await self.ask(what, about=about, query=query)
            if not answer.unknown and not answer.later:
                break
            await self._wait(answer, attempt)
        return answer

    async def act(
        self,
        what: What,
        *,
        look: Look | None,
        about: str = "",
        body: Json = None,
        wasm: bytes | None = None,
    ) -> Answer:
        """Ask for a change; where nobody knows what became of it, look before asking again.

        Without a ``look`` there is no way to know, and it is not asked again.
        """
        for attempt in range(ATTEMPTS):
            answer = await self.ask(what, about=about, body=body, wasm=wasm)
            if answer.later:
                await self._wait(answer, attempt)
            elif not answer.unknown:
                break
            elif what in self._being.style.blind:
                await self._being.rest(BLIND_PAUSE)
            elif look is None:
                break
            else:
                await self._wait(answer, attempt)
                if await look():
                    return Answer(status=200)
        return answer

    async def close(self) -> None:
        """Let the connections go."""
        await self._sender.forget()
        await self._line.close()

    async def _wait(self, answer: Answer, attempt: int) -> None:
        told, own = pause_after(answer, attempt, time.time())
        await asyncio.sleep(told)
        await self._being.rest(own)

    async def _asked(self, draft: Draft, what: What) -> Answer:
        """One draft, and whatever its answer does to the client."""
        for _ in range(HAMMER_BLOWS):
            since = time.monotonic()
            answer = await self._send(draft)
            took = time.monotonic() - since
            self._being.reads_nothing = False
            met = [self._being.meets(each, what) for each in troubles_of(answer, took)]
            if self._being.reads_nothing:
                answer = replace(answer, data={})
            if not any(met):
                break
            await asyncio.sleep(HAMMER_PAUSE)
        return answer

    def _draft(
        self,
        what: What,
        *,
        about: str,
        body: Json,
        wasm: bytes | None,
        query: tuple[tuple[str, str], ...],
    ) -> Draft:
        being = self._being
        call = _OVER_GRPC.get(what, what)
        if call in CALLS and self.speaks(call):
            return self._call(call, body, wasm, dict(query))
        method, template = OPERATIONS[what]
        base = urlsplit(being.target.rest).path
        own = about if being.has(Bug.RAW_PATHS) else quote(about, safe="")
        form = being.style.form if wasm is not None else None
        headers = [*being.style.headers, ("X-Caxton-Token", being.target.token)]
        if form is None and body is not None:
            headers.append(("Content-Type", being.style.encoding.content_type))
        return Draft(
            what=what,
            method=method,
            path=base + template.replace("{id}", own),
            query=query,
            headers=tuple((being.style.header_case(name), value) for name, value in headers),
            body=body,
            wasm=wasm,
            form=form,
            id=about,
        )

    def _call(self, call: What, body: Json, wasm: bytes | None, query: dict[str, str]) -> Draft:
        message: Json = {"message": body}
        if call is What.CALL_DEPLOY:
            name = body.get("name") if isinstance(body, dict) else None
            own: dict[str, Json] = {"name": name}
            extra = {} if self._being.style.minimal else words.EQUIPMENT
            message = {"config": {**own, **extra}}
        elif call is What.CALL_LIST:
            message = {name: int(query[name]) for name in ("limit", "offset") if name in query}
        return Draft(
            what=call,
            method="",
            path=CALLS[call],
            headers=(("authorization", f"Bearer {self._being.target.token}"),),
            body=message,
            wasm=wasm,
        )

    async def _send(self, draft: Draft) -> Answer:
        being = self._being
        if draft.what in CALLS:
            deadline = None if being.has(Bug.NO_DEADLINE) else TIMEOUT
            return await self._line.call(draft, deadline)
        parts = urlsplit(being.target.rest)
        target = draft.path
        if draft.query:
            target += ("&" if "?" in target else "?") + urlencode(draft.query)
        headers = draft.headers
        if draft.form and not any(name.lower() == "content-type" for name, _ in headers):
            name = being.style.header_case("Content-Type")
            headers = (*headers, (name, content_type(draft.form)))
        request = Request(
            base=f"{parts.scheme}://{parts.netloc}",
            method=draft.method,
            target=target,
            headers=headers,
            body=self._bytes(draft),
            chunked=being.style.chunked and draft.form is not None,
            timeout=TIMEOUT,
        )
        try:
            return _answer(await self._sender.send(request))
        except LostError as error:
            being.log(f"{draft.what.value}: {error}")
            return Answer(status=0)

    def _bytes(self, draft: Draft) -> bytes | None:
        being = self._being
        if draft.raw is not None:
            return draft.raw
        if draft.form is None and draft.body is None:
            return None
        text = encoded(draft.body, being.style.encoding, being.memory.rng)
        return text.encode() if draft.form is None else multipart(draft, draft.form, text)


def _sender(style: Style) -> Sender:
    if style.http is Library.USUAL:
        return ThreadHttp(keep_alive=style.keep_alive)
    if style.http is Library.AIOHTTP:
        return AiohttpHttp(keep_alive=style.keep_alive)
    return RawHttp(keep_alive=style.keep_alive)


def _answer(reply: Reply) -> Answer:
    well = 200 <= reply.status < 300
    if reply.status == 204:
        return Answer(status=204, headers=reply.headers)
    try:
        data = json.loads(reply.body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return Answer(status=599 if well else reply.status, headers=reply.headers)
    return Answer(status=reply.status, data=data, headers=reply.headers)
