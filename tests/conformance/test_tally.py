"""What a check came by, and that each kind of it is written once."""

from __future__ import annotations

from pathlib import Path

from conformance.tally import NONE, Tally, surface
from schemas import load
from schemas.files import check
from schemas.loader import protocol_ids


def test_each_kind_once() -> None:
    tally = Tally()
    for status in (200, 200, 404, None, 0):
        tally.answered("getHealth", status)
    tally.answered("", 404)  # of what is no operation nothing is documented
    tally.messages.add("welcome")
    record = tally.record("test_it")
    assert record["answers"] == {"getHealth": ["200", "404", NONE]}
    assert record["messages"] == ["welcome"]
    assert list(check(record, "run-record#/$defs/coverage", Path("run.jsonl"))) == []
    assert Tally.of(record).record("test_it") | {"at": record["at"]} == record


def test_news_are_what_was_not_there() -> None:
    old, new = Tally(), Tally()
    old.answered("getHealth", 200)
    new.answered("getHealth", 200)
    assert not new.news(old)
    new.answered("getHealth", 500)
    new.answered("listAgents", 200)
    new.messages.add("welcome")
    news = new.news(old)
    assert news.answers == {"getHealth": {"500"}, "listAgents": {"200"}}
    old.add(news)
    assert not new.news(old)


def test_surface_is_all_that_is_described() -> None:
    for name in protocol_ids():
        protocol = load(name)
        told = surface(protocol, "coordinator")
        assert [each["id"] for each in told["operations"]] == list(protocol.operations)
        said = {each.id for channel in protocol.channels.values()
                for each in channel.messages.values() if each.sender == "coordinator"}  # fmt: skip
        assert {each["id"] for each in told["messages"]} == said
