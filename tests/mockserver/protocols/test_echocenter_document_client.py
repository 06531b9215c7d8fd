"""The client that the guide prints, against the mock.

Its text is taken from the guide when the tests run, and nothing of it is kept here. Where the guide
is not to be found (`ASSAY_SEEDS` names its folder), there is nothing to test.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import pytest

import mockserver
from mockserver import Settings
from mockserver.transcript import Entry, Frame

_ROOT = Path(__file__).resolve().parents[3]
_BEGIN, _END = "import websocket\n", "Released under"
_TOKEN, _PLACE = "your_token_here", "localhost:8080"

# The library of the guide's client is not ours to install: this is the part of it that is used.
_LIBRARY = """\
from websockets.sync.client import connect


def create_connection(url):
    return connect(url, proxy=None)
"""


def _document() -> Path | None:
    folder = Path(os.environ.get("ASSAY_SEEDS") or _ROOT.parent / "shared" / "seeds")
    return next(iter(sorted(folder.glob("001_*"))), None)


def _program(document: Path, token: str, place: str) -> str:
    text = document.read_text("utf-8")
    text = text[text.rindex(_BEGIN) : text.rindex(_END)]
    assert text.count(_TOKEN) == text.count(_PLACE) == 1
    return text.replace(_TOKEN, token).replace(_PLACE, place)


async def _until(said: asyncio.Queue[Entry], message: str) -> None:
    """Until the agent says a message of that name."""
    async with asyncio.timeout(20):
        while True:
            entry = await said.get()
            if isinstance(entry, Frame) and (entry.sender, entry.message) == ("agent", message):
                return


if (DOCUMENT := _document()) is not None:

    @pytest.mark.parametrize("dialect", ["documented", "deployed"])
    async def test_client_of_the_guide_logs_and_answers(tmp_path: Path, dialect: str) -> None:
        assert DOCUMENT is not None
        (tmp_path / "websocket.py").write_text(_LIBRARY, "utf-8")
        said: asyncio.Queue[Entry] = asyncio.Queue()
        settings = Settings(dialect=dialect)
        async with mockserver.start(
            "echocenter", settings=settings, listener=said.put_nowait
        ) as mock:
            coordinator = mock.session.coordinator
            token = coordinator.enrol("guide")["token"]
            program = tmp_path / "client.py"
            place = f"{mock.host}:{mock.port}"
            program.write_text(_program(DOCUMENT, token, place), "utf-8")
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(program)),
                cwd=tmp_path,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                stdout=asyncio.subprocess.DEVNULL,
            )
            try:
                await _until(said, "systemLog")
                coordinator.command("directive", {"to": "guide", "text": "report"})
                mock.mock.sockets.flush(mock.session)
                await _until(said, "chat")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            state = coordinator.state()
        assert [log["content"] for log in state["logs"]] == ["Agent Online"]
        assert [each["answer"] for each in state["directives"]] == ["Roger that!"]
