"""HTTP towards a coordinator: by operation, with patience that ends."""

from __future__ import annotations

import asyncio
import errno
import json
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from conformance.clients.endings import Endings
from conformance.clients.identity import Identity, client_context
from conformance.clients.throttle import Throttle
from conformance.exchange import Exchange
from conformance.patience import GIVEN_UP, Patience
from conformance.target import RateLimit, Target, Tls
from mockserver.forms import write_form
from schemas.spec import Protocol

__all__ = ["LARGEST_ANSWER", "HttpClient", "fill_path", "tls_context"]

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer's body that are read: no lawful answer is larger, a flood is."""

_REFUSALS = 2
"""Connections refused in a row after which a peer looks as if it were gone."""

_NOTHING: Any = object()


class HttpClient:
    """Calls a coordinator's operations. Every call ends, in an answer or with the failure named.

    `see` is told of every exchange, and `keep` before it: checks may look away, and what they did
    is kept all the same. An operation that hangs is waited for less and less, and at
    last not asked any more: see `Patience`.
    """

    def __init__(
        self,
        protocol: Protocol,
        target: Target,
        see: Callable[[Exchange], None] = lambda _: None,
        keep: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self.protocol = protocol
        self.target = target
        self.see = see
        self.keep = keep
        self._patience = Patience(target.timeout)
        self._refused = 0
        self._ends = Endings()
        self._throttle = Throttle()
        self._pace = _Pace(target.rate_limit)
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        trace.on_connection_create_end.append(_note_new)
        context = tls_context(target) if target.url.startswith("https") else True
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64, ssl=context, keepalive_timeout=2),
            trace_configs=[trace],
            auto_decompress=True,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        await self._session.close()

    async def gone(self) -> bool:
        """Did the peer stop to accept connections? Asked of it only where it looks like that."""
        if self._refused < _REFUSALS:
            return False
        asked = Exchange(operation="", method="GET", url=self.target.url, lawful=False)
        exchange = await self._once(asked, _Way())
        return exchange.status is None and self._refused > 0

    async def call(
        self,
        operation: str,
        parameters: Mapping[str, str] | None = None,
        *,
        body: Any = _NOTHING,
        raw: bytes | None = None,
        form: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        anonymous: bool = False,
        identity: Identity | None = None,
        lawful: bool = True,
        served: bool = True,
        patient: bool = True,
        within: float = 0.0,
    ) -> Exchange:
        """Call an operation. `body` is sent as JSON, `raw` as it is (labelled as JSON all the same,
        unless `headers` say otherwise), `form` as multipart/form-data: bytes as a file, anything
        else as text or JSON.

        `lawful=False` marks a request that breaks the protocol on purpose, `served=False` one that
        keeps it and need not succeed all the same: it asks for a stranger, say. `identity` is whose
        connection it goes over; without one it is the target's own. `anonymous` leaves the target's
        own headers (its credentials) out. `patient=False` takes a 429 for the answer. `within` are
        the seconds that an answer may take by the request's own word, beyond the target's timeout.
        """
        if form is not None:
            raw, label = write_form(form)
            headers = {"content-type": label, **(headers or {})}
        known = self.protocol.operations[operation]
        words = f"?{urlencode(query)}" if query else ""
        return await self._ask(
            Exchange(
                operation=operation,
                method=known.method,
                url=self._url(fill_path(known.path, parameters or {}) + words),
                identity=identity.name if identity else "",
                headers=self._headers(headers, anonymous=anonymous),
                body=_encode(body) if raw is None else raw,
                form=form,
                lawful=lawful,
                served=lawful and served,
            ),
            with_body=raw is not None or body is not _NOTHING,
            identity=identity,
            patient=patient,
            within=within,
        )

    async def send(
        self,
        method: str,
        path: str,
        payload: bytes | None = None,
        *,
        operation: str = "",
        anonymous: bool = False,
    ) -> Exchange:
        """Send any request at all. `path` is appended to the base URL as it is.

        It is not held against the protocol, unless it names the `operation` that it means.
        `anonymous` leaves the target's own headers (its credentials) out.
        """
        return await self._ask(
            Exchange(
                operation=operation,
                method=method,
                url=self._url(path),
                headers=self._headers(None, anonymous=anonymous),
                body=payload or b"",
                lawful=bool(operation),
                served=bool(operation),
            ),
            with_body=payload is not None,
        )

    async def repeat(self, asked: Exchange, *, identity: Identity | None = None) -> Exchange:
        """Send a request again as it stands; what it was answered is of no account."""
        with_body = bool(asked.body) or "content-type" in asked.headers
        return await self._ask(asked, with_body=with_body, identity=identity)

    def _url(self, path: str) -> str:
        return self.target.url.rstrip("/") + path

    def _headers(self, extra: Mapping[str, str] | None, *, anonymous: bool) -> dict[str, str]:
        own = {} if anonymous else self.target.headers
        return {name.lower(): value for name, value in (dict(own) | dict(extra or {})).items()}

    async def _ask(
        self,
        asked: Exchange,
        *,
        with_body: bool,
        identity: Identity | None = None,
        patient: bool = True,
        within: float = 0.0,
    ) -> Exchange:
        """Send it, and again after a pause where the peer says 429."""
        if with_body:
            asked = replace(asked, headers={"content-type": "application/json", **asked.headers})
        context = identity.context if identity else None

        async def ask(again: bool) -> Exchange:
            said = replace(asked, throttled=again)
            way = _Way(with_body=with_body, context=context, within=within)
            return await self._paced(said, way)

        exchange = await self._throttle.obey(ask, patient=patient)
        self.keep(exchange)
        self.see(exchange)
        return exchange

    @contextmanager
    def seen_by(self, see: Callable[[Exchange], None] = lambda _: None) -> Iterator[None]:
        """In the block `see` alone is told of the exchanges. By default nobody is: a router may
        understand a request as something else, or a lenient peer repeat nonsense.
        """
        before, self.see = self.see, see
        try:
            yield
        finally:
            self.see = before

    async def _paced(self, asked: Exchange, way: _Way) -> Exchange:
        await self._pace.wait()
        return await self._once(asked, way)

    async def _once(self, asked: Exchange, way: _Way) -> Exchange:
        trace = SimpleNamespace(reused=False, renewed=False)
        began = time.monotonic()
        said = await self._exchange(asked, trace, way)
        if trace.reused and _is_ended(said):
            # The peer may end an idle connection just as we write to it: that is no answer.
            trace.renewed = True
            said = await self._exchange(asked, trace, way)
        reconnected = trace.renewed and not self._ends.excuse(began)
        connected = not isinstance(said, aiohttp.ClientConnectorError)
        self._refused = 0 if connected else self._refused + 1
        asked = replace(asked, seconds=time.monotonic() - began, reconnected=reconnected)
        if isinstance(said, Exception):
            return replace(asked, failure=_failure(said))
        status, headers, answer = said
        self._ends.answered(status)
        return replace(asked, status=status, answer_headers=headers, answer=answer)

    async def _exchange(
        self, asked: Exchange, trace: SimpleNamespace, way: _Way
    ) -> tuple[int, dict[str, str], bytes] | Exception:
        seconds = self._patience.seconds(asked.operation, least=way.within)
        if seconds is None:
            return NotAskedError(f"not asked again: it gave no answer {GIVEN_UP} times")
        began = time.monotonic()
        try:
            async with self._session.request(
                asked.method,
                URL(asked.url, encoded=True),
                headers=asked.headers,
                data=asked.body if way.with_body else None,
                skip_auto_headers=("content-type",),  # no label on what has no body
                ssl=True if way.context is None else way.context,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
                trace_request_ctx=trace,
            ) as response:
                answer = await _read(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                self._patience.answered(asked.operation, time.monotonic() - began)
                return response.status, headers, answer
        except TimeoutError:
            self._patience.hung(asked.operation, seconds)
            return TimeoutError(f"no answer within {seconds:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a request goes out, beside what it says. `within` in seconds."""

    with_body: bool = False
    context: ssl.SSLContext | None = None
    within: float = 0.0


class FloodError(aiohttp.ClientError):
    """The peer sends more than any lawful answer holds."""


class NotAskedError(TimeoutError):
    """The operation hung too often to be asked again."""


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            response.close()
            raise FloodError(f"the answer is larger than {LARGEST_ANSWER} bytes")
    return b"".join(chunks)


class _Pace:
    """Keeps within the rate limit that the target file names."""

    def __init__(self, limit: RateLimit | None) -> None:
        self._limit = limit
        self._sent: deque[float] = deque()

    async def wait(self) -> None:
        if self._limit is None:
            return
        while len(self._sent) >= self._limit.requests:
            left = self._sent[0] + self._limit.seconds - time.monotonic()
            if left <= 0:
                self._sent.popleft()
            else:
                await asyncio.sleep(left)
        self._sent.append(time.monotonic())


def tls_context(target: Target) -> ssl.SSLContext:
    """As the target file says. Raises `OSError` for a file that cannot be read or is no PEM."""
    return _tls_context(target.tls)


@lru_cache(maxsize=8)
def _tls_context(tls: Tls) -> ssl.SSLContext:
    """Made once: every check opens connections, and reading the authorities takes its time."""
    return client_context(tls)


_PLAIN = ":@!$&'()*+,;="
"""What a step of a path may hold as it is (RFC 3986, pchar): encoding it would be pedantry."""


def fill_path(path: str, parameters: Mapping[str, str]) -> str:
    """A path with its parameters percent-encoded in place."""
    for name, value in parameters.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=_PLAIN))
    return path


def _encode(body: Any) -> bytes:
    if body is _NOTHING:
        return b""
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")


def _is_ended(said: object) -> bool:
    """Did the connection end, in order or by a reset, before there was an answer?"""
    if isinstance(said, aiohttp.ClientOSError):
        return said.errno in (errno.ECONNRESET, errno.EPIPE)
    return isinstance(said, aiohttp.ServerDisconnectedError | ConnectionResetError)


async def _note_reuse(_session: Any, context: Any, _params: Any) -> None:
    context.trace_request_ctx.reused = True


async def _note_new(_session: Any, context: Any, _params: Any) -> None:
    trace = context.trace_request_ctx
    trace.renewed = trace.renewed or trace.reused


def _failure(error: Exception) -> str:
    """Why there is no answer, in words."""
    return next((say(error) for kind, say in _FAILURES if isinstance(error, kind)), str(error))


_FAILURES: tuple[
    tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], str]], ...
] = (
    ((FloodError, TimeoutError), str),
    (
        aiohttp.ClientConnectorError,
        lambda e: f"cannot connect: {e.os_error.strerror or e.os_error}",
    ),
    (aiohttp.ServerDisconnectedError, lambda _: "the connection ended without an answer"),
    (aiohttp.ClientPayloadError, lambda _: "the answer's body ended early or is garbled"),
    (
        (aiohttp.ClientResponseError, ValueError),
        lambda e: f"the answer is not HTTP: {str(e)[:200]}",
    ),
    (Exception, lambda e: f"the connection broke: {e}"),
)
"""What each way of failing is called, the particular before the general."""
