"""A watch whose findings a test can look at, and the heads of lawful messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from conformance.proxy.connection import Connection
from conformance.proxy.reading import Reader
from conformance.proxy.rewriting import Rewriting
from conformance.proxy.watch import Breach, Passed, Watch
from mockserver.transcript import Frame, HttpExchange
from schemas import load, load_requirements

__all__ = ["Seen", "answer", "connection", "request", "until"]


class Seen:
    """What a watch told."""

    def __init__(self, protocol: str = "aitbc") -> None:
        spec = load(protocol)
        self.passed: list[Passed] = []
        self.watch = Watch(Reader(spec), load_requirements(spec), self.passed.append)

    @property
    def exchanges(self) -> list[HttpExchange]:
        """The requests with their answers."""
        found = [each.entry for each in self.passed if each.answered]
        return [entry for entry in found if isinstance(entry, HttpExchange)]

    @property
    def frames(self) -> list[Frame]:
        return [each.entry for each in self.passed if isinstance(each.entry, Frame)]

    @property
    def breaches(self) -> list[Breach]:
        return [breach for each in self.passed for breach in each.breaches]

    @property
    def failures(self) -> list[str]:
        return [each.failure for each in self.passed if each.failure]


def connection(seen: Seen) -> Connection:
    rewriting = Rewriting(host="up:80", origin="http://up:80")
    return Connection(seen.watch, rewriting, lambda: 1.0, peer="127.0.0.1")


def request(method: str, path: str, body: bytes = b"", *more: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: proxy", *more]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(status: int, body: bytes = b"", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", *more, f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def until(seen: Callable[[], object]) -> None:
    """Wait until something is to be seen, half a minute at most."""
    for _ in range(3000):
        if seen():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")
