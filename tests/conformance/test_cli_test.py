"""`assay test`: its exit codes, what it says, and what it leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import mockserver
from mockserver import RunningMock
from reports.formats import FORMATS
from schemas.files import check
from tests.conformance.children import HOME, Done, assay, assay_started, ended, mutant, served
from tests.conformance.peers import Line, answer, closed_port, listening

REPORTS = {"run.jsonl", "results.json", "junit.xml", "report.html"}
KEY = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----"
COUNT = "AITBC-DISC-022"
"""What a coordinator that counts one agent too many breaks."""


@pytest.fixture
async def mock() -> AsyncIterator[RunningMock]:
    async with mockserver.start("aitbc") as running:
        yield running


def results(done: Done, out: str = "assay-report") -> Any:
    path = done.folder / out / "results.json"
    found = orjson.loads(path.read_bytes())
    assert list(check(found, "results", path)) == []
    return found


def refused(done: Done, *words: str) -> None:
    """It was a usage error, told in words and without a traceback."""
    assert done.code == 2, done.said
    assert "Traceback" not in done.said
    for word in words:
        assert word in done.err, done.err


class TestConformant:
    async def test_a_mock_is_conformant_and_the_reports_are_there(
        self, tmp_path: Path, mock: RunningMock
    ) -> None:
        done = await assay(
            tmp_path, "test", "aitbc", "--url", mock.url, "--only", "AITBC-STAT-00[123]",
            "--only", "AITBC-HEALTH-001", "--profile", "quick", "--seed", "7",
            "--out", "deep/out", "--strict",
        )  # fmt: skip
        assert done.code == 0, done.said
        assert "Traceback" not in done.said
        assert done.files == {"deep"}, "nothing else is written"
        assert {path.name for path in (tmp_path / "deep" / "out").iterdir()} == REPORTS
        found = results(done, "deep/out")
        assert found["verdict"] == "conformant"
        ET.parse(tmp_path / "deep" / "out" / "junit.xml")
        header = done.records("deep/out/run.jsonl")[0]
        assert (header["seed"], header["profile"], header["strict"]) == (7, "quick", True)
        assert header["only"] == "AITBC-STAT-00[123] AITBC-HEALTH-001"
        assert {row["id"][6:10] for row in found["requirements"]} == {"STAT", "HEAL"}
        assert header["command"].startswith("assay test aitbc --url http://127.0.0.1:")
        for number, record in enumerate(done.records("deep/out/run.jsonl"), 1):
            assert list(check(record, "run-record", tmp_path, line=number)) == []

    async def test_workers_come_to_the_same_verdicts(
        self, tmp_path: Path, mock: RunningMock
    ) -> None:
        words = ["test", "aitbc", "--url", mock.url, "--only", "AITBC-GET-03[0-5]"]
        alone, spread = await asyncio.gather(
            assay(tmp_path, *words, "--out", "one"),
            assay(tmp_path, *words, "--out", "two", "-n", "2"),
        )
        assert alone.code == spread.code == 0
        one, two = (
            {(r["id"], r["verdict"]) for r in results(alone, out)["requirements"]}
            for out in ("one", "two")
        )
        assert one == two
        assert len(one) == 6

    async def test_an_agent_is_judged_by_its_command(self, tmp_path: Path) -> None:
        agent = HOME / "tests" / "mutants" / "aitbc_agents" / "agent.py"
        done = await assay(
            tmp_path, "test", "aitbc", "--role", "agent", "--profile", "quick", "--timeout", "1",
            "--only", "AITBC-AGENT-REG-00*", "--",
            sys.executable, str(agent), "--url", "{url}", "--name", "{name}",
        )  # fmt: skip
        assert done.code == 0, done.said
        found = results(done)
        passed = {r["id"] for r in found["requirements"] if r["verdict"] == "pass"}
        assert {"AITBC-AGENT-REG-001", "AITBC-AGENT-REG-002", "AITBC-AGENT-REG-003"} <= passed


class TestBaseline:
    @staticmethod
    async def judged(folder: Path, url: str, baseline: str, *words: str, only: str = COUNT) -> Done:
        (folder / "known.yaml").write_text(baseline)
        return await assay(
            folder, "test", "aitbc", "--url", url, "--only", only, "--baseline", "known.yaml",
            "--profile", "quick", *words,
        )  # fmt: skip

    async def test_a_broken_peer_fails_unless_its_fault_is_known(self, tmp_path: Path) -> None:
        known = f"known:\n  - requirement: {COUNT}\n    reason: issue 12\n"
        async with served(HOME, *mutant("discover.count.one_more")) as (url, _):
            plain = await assay(
                tmp_path, "test", "aitbc", "--url", url, "--only", COUNT, "--profile", "quick"
            )
            assert plain.code == 1, plain.said
            assert f"FAIL  {COUNT}" in plain.out
            assert "curl" in plain.out, "it shows how to see it"
            assert results(plain)["verdict"] == "nonconformant"
            wide = "AITBC-DISC-02[24]"  # with a neighbour that passes
            tolerated = await self.judged(tmp_path, url, known, only=wide)
            assert tolerated.code == 0, tolerated.said
            expired = await self.judged(
                tmp_path, url, known + "    expires: '2020-01-31'\n", only=wide
            )
            assert expired.code == 1, expired.said
            assert "has expired: it held until" in expired.out
            assert "2020-01-31" in expired.out

    async def test_an_entry_that_no_longer_fails_fails_the_run(
        self, tmp_path: Path, mock: RunningMock
    ) -> None:
        known = f"known:\n  - requirement: {COUNT}\n    reason: issue 12\n"
        done = await self.judged(tmp_path, mock.url, known)
        assert done.code == 1
        assert f"The baseline entry for {COUNT} is stale" in done.out

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (f"known:\n  - requirement: {COUNT}\n", ["known.yaml:2", "reason"]),
            ("known:\n  - requirement: A\n    reason: ok\n", ["known.yaml:3", "/known/0/reason"]),
            (
                "known:\n  - requirement: A\n    reason: known\n    expires: soon\n",
                ["known.yaml:4", "'soon'"],
            ),
            ("known: [\n", ["known.yaml", "is not YAML"]),
        ],
    )
    async def test_a_bad_baseline_is_refused(
        self, tmp_path: Path, text: str, words: list[str]
    ) -> None:
        refused(await self.judged(tmp_path, "http://127.0.0.1:9", text), *words)


class TestStrict:
    async def test_what_is_only_implied_warns_and_fails_when_strict(self, tmp_path: Path) -> None:
        async with served(HOME, *mutant("discover.capabilities.any")) as (url, _):
            words = ["test", "aitbc", "--url", url, "--only", "AITBC-DISC-02[78]"]
            lenient = await assay(tmp_path, *words, "--out", "lenient")
            strict = await assay(tmp_path, *words, "--strict", "--out", "strict")
        assert "WARN  AITBC-DISC-028" in lenient.out
        assert lenient.code == 0, lenient.said
        assert "FAIL  AITBC-DISC-028" in strict.out
        assert strict.code == 1


class TestFailFast:
    async def test_the_first_broken_requirement_that_is_not_known_ends_the_run(
        self, tmp_path: Path
    ) -> None:
        first, last = "AITBC-DISC-020", COUNT
        known = tmp_path / "known.yaml"
        known.write_text(f"known:\n  - requirement: {first}\n    reason: issue 12\n")
        async with served(HOME, *mutant("discover.count.missing")) as (url, _):
            words = ["test", "aitbc", "--url", url, "--profile", "quick", "--fail-fast"]
            words += ["--only", "AITBC-DISC-02[02]"]
            fast = await assay(tmp_path, *words, "--out", "fast")
            later = await assay(tmp_path, *words, "--baseline", str(known), "--out", "later")
        assert (fast.code, later.code) == (1, 1)
        assert _broken(fast, "fast") == {first: "fail", last: "inconclusive"}
        assert "--resume fast" in fast.out
        assert _broken(later, "later") == {first: "fail", last: "fail"}


def _broken(done: Done, out: str) -> dict[str, str]:
    return {one["id"]: one["verdict"] for one in results(done, out)["requirements"]}


class TestUsage:
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["aitbc"], ["--url", "hint: give the coordinator's base URL"]),
            (["aitbc", "--url", "localhost:9001"], ["--url", "'localhost:9001'", "hint: "]),
            (["aitbc", "--url", "ftp://h/"], ["--url", "'ftp://h/'", "hint: "]),
            (["aitbc", "--url", "http://"], ["--url", "'http://'", "hint: "]),
            (["aitbc", "--url", "http://h:99999"], ["--url", "'http://h:99999'", "hint: "]),
            (["aitbc", "--url", "http://[::1"], ["--url", "'http://[::1'", "hint: "]),
            (["aitbcd", "--url", "http://h"], ["aitbcd", "aitbc"]),
            (["aitbc", "--url", "http://h", "--timeout", "0"], ["--timeout", "0"]),
            (["aitbc", "--url", "http://h", "--timeout", "nan"], ["--timeout", "nan"]),
            (["aitbc", "--url", "http://h", "--timeout", "x"], ["--timeout", "'x'"]),
            (["aitbc", "--url", "http://h", "--only", "NO-*"],
             ["--only", "'NO-*'", "hint: see: assay requirements aitbc --role coordinator"]),
            (["aitbc", "--url", "http://h", "--profile", "slow"], ["--profile", "'slow'", "quick"]),
            (["aitbc", "--url", "http://h", "--role", "judge"], ["--role", "'judge'"]),
            (["aitbc", "--url", "http://h", "--seed", "x"], ["--seed", "'x'"]),
            (["aitbc", "--url", "http://h", "--", "./agent"], ["--role agent"]),
            (["aitbc", "--url", "http://h", "--pytest-args", "'"], ["--pytest-args", "No closing"]),
            (["aitbc", "--role", "agent", "--port", "70000"], ["--port", "70000"]),
            (["aitbc", "--url", "http://h", "--baseline", "none.yaml"], ["none.yaml", "hint: "]),
            (["aitbc", "--target", "none.yaml"], ["none.yaml", "hint: "]),
            (["aitbc", "--url", "http://h", "--out", "a-file"], ["a-file", "cannot be written"]),
            (["aitbc", "--unheard-of"], ["--unheard-of"]),
            ([], ["protocol"]),
        ],
    )  # fmt: skip
    async def test_a_usage_error_names_what_is_wrong(
        self, tmp_path: Path, words: list[str], told: list[str]
    ) -> None:
        (tmp_path / "a-file").touch()
        done = await assay(tmp_path, "test", *words)
        refused(done, *told)
        assert done.files == {"a-file"}

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("url: http://h\nnmae: x\n", ["target.yaml:2 at /nmae", "hint: did you mean 'name'"]),
            ("url: http://h\nheaders:\n  A: ${ASSAY_NOT_SET}\n",
             ["target.yaml:3 at /headers/A", "ASSAY_NOT_SET", "hint: export"]),
            ("url: http://h\ncapabilities: {qeues: true}\n",
             ["target.yaml:2", "'qeues'", "hint: capabilities: registry"]),
            ("url: https://h\ntls: {ca: no/ca.pem}\n",
             ["target.yaml at /tls", "no/ca.pem", "hint: paths are relative"]),
            ("url: [\n", ["target.yaml", "is not YAML"]),
        ],
    )  # fmt: skip
    async def test_a_broken_target_file_is_refused_at_its_place(
        self, tmp_path: Path, text: str, words: list[str]
    ) -> None:
        (tmp_path / "target.yaml").write_text(text)
        refused(await assay(tmp_path, "test", "aitbc", "--target", "target.yaml"), *words)


class TestOutOfReach:
    async def test_a_peer_that_cannot_be_reached_is_3_and_reported(self, tmp_path: Path) -> None:
        (tmp_path / "target.yaml").write_text(
            f"url: http://me:${{ASSAY_CANARY}}@127.0.0.1:{await closed_port()}\n"
        )
        words = ["test", "aitbc", "--target", "target.yaml"]
        done = await assay(tmp_path, *words, ASSAY_CANARY="canary-1")
        assert done.code == 3
        assert "cannot be reached" in done.err
        assert "Traceback" not in done.said
        assert {path.name for path in (tmp_path / "assay-report").iterdir()} == REPORTS
        assert results(done)["verdict"] != "conformant"
        assert "canary" not in done.said
        for path in (tmp_path / "assay-report").iterdir():
            assert b"canary" not in path.read_bytes(), path.name

    async def test_an_agent_that_cannot_be_started_is_3(self, tmp_path: Path) -> None:
        done = await assay(tmp_path, "test", "aitbc", "--role", "agent", "--", "no-such-agent")
        assert done.code == 3
        assert "no-such-agent cannot be started: no such command" in done.err


class TestToken:
    """A coordinator that turns everybody away who shows no token."""

    async def test_one_that_is_not_known_is_asked_for(self, tmp_path: Path) -> None:
        earlier = tmp_path / "assay-report" / "run.jsonl"
        earlier.parent.mkdir()
        earlier.write_text("what an earlier run left")
        async with mockserver.start("caxton") as mock:
            done = await assay(tmp_path, "test", "caxton", "--url", mock.url)
        assert earlier.read_text() == "what an earlier run left"
        refused(done, "--token: is wanted", "GET /api/v1/agents gives 401", "X-Caxton-Token")

    async def test_one_that_only_changes_want_is_asked_for(self, tmp_path: Path) -> None:
        async def open_to_readers(line: Line) -> None:
            while heard := await line.heard():
                get = heard.startswith(b"GET ")
                await line.say(answer() if get else answer(status="401 Unauthorized"))

        async with listening(open_to_readers) as url:
            done = await assay(tmp_path, "test", "caxton", "--url", url)
        refused(done, "--token: is wanted", "POST /api/v1/agents gives 401")

    async def test_none_is_asked_for_where_none_is_wanted(self, tmp_path: Path) -> None:
        settings = mockserver.Settings(token="")
        async with mockserver.start("caxton", settings=settings) as mock:
            done = await assay(
                tmp_path, "test", "caxton", "--url", mock.url, "--only", "CAXTON-LST-014"
            )
        assert done.code == 0, done.said


class TestOurFault:
    @pytest.mark.parametrize(
        ("plugin", "told"),
        [
            ("tests.conformance.breaking_plugin", "was broken on purpose"),
            ("tests.conformance.collapsing_plugin", "broke off by a fault of our own"),
            ("tests.conformance.no_such_plugin", "before it began"),
        ],
    )
    async def test_a_suite_that_breaks_is_4_and_no_verdict_on_the_peer(
        self, tmp_path: Path, mock: RunningMock, plugin: str, told: str
    ) -> None:
        done = await assay(
            tmp_path, "test", "aitbc", "--url", mock.url, "--only", "AITBC-REG-001",
            "--pytest-args", f"-p {plugin}",
        )  # fmt: skip
        assert done.code == 4, done.said
        assert told in done.said


class TestEnding:
    @pytest.mark.parametrize("told", ["the group", "SIGINT", "SIGTERM"])
    async def test_a_run_that_is_told_to_end_reports_what_it_has(
        self, tmp_path: Path, told: str
    ) -> None:
        heard = asyncio.Event()

        async def serve(line: Line) -> None:
            while await line.heard():
                heard.set()

        async with listening(serve) as url:
            process = await assay_started(tmp_path, "test", "aitbc", "--url", url)
            await asyncio.wait_for(heard.wait(), 30)
            if told == "the group":
                os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
            else:
                process.send_signal(signal.Signals[told])
            done = await ended(process, tmp_path)
        assert done.code == 1, done.said
        assert done.records("assay-report/run.jsonl")[-1]["reason"] == "interrupted"
        assert "interrupted" in done.out
        assert "Traceback" not in done.said
        assert {path.name for path in (tmp_path / "assay-report").iterdir()} == REPORTS


class TestSecrets:
    async def test_no_secret_of_the_target_is_written_or_said(self, tmp_path: Path) -> None:
        """The peer repeats all that it hears, in its headers, bodies, and in no HTTP at all."""
        heard: list[bytes] = []

        async def serve(line: Line) -> None:
            while data := await line.heard():
                heard.append(data)
                if len(heard) % 7 == 0:
                    await line.say(b"you said: canary-4711-secret\r\n\r\n" + data)
                    return
                echo = orjson.dumps({"detail": data.decode("utf-8", "replace"), "agent_id": [
                    "Bearer canary-4711-secret", {"token": "canary-4711-secret"},
                    {"password": "canary-own", "Cookie": "a=canary-own", "log": KEY}]})  # fmt: skip
                headers = ("Content-Type: application/json", "X-Echo: canary-4711-secret",
                           "Set-Cookie: a=canary-own")  # fmt: skip
                await line.say(answer(echo, "200 canary-4711-secret", *headers))

        (tmp_path / "target.yaml").write_text(
            "name: echo of ${ASSAY_CANARY}\n"
            "headers:\n  Authorization: Bearer ${ASSAY_CANARY}\n  X-Own: canary-0815-plain\n"
        )
        async with listening(serve) as url:
            done = await assay(
                tmp_path, "test", "aitbc", "--target", "target.yaml", "--url", url,
                "--only", "AITBC-REG-00*", "--profile", "quick", "--report", ",".join(FORMATS),
                ASSAY_CANARY="canary-4711-secret", GITHUB_ACTIONS="true",
                GITHUB_STEP_SUMMARY=str(tmp_path / "assay-report" / "page.md"),
            )  # fmt: skip
        assert any(b"Bearer canary-4711-secret" in data for data in heard), "the wire needs it"
        assert done.code == 1
        assert len([r for r in results(done)["requirements"] if r["verdict"] == "fail"]) > 5
        assert "canary" not in done.said
        files = [path for path in (tmp_path / "assay-report").rglob("*") if path.is_file()]
        texts = {path.name: path.read_text("utf-8") for path in files}
        for name, text in texts.items():
            assert "canary" not in text, f"{name}: {text[text.find('canary') - 200 :][:300]}"
        for name in ("run.jsonl", "page.md", *(each.file for each in FORMATS.values())):
            text = texts.get(name) or "".join(texts.values())
            assert "•••" in text or "\\u2022" in text
