"""A run as it comes out of a real afternoon: `python -m tests.reports.lifelike DIR` renders it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from reports import summary, write_all
from schemas import load, load_requirements
from tests.reports.builders import (
    coverage,
    encoded,
    error,
    exchange,
    footer,
    frame,
    handshake,
    header,
    known,
    message,
    operation,
    step,
    story,
    verdict,
)

_HOSTILE = "<script>document.title='owned'</script> \x1b[2J\u202egpj.exe"


def records() -> list[dict[str, Any]]:
    """Every requirement of aitbc's coordinator, and every kind of finding."""
    protocol = load("aitbc")
    rows = [row for row in load_requirements(protocol).values() if row.role == "coordinator"]
    names = ("id", "level", "basis", "section", "text", "capability")
    head = header(
        *({name: getattr(row, name) for name in names} for row in rows),
        protocol={
            "id": protocol.id,
            "title": protocol.title,
            "version": protocol.version,
            "document": protocol.document,
        },
        peer={"name": "staging coordinator 2.4.1", "url": "https://coordinator.example.test/v1"},
        claimed=[name for name in protocol.capabilities if name != rows[-1].capability],
        unclaimed=[rows[-1].capability],
        baseline=[
            known(rows[9].id, "the vendor mends it in 2.5, ticket COORD-118"),
            known(rows[2].id, "old and forgotten"),
        ],
        command="assay test aitbc --url https://coordinator.example.test/v1 --baseline b.yaml",
        surface={
            "operations": [
                operation("registerAgent", "200", "4XX", "500", method="POST"),
                operation("getHealth", "200"),
                operation("callTool", "200", capability=rows[-1].capability, method="RPC"),
            ],
            "messages": [message("welcome"), message("post")],
        },
    )
    said = coverage("welcome", registerAgent=["200", "422", "503", "none"])
    found = [
        verdict(row.id, *_usual(index, row.capability == rows[-1].capability))
        for index, row in enumerate(rows)
        if index not in (4, 6, 9, 12, 17)
    ]
    return [head, *found, said, *_findings([row.id for row in rows]), _fault(), footer()]


def _usual(index: int, unclaimed: bool) -> tuple[str, str, str]:
    check = f"test_behaviour_{index}"
    if unclaimed:
        return "not-applicable", check, "the peer does not claim this capability"
    if index % 11 == 5:
        return "inconclusive", check, "the target file has no hook expire_agent"
    if index % 29 == 7:
        return "inconclusive", check, "no agent could be registered, which this needs first"
    return "pass", check, ""


def _findings(ids: list[str]) -> list[dict[str, Any]]:
    body = {"agent_id": "assay-1-a", "agent_type": "worker", "capabilities": ["compute", "vision"]}
    answer = {
        "status": "ok",
        "message": "Agent assay-1-a registered",
        "agent": {"agent_id": "assay-1-a", "load": 1.5, "tags": ["a", "b/c"]},
    }
    curl = (
        "curl -i -X POST -H 'content-type: application/json' --data-binary "
        '\'{"agent_id": "assay-1-a", "agent_type": "worker", "capabilities": ["compute"]}\' '
        "https://coordinator.example.test/v1/agents/register"
    )
    wrong = {
        "exchanges": [exchange(body, answer)],
        "pointers": ["/status", "/agent/tags/1", "/agent/registered_at"],
        "expected": "success",
        "actual": "ok",
        "reproduce": curl,
        "story": _story(),
    }
    hostile = {
        "exchanges": [
            exchange(body, answer),
            exchange({"note": _HOSTILE}, f"<h1>{_HOSTILE}</h1>\n</pre>" * 3, status=599),
        ],
        "pointers": [""],
        "expected": {"status": "error", "detail": "a text"},
        "actual": _HOSTILE,
        "reproduce": f"{curl}\n{curl}",
    }
    big = {
        "exchanges": [exchange(body, {"agents": [dict(body, number=n) for n in range(2000)]})],
        "pointers": ["/agents/0/number"],
    }
    none = {"exchanges": [exchange(body, status=None)], "reproduce": curl}
    return [
        verdict(ids[4], "fail", "test_registration_status", "says “ok” where “success” is fixed",
                evidence=wrong),
        verdict(ids[4], "fail", "test_registration_status", "again", evidence=wrong),
        verdict(ids[4], "pass", "test_registration_repeated"),
        verdict(ids[4], "fail", "test_routing", "the reply went to the wrong person",
                evidence=_talk()),
        verdict(ids[6], "fail", "test_refusal", f"not a refusal: {_HOSTILE}", evidence=hostile),
        verdict(ids[9], "fail", "test_timeout", "no answer within 10 s", evidence=none),
        verdict(ids[12], "warn", "test_listing", "the number is no text", evidence=big),
        verdict(ids[17], "warn", "test_case", "a header is missing"),
        verdict(ids[17], "warn", "test_order", "one came too late", evidence=_long_talk()),
    ]  # fmt: skip


def _story() -> dict[str, Any]:
    """Every kind of step, with time that passes and time that is let pass."""
    data = {"base64": "wMHC"}
    return story(
        step(method="POST", path="/agents/register", body='{"agent_id": "a-1"}', needed=True),
        step("opening", path="/ws", connection="human", channel="ws", status=101, at=0.2),
        step("utterance", connection="human", sender="assay", kind="text", data=_HOSTILE, at=0.3),
        step("utterance", connection="human", sender="peer", kind="binary", data=data, at=0.4),
        step("utterance", connection="human", sender="peer", kind="close", code=1000, at=0.5),
        step("deed", hook="advance", values={"seconds": 90}, needed=True, at=1.1, pause=0.6),
        step("deed", hook="force", values={"status": "503"}, handed={"ok": True}, at=1.2),
        step(failure="it hung", shown=True, at=1.3),
        left_out=3,
    )


def _talk() -> dict[str, Any]:
    """Three connections at once, and whatever can be said on them."""
    names = {"connection": "human alice"}
    said = [
        frame({"type": "hello", "principal": 4}, "assay", seconds=0.001),
        frame({"type": "hello", "principal": 9}, "assay", **names, seconds=0.002),
        frame({"type": "welcome", "you": {"id": 4, "name": "agent-1"}}, seconds=0.013),
        frame("", "peer", "ping", **names, seconds=0.02),
        frame("", "assay", "pong", **names, seconds=0.021),
        frame(_HOSTILE, "peer", "binary", connection="human bob", seconds=0.4),
        frame("RSV1 is set: \\xc1\\x00", "peer", "raw", connection="human bob", seconds=0.41),
        frame("1002 protocol error", "assay", "close", connection="human bob", seconds=0.42),
        frame({"type": "post", "to": [9], "text": "Is it done?"}, "assay", seconds=1.5),
        frame({"type": "post", "from": 4, "to": 8}, "peer", **names, seconds=1.534),
        frame("the transport ended", "peer", "lost", seconds=11.5),
    ]
    return {
        "exchanges": [handshake()],
        "frames": said,
        "pointers": ["/to", "/text"],
        "expected": [9],
        "actual": 8,
    }


def _long_talk() -> dict[str, Any]:
    """More than anybody reads, on more connections than there are colours."""
    said = [
        frame(
            {"number": number, "text": "word " * (number % 9)},
            "assay" if number % 3 else "peer",
            connection=f"agent-{number % 8}",
            seconds=number / 50,
        )
        for number in range(2_000)
    ]
    return {"frames": said, "pointers": ["/number"]}


def _fault() -> dict[str, Any]:
    return error("KeyError: 'agent_id'", "test_fuzz_messages")


def main(folder: Path) -> None:
    """Writes the run and its reports into `folder`, and the summary to standard output."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "run.jsonl"
    path.write_bytes(encoded(records()))
    sys.stdout.write(summary(write_all(path, folder), colour=True, width=100, reports=folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
