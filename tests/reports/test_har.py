"""HAR as network panels read it: held against the public schema, and read by a library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from haralyzer import HarParser

from reports.har import write_har
from reports.run import Run
from reports.times import iso, milliseconds
from tests.reports.builders import (
    AT,
    exchange,
    footer,
    frame,
    handshake,
    header,
    run,
    verdict,
)
from tests.reports.lifelike import records
from tests.reports.readers import legal_har


def written(made: Run, folder: Path) -> dict[str, Any]:
    write_har(made, folder / "run.har")
    log: dict[str, Any] = legal_har(folder / "run.har")["log"]
    return log


def entries(folder: Path, evidence: dict[str, Any], **head: Any) -> list[dict[str, Any]]:
    record = verdict("A-1", "fail", evidence=evidence)
    return list(written(run(folder, header("A-1", **head), record, footer()), folder)["entries"])


def test_a_library_reads_a_page_for_each_finding(tmp_path: Path) -> None:
    made = run(tmp_path, *records())
    log = written(made, tmp_path)
    read = HarParser({"log": log})
    pages = {page.page_id: len(page.entries) for page in read.pages}
    assert set(pages) == {found.name for found in made.findings if found.check.evidence}
    assert pages["AITBC-REG-007"] == 2
    first = read.pages[0].entries[0]
    assert (first.request.method, first.response.status) == ("POST", 200)


def test_exchanges_are_told_whole_and_counted_back_from_the_verdict(tmp_path: Path) -> None:
    request = {
        "method": "GET",
        "url": "http://h:1/a?b=c&d=&b=e",
        "headers": {"a": ["1", "2"]},
        "body": None,
    }
    headers = {"location": "/there", "content-type": "text/html"}
    answer = {"status": 302, "headers": headers, "body": "<p>ü"}
    posted = exchange({"a": 1}, [1], seconds=2)
    got = exchange(request=request, response=answer, seconds=1)
    first, second = entries(tmp_path, {"exchanges": [posted, got]})
    at = milliseconds(AT)
    assert first["startedDateTime"] == iso(at - 3000)
    assert (first["time"], first["timings"]["wait"]) == (2000, 2000)
    assert first["request"]["postData"] == {"mimeType": "application/json", "text": '{"a": 1}'}
    assert first["response"]["content"]["text"] == "[1]"
    assert second["startedDateTime"] == iso(at - 1000)
    assert "postData" not in second["request"]
    assert second["request"]["queryString"] == [
        {"name": "b", "value": "c"},
        {"name": "d", "value": ""},
        {"name": "b", "value": "e"},
    ]
    assert second["request"]["headers"] == [
        {"name": "a", "value": "1"},
        {"name": "a", "value": "2"},
    ]
    assert second["response"]["redirectURL"] == "/there"
    assert second["response"]["content"] == {"size": 5, "mimeType": "text/html", "text": "<p>ü"}


def test_no_answer_is_an_error(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, {"exchanges": [exchange(status=None)]})
    assert entry["response"]["status"] == 0
    assert entry["response"]["_error"] == "the connection was closed"


def test_a_procedure_has_its_own_word_for_a_status(tmp_path: Path) -> None:
    request = {"method": "RPC", "url": "grpc://h:1/a.B/C", "headers": {}, "body": {}}
    response = {"status": 404, "code": "NOT_FOUND", "headers": {}, "body": None}
    (entry,) = entries(tmp_path, {"exchanges": [exchange(request=request, response=response)]})
    assert entry["response"]["statusText"] == "NOT_FOUND"
    assert entry["request"]["httpVersion"] == "HTTP/2"


TALK = [
    frame({"a": 1}, "assay", seconds=0.5),
    frame("hello", seconds=1.5),
    frame("1000 bye", kind="close", seconds=2),
    frame("the transport ended", kind="lost", seconds=2.5),
]


def test_frames_hang_on_the_handshake_that_opened_them(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, {"exchanges": [handshake(seconds=0)], "frames": TALK})
    assert entry["_resourceType"] == "websocket"
    opened = milliseconds(AT) / 1000
    assert entry["_webSocketMessages"] == [
        {"type": "send", "time": opened + 0.5, "opcode": 1, "data": '{"a": 1}'},
        {"type": "receive", "time": opened + 1.5, "opcode": 1, "data": "hello"},
        {"type": "receive", "time": opened + 2, "opcode": 8, "data": "1000 bye"},
        {
            "type": "receive",
            "time": opened + 2.5,
            "opcode": 0,
            "data": "the transport ended",
            "_kind": "lost",
        },
    ]


def test_or_on_the_one_that_the_story_tells(tmp_path: Path) -> None:
    opening = {
        "is": "opening",
        "connection": "agent-1",
        "channel": "socket",
        "path": "/api/ws?token=x",
        "headers": {"upgrade": "websocket"},
        "status": 101,
    }
    story = {"run": "r", "within": "test_it", "steps": [opening]}
    (entry,) = entries(
        tmp_path, {"frames": TALK, "story": story}, peer={"name": "p", "url": "https://h:1/v1/"}
    )
    assert entry["request"]["url"] == "wss://h:1/v1/api/ws?token=x"
    assert entry["request"]["headers"] == [{"name": "upgrade", "value": "websocket"}]
    assert entry["comment"] == "socket"
    assert len(entry["_webSocketMessages"]) == 4


def test_or_on_none_that_is_known(tmp_path: Path) -> None:
    other = frame("x", connection="agent-2")
    evidence = {"exchanges": [handshake()], "frames": [*TALK, other]}
    opened, first, second = entries(tmp_path, evidence, peer={"name": "whoever"})
    assert "_webSocketMessages" not in opened, "whose handshake it is, nobody knows"
    assert first["request"]["url"] == "ws://unknown.invalid/"
    assert first["comment"] == "its handshake is not in the record"
    assert [len(each["_webSocketMessages"]) for each in (first, second)] == [4, 1]


def test_the_client_is_who_sends(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, {"frames": TALK}, role="agent")
    sent = [each["type"] for each in entry["_webSocketMessages"]]
    assert sent == ["receive", "send", "send", "send"]
