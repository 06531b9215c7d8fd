"""Each exchange as it happens, for people and for programs."""

from __future__ import annotations

import io
import re

import orjson
import pytest

from mockserver.faults import Fault
from mockserver.log import ExchangeLog, printable
from tests.mockserver.conftest import Talk

BAD = {"agent_id": "", "agent_type": "worker"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _colour_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def _log(talk: Talk, out: io.TextIOBase, form: str = "text") -> None:
    talk.mock.listener = ExchangeLog(talk.mock.protocol, out, form=form)  # type: ignore[arg-type]


def test_text_is_a_line_an_exchange(talk: Talk) -> None:
    out = io.StringIO()
    _log(talk, out)
    talk("GET", "/health")
    talk("GET", "/nowhere")
    first, second = out.getvalue().splitlines()
    assert re.fullmatch(r"08:15:30\.000  200  GET    /health  \d+\.\d ms", first)
    assert re.fullmatch(r"08:15:30\.000  404  GET    /nowhere  \d+\.\d ms", second)


def test_text_explains_a_refusal(talk: Talk) -> None:
    out = io.StringIO()
    _log(talk, out)
    talk("POST", "/agents/register", BAD)
    _, reason, broken = out.getvalue().splitlines()
    assert reason.strip() == '/agent_id: "" is shorter than 1 character'
    assert broken.strip() == "breaks AITBC-AGENT-REG-002"


def test_text_names_faults(talk: Talk) -> None:
    out = io.StringIO()
    _log(talk, out)
    talk.session.faults.add(Fault(kind="drop"))
    talk("GET", "/health")
    assert "  dropped  GET" in out.getvalue()
    assert out.getvalue().rstrip().endswith("fault: drop")


def test_text_is_coloured_on_a_terminal_only(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(out: io.StringIO) -> str:
        _log(talk, out)
        talk("GET", "/health")
        return out.getvalue()

    assert "\x1b[32m200\x1b[0m" in told(Terminal())
    assert "\x1b" not in told(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in told(Terminal())


def test_text_lets_nobody_steer_the_terminal(talk: Talk) -> None:
    out = io.StringIO()
    _log(talk, out)
    talk("GET", "/\x1b[2J\x9b1m\r\n\x00forged")
    talk("POST", "/agents/register", {"agent_id": "a", "agent_type": "\x1b]0;x\x07"})
    talk("\x1b[31mGET", "/health")
    lines = out.getvalue().splitlines()
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)


def test_json_is_a_line_an_exchange(talk: Talk) -> None:
    out = Terminal()
    _log(talk, out, "json")
    good = talk("GET", "/health").exchange
    bad = talk("POST", "/agents/register", BAD).exchange
    first, second = map(orjson.loads, out.getvalue().splitlines())
    assert first == {**good.view(), "broken": []}
    assert second == {**bad.view(), "broken": ["AITBC-AGENT-REG-002"]}
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_log_goes_on_in_silence_when_its_reader_went_away(talk: Talk, form: str) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    _log(talk, Gone(), form)
    assert [talk("GET", "/health").status for _ in range(3)] == [200, 200, 200]


def test_log_writes_what_its_output_cannot_encode_as_escapes(talk: Talk) -> None:
    raw = io.BytesIO()
    _log(talk, io.TextIOWrapper(raw, "ascii", write_through=True))
    assert talk("POST", "/tasks/submit", {"task_data": {}, "priority": "höchste"}).status == 400
    assert rb"h\xf6chste" in raw.getvalue()


def test_printable_keeps_text_and_drops_controls() -> None:
    assert printable("grün 世 a b") == "grün 世 a b"
    assert printable("a\x00\x1b\x7f\x9b\u202e\n") == "a" + "�" * 6
