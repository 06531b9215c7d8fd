"""Odd and lawful: what is drawn is JSON that anybody can read, and the same each time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from random import Random
from typing import Any

from conformance.fuzz.answers import Answers
from conformance.fuzz.oddities import Oddities
from mockserver.coordinator import Answer
from schemas import load, protocol_ids

SAID = {"type": "CHAT", "list": [{"a": 1}, "x"], "free": {"b": 2}}


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def test_the_same_seed_says_the_same() -> None:
    def drawn(seed: int) -> list[Any]:
        odd = Oddities(Random(seed))
        return [odd.text(), odd.value(), odd.beside(SAID), odd.written(SAID)]

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


def test_what_is_drawn_can_be_read_by_anybody() -> None:
    for seed in range(200):
        odd = Oddities(Random(seed))
        for value in leaves([odd.value() for _ in range(5)]):
            if isinstance(value, str):
                value.encode("utf-8")  # no half of a surrogate pair
            elif isinstance(value, float):
                assert math.isfinite(value)


def test_members_are_added_and_none_is_changed() -> None:
    added = 0
    for seed in range(50):
        told = Oddities(Random(seed)).beside(SAID, leave=("free",))
        assert {name: told[name] for name in ("type", "free")} == {"type": "CHAT", "free": {"b": 2}}
        assert told["list"][0]["a"] == 1
        assert told["list"][1] == "x"
        added += len(told) > len(SAID)
    assert added > 20


def test_however_it_is_written_it_reads_the_same() -> None:
    for seed in range(100):
        odd = Oddities(Random(seed))
        value = odd.value()
        assert json.loads(odd.written(value)) == value


def test_an_answer_stays_lawful() -> None:
    """Nothing is added where a schema says what may stand there."""
    kept = odd_ones = 0
    for protocol in map(load, protocol_ids()):
        answers = Answers(protocol)
        for operation in protocol.operations.values():
            for seed in range(3):
                said = Answer(body={"status": "success", "stats": {"a": 1}})
                told = answers.beside(operation.id, said, Oddities(Random(seed)))
                kept += told is said
                odd_ones += told is not said
    assert kept, "a body that the schema forbids is not made more odd"
    assert odd_ones
