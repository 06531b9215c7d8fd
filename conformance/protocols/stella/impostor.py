"""The examiner of stella agents: short intervals, and once an authority that vouches for nobody."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from conformance.context import RunContext
from conformance.examiner import Examiner, Situation
from mockserver import RunningMock
from mockserver.authority import Authority
from schemas.spec import Protocol

__all__ = ["IMPOSTOR", "REPLACED", "USUAL", "StellaExaminer"]

IMPOSTOR = "impostor"
REPLACED = "replaced by an impostor"

USUAL: Mapping[str, Any] = {"heartbeatInterval": 1, "taskPollInterval": 1}
"""Whole seconds, as in the document's example: a field for whole numbers is lawful."""


class StellaExaminer(Examiner):
    """As any other, but that in one situation the mock is not who it should be."""

    def __init__(
        self, protocol: Protocol, context: RunContext, situations: tuple[Situation, ...]
    ) -> None:
        super().__init__(protocol, context, situations)
        self._folder = tempfile.TemporaryDirectory(prefix="assay-impostor-")

    @asynccontextmanager
    async def _mock(self, port: int) -> AsyncIterator[RunningMock]:
        """With short intervals from the first on: an agent that somebody else runs registers before
        any situation begins.
        """
        async with super()._mock(port) as mock:
            mock.session.coordinator.command("configure", USUAL)
            yield mock

    def _values(self, mock: RunningMock, situation: str) -> dict[str, str]:
        values = super()._values(mock, situation)
        if situation == IMPOSTOR and mock.ca:
            other = Path(self._folder.name) / "ca.pem"
            other.write_text(Authority("Somebody else").pem)
            values["ca"] = str(other)
        return values
