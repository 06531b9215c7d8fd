"""What is generated as lawful keeps within what every peer takes."""

from __future__ import annotations

from conformance.fuzz.writing import Cuts, Spelling
from conformance.protocols.echocenter.generated import Chat


def test_no_chat_is_longer_than_every_coordinator_takes() -> None:
    """An escape is three times as long as the character that it stands for."""
    for escaped in (True, False):
        spelling = Spelling(escaped=escaped)
        chat = Chat(words="🚀" * 80, times=700, spelling=spelling, cuts=Cuts())
        assert len(spelling.write({"payload": chat.text}).encode()) < 64 * 1024
    assert Chat(words="a", times=700, spelling=spelling, cuts=Cuts()).text == "a" * 700
