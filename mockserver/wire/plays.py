"""Scenarios on a mock that is served: who plays which, and the clock that keeps them going."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from mockserver.app import Mock
from mockserver.scenario.inputs import InputError
from mockserver.scenario.playlist import Playlist
from mockserver.session import Session
from schemas import PackError, load_requirements
from schemas.arazzo.document import read_scenario
from schemas.arazzo.finding import find_shipped
from schemas.arazzo.model import Scenario

__all__ = ["Plays"]

_TICK = 0.02
_LOOK = 0.5
"""Seconds between two looks at whether a file has changed."""


class Plays:
    """The scenarios of one mock by session. `tell` hears in words how they go."""

    def __init__(self, mock: Mock, tell: Callable[[str], None] = lambda _: None) -> None:
        self.tell = tell
        self._mock = mock
        self._playing: WeakKeyDictionary[Session, Playlist] = WeakKeyDictionary()
        self._files: WeakKeyDictionary[Session, tuple[Path, int]] = WeakKeyDictionary()
        self._task: asyncio.Task[None] | None = None

    def put(
        self,
        session: Session,
        scenario: Scenario,
        *,
        workflow: str = "",
        inputs: Mapping[str, Any] | None = None,
        watched: bool = False,
    ) -> Playlist:
        """Play a scenario in a session from its beginning, and again when its file changes, where
        it is `watched`. Raises `ValueError` for a workflow or an input that it does not have.
        """
        roles = {row.id: row.role for row in load_requirements(self._mock.protocol).values()}
        try:
            playlist = Playlist(
                self._mock,
                session,
                scenario,
                roles=roles,
                real=time.monotonic,
                workflow=workflow,
                inputs=inputs,
                tell=self.tell,
            )
        except KeyError as error:
            names = ", ".join(scenario.own)
            raise ValueError(f"{scenario.name} has no workflow {error}; it has {names}") from error
        self._playing[session] = playlist
        if watched:
            self._files[session] = (scenario.path, _changed(scenario.path))
        playlist.start()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_going())
        return playlist

    def put_shipped(self, session: Session, name: str, **more: Any) -> Playlist:
        """The same for one that ships. Raises `PackError` with the nearest name."""
        path = find_shipped(name, self._mock.protocol.id)
        return self.put(session, read_scenario(path, self._mock.protocol), **more)

    def put_document(self, session: Session, document: Any, **more: Any) -> Playlist:
        """The same for a document that is no file. Raises `PackError` for what is wrong with it."""
        with tempfile.TemporaryDirectory(prefix="assay-scenario-") as folder:
            file = Path(folder) / "scenario.arazzo.json"
            file.write_bytes(orjson.dumps(document))
            scenario = read_scenario(file, self._mock.protocol)
        return self.put(session, scenario, **more)

    def get(self, session: Session) -> Playlist | None:
        return self._playing.get(session)

    def drop(self, session: Session) -> None:
        """Play nothing there any more."""
        self._files.pop(session, None)
        playlist = self._playing.pop(session, None)
        if playlist is not None:
            playlist.stop()

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _keep_going(self) -> None:
        looked = time.monotonic()
        while True:
            await asyncio.sleep(_TICK)
            if time.monotonic() - looked > _LOOK:
                looked = time.monotonic()
                for session in list(self._files):
                    self._look(session)
            for playlist in list(self._playing.values()):
                playlist.tick()

    def _look(self, session: Session) -> None:
        path, before = self._files[session]
        now = _changed(path)
        if now == before:
            return
        self._files[session] = (path, now)
        old = self._playing[session]
        try:
            scenario = read_scenario(path, self._mock.protocol)
            self.put(session, scenario, workflow=old.workflow, inputs=old.inputs, watched=True)
        except (PackError, InputError, ValueError) as error:
            self.tell(
                f"{path.name} has changed and cannot be played; the one before goes on\n{error}"
            )
        else:
            self.tell(f"{path.name} has changed: it begins anew")


def _changed(path: Path) -> int:
    """When a file was changed last (nanoseconds), or 0 where it cannot be told."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
