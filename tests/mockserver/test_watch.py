"""The watch over every answer does see what is wrong."""

from __future__ import annotations

import pytest

from mockserver.coordinator import Answer
from mockserver.protocols.aitbc import AitbcCoordinator
from tests.mockserver.conftest import Office, Talk


def test_watch_sees_an_illegal_answer(
    talk: Talk,
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    every_answer_is_legal: list[str],
) -> None:
    broken = {"getHealth": lambda *_: Answer(body={"status": "healthy"})}
    monkeypatch.setattr(AitbcCoordinator, "_handlers", broken)
    talk("GET", "/health")
    office.answer("getHealth")
    assert len(every_answer_is_legal) == 3  # by the mock, by its coordinator, by the bare one
    assert all("/timestamp" in told for told in every_answer_is_legal)
    every_answer_is_legal.clear()


def test_watch_sees_an_undocumented_status(
    office: Office, monkeypatch: pytest.MonkeyPatch, every_answer_is_legal: list[str]
) -> None:
    broken = {"getHealth": lambda *_: Answer(status=201, body={})}
    monkeypatch.setattr(AitbcCoordinator, "_handlers", broken)
    office.answer("getHealth")
    assert every_answer_is_legal == ["getHealth was answered 201, which is not documented"]
    every_answer_is_legal.clear()
