"""What passes is kept line by line, and outlives a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from conformance.proxy.frame_stream import Spoken as Frame
from conformance.proxy.watch import Line
from conformance.recording.concealing import Concealer
from conformance.recording.keeper import Keeper, read_part, write_scenario
from conformance.recording.records import dump, parse, record_of
from schemas import PackError, load, load_requirements
from tests.conformance.proxy.watching import Seen, answer, connection, request
from tests.conformance.recording.telling import asked, spoken

AITBC = load("aitbc")


def kept(folder: Path, seen: Seen) -> Path:
    part = folder / "a.part"
    keeper = Keeper(part, AITBC, Concealer())
    for passed in seen.passed:
        keeper.keep(passed)
    keeper.close()
    return part


def passing() -> Seen:
    seen = Seen()
    line = connection(seen)
    line.from_client(request("GET", "/health") + request("GET", "/agents/a%20b"))
    line.from_coordinator(answer(200, b'{"status": "healthy"}'))
    line.digest()
    return seen


def test_request_is_there_before_its_answer(tmp_path: Path) -> None:
    records = read_part(kept(tmp_path, passing()), AITBC)
    assert [getattr(record, "status", None) for record in records] == [200, 0]
    assert getattr(records[1], "parameters", None) == {"agent_id": "a b"}


def test_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    part = kept(tmp_path, passing())
    whole = part.read_bytes()
    part.write_bytes(whole + whole.splitlines()[-1][:-30])
    assert len(read_part(part, AITBC)) == 2
    out = tmp_path / "out.yaml"
    assert write_scenario(out, read_part(part, AITBC), AITBC, load_requirements(AITBC)) == 1
    assert yaml.safe_load(out.read_text("utf-8"))["arazzo"] == "1.1.0"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "is no recording"),
        (b"[]\n", "is no recording"),
        (b'{"assay-recording": 1, "protocol": "stella"}\n', "of stella, and not of aitbc"),
        (b'{"assay-recording": 1, "protocol": "aitbc"}\n{}\n', "no line of a recording"),
        (b'{"assay-recording": 1, "protocol": "aitbc"}\n{"is": "asked"}\n', "no line of a"),
    ],
)
def test_other_file_is_refused_with_its_line(tmp_path: Path, text: bytes, told: str) -> None:
    part = tmp_path / "x.part"
    part.write_bytes(text)
    with pytest.raises(PackError, match=told):
        read_part(part, AITBC)


@pytest.mark.parametrize(
    "record",
    [
        asked(1, "a", {"x": [1, 2.5, None, "é"]}, b"text", headers=[("a", "b")], query=[("c", "")]),
        spoken(2, "agent", "m", {"x": 1}, code=None),
        spoken(3, "coordinator", "", kind="close", code=1000),
    ],
    ids=["asked", "spoken", "close"],
)
def test_record_is_read_back_as_it_was(record: object) -> None:
    assert parse(dump(record)) == record  # type: ignore[arg-type]


def test_pings_are_not_worth_recording() -> None:
    seen = Seen("echocenter")
    channel = load("echocenter").channels["socket"]
    line = Line(number=1, peer="", channel=channel, now=lambda: 1.0)
    for kind in ("ping", "pong", "raw", "text"):
        seen.watch.frame(Frame(kind, b"{}"), "agent", line)
    assert [record_of(passed) is not None for passed in seen.passed] == [False] * 3 + [True]
