"""`assay mutate`, from its command line to its files."""

from __future__ import annotations

import signal
import socket
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from conformance.cli import run
from reports.mutation import Score
from schemas.files import check
from tests.conformance.children import assay_started, ended

_WIRE = "getHealth.200.body./status:retype"
_BEHAVIOUR = "register.capabilities.empty_refused"


def _mutate(*words: str) -> int:
    return run(["mutate", "aitbc", *words])


def _kinds(path: Path) -> list[str]:
    return [orjson.loads(line)["record"] for line in path.read_bytes().splitlines()]


def test_mutants_of_both_sources_are_caught_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "score.jsonl"
    words = ("--only", _WIRE, "--only", _BEHAVIOUR, "--suspects", "--out", str(out))
    assert _mutate(*words) == 0
    said = capsys.readouterr().out
    assert "score 100 % (2 of 2 caught; floor 97 %)" in said
    assert "0 false alarms" in said
    assert _kinds(out) == ["header", "session", "lawful", "mutant", "lawful", "mutant", "end"]
    told = orjson.loads((tmp_path / "score.json").read_bytes())
    assert list(check(told, "mutation", out)) == []
    seen = {each["name"]: each for each in told["mutants"]}
    assert "AITBC-REG-002" in seen[_BEHAVIOUR]["fail"]
    assert seen[_WIRE]["applied"] > 0

    out.write_bytes(out.read_bytes() + b'{"record":"mut')  # as it is left where the power fails
    assert _mutate(*words) == 0
    assert _kinds(out)[7:] == ["session", "end"]


def test_file_of_another_role_is_not_added_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "score.jsonl"
    assert _mutate("--seconds", "0", "--only", _BEHAVIOUR, "--out", str(out)) == 1
    assert Score.read(out).ending == "The time was over. Not judged: 1 mutant, 0 lawful peers."
    before = out.read_bytes()
    assert _mutate("--role", "agent", "--source", "behaviour", "--out", str(out)) == 2
    assert "is of another role: coordinator, not agent" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_file_of_another_peer_is_not_added_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--seconds", "0", "--only", _WIRE, "--out", str(tmp_path / "score.jsonl"))
    assert _mutate(*words) == 1
    with closing(socket.create_server(("127.0.0.1", 0))) as somebody:
        url = f"http://someone:s3cretly@127.0.0.1:{somebody.getsockname()[1]}"
        assert _mutate(*words, "--url", url) == 2
    said = capsys.readouterr().err
    assert "is of another peer: the local mock, not http://someone:" in said
    assert "s3cretly" not in said


def test_list_tells_mutants_and_judges_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _mutate("--list", "--only", "getHealth.200.body./status:*") == 0
    said = capsys.readouterr()
    assert f"wire       {_WIRE}\n" in said.out
    assert "behaviour: 0 of" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "nothing-like-it"), "matches no mutant"),
        (("--sample", "0"), "--sample: is not 1 or more"),
        (("-j", "0"), "-j: is not 1 or more"),
        (("--floor", "101"), "--floor: is more than 100 per cent"),
        (("--timeout", "0"), "--timeout: is not above 0"),
        (("--out", "score.json"), "--out: does not end in .jsonl"),
        (("--mutants", "no_such_module"), "--mutants: cannot be imported"),
        (("--role", "agent", "--url", "http://localhost:9"), "--url: is for --role coordinator"),
        (("--source", "behaviour", "--url", "http://localhost:9"), "is broken on the wire"),
        (("--target", "nowhere.yaml"), "nowhere.yaml"),
        (("--", "my-agent"), "a command is for --role agent"),
    ],
)
def test_wrong_usage_is_refused(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _mutate(*words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [("--url", "http://127.0.0.1:9"), ("--role", "agent", "--", "no-such-agent-anywhere")],
)
def test_peer_that_is_not_there_is_told(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _mutate(*words) == 3
    assert capsys.readouterr().err.startswith("assay: ")


async def test_what_is_done_is_kept_when_it_is_told_to_end(tmp_path: Path) -> None:
    words = ("--only", "register.capabilities.*", "--suspects", "--out", "score.jsonl")
    process = await assay_started(tmp_path, "mutate", "aitbc", *words, PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    begun = await process.stdout.readline()  # the peer as it is was judged
    process.send_signal(signal.SIGTERM)
    done = await ended(process, tmp_path)
    assert begun.startswith(b"lawful")
    assert (done.code, done.err) == (130, "")
    assert done.records("score.jsonl")[-1]["reason"] == "interrupted"
    assert "The session was interrupted. Not judged:" in done.out
