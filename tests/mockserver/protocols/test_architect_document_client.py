"""The client that the document prints, against the mock.

Its text is taken from the document when the tests run, and nothing of it is kept here. Where the
document is not to be found (`ASSAY_SEEDS` names its folder), there is nothing to test.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import mockserver
from mockserver import RunningMock, Settings

_ROOT = Path(__file__).resolve().parents[3]
_BEGIN, _END = "#!/usr/bin/env python3\n", "Did this answer your question?"
_FILLED_IN = re.compile(r"^(\s+)(HOST|PORT|USERNAME|PASSWORD)( = ).+$", re.MULTILINE)


def _document() -> Path | None:
    folder = Path(os.environ.get("ASSAY_SEEDS") or _ROOT.parent / "shared" / "seeds")
    return next(iter(sorted(folder.glob("000_*"))), None)


def _program(document: Path, values: dict[str, object]) -> str:
    text = document.read_text("utf-8")
    text = text[text.index(_BEGIN) : text.rindex(_END)]
    text, filled_in = _FILLED_IN.subn(lambda found: _with(found, values), text)
    assert filled_in == len(values)
    return text


def _with(found: re.Match[str], values: dict[str, object]) -> str:
    return f"{found[1]}{found[2]}{found[3]}{values[found[2]]!r}"


@contextlib.asynccontextmanager
async def _running(program: Path) -> AsyncIterator[asyncio.StreamReader]:
    """The program as a child; yields what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "ignore", str(program)),  # it uses a name of an older websockets
        cwd=program.parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.stdout.read()
        await process.wait()


async def _lines(mock: RunningMock, document: Path, folder: Path) -> list[str]:
    """What the client prints up to the line after its word that it is connected."""
    settings = mock.mock.settings
    values: dict[str, object] = {"HOST": mock.host, "PORT": mock.port}
    values |= {"USERNAME": settings.username, "PASSWORD": settings.password}
    program = folder / "client.py"
    program.write_text(_program(document, values), "utf-8")
    lines: list[str] = []
    async with _running(program) as output, asyncio.timeout(20):
        while "Connected." not in lines[:-1]:
            line = (await output.readline()).decode()
            assert line, f"the client ended: {lines}"
            lines.append(line.rstrip("\n"))
    return lines


if (DOCUMENT := _document()) is not None:

    @pytest.mark.parametrize("dialect", ["documented", "deployed"])
    async def test_client_of_the_document_connects_and_lists_the_servers(
        tmp_path: Path, dialect: str
    ) -> None:
        assert DOCUMENT is not None
        async with mockserver.start("architect", settings=Settings(dialect=dialect)) as mock:
            said = await _lines(mock, DOCUMENT, tmp_path)
            calls = mock.session.coordinator.state()["calls"]
        assert said[0] == f"Connected to {mock.ws_url}/ws (sub-protocol: 'SMP1.0')"
        assert said[-2] == "Connected."
        assert "'Northwood'" in said[-1]
        assert calls == {"list_actions": 1, "servers": 1}
