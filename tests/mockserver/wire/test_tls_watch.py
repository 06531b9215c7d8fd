"""Clients whose certificate TLS does not take: what the transcript tells of them."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from pathlib import Path

import mockserver
from mockserver.authority import Authority
from mockserver.transcript import Entry, HttpExchange


def _dressed(folder: Path, ca: str, authority: Authority) -> ssl.SSLContext:
    made = authority.issue("crane-1", time.time() - 60, time.time() + 3600)
    file = folder / "client.pem"
    file.write_text(f"{made.cert}\n{made.key}", "utf-8")
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(file)
    return context


async def _ask(port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
    writer.write(b"GET /api/v1/agents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    try:
        return await reader.read()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_a_certificate_of_nobody_we_know_is_told(tmp_path: Path) -> None:
    heard: list[Entry] = []
    async with mockserver.start("stella", listener=heard.append) as mock:
        said = b""
        with suppress(OSError):  # or nothing comes
            said = await _ask(mock.port, _dressed(tmp_path, mock.ca, Authority("elsewhere")))
        assert not said
    (told,) = heard
    assert isinstance(told, HttpExchange)
    (wrong,) = told.violations
    assert wrong.keyword == "certificate"
    assert wrong.message
    assert (told.method, told.path, told.status) == ("", "", 0)
    assert told.dialled > 0


async def test_a_client_without_one_is_heard() -> None:
    heard: list[Entry] = []
    async with mockserver.start("stella", listener=heard.append) as mock:
        context = ssl.create_default_context(cafile=mock.ca)
        assert (await _ask(mock.port, context)).startswith(b"HTTP/1.1 ")
    (told,) = heard
    assert isinstance(told, HttpExchange)
    assert told.path == "/api/v1/agents"
