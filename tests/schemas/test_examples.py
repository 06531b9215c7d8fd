"""Golden messages, and what their files may not say."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from schemas import PackError, Protocol
from schemas.errors import Problem
from schemas.examples import load_examples
from schemas.pointer import dig, parse
from tests.schemas.conftest import Pack

ILLEGAL = "examples/invalid/getHealth.yaml"
LEGAL = "examples/valid/getHealth.yaml"


def _refused(pack: Pack) -> Problem:
    with pytest.raises(PackError) as refused:
        load_examples(pack.load())
    (problem,) = refused.value.problems
    return problem


def test_examples_come_with_their_place(aitbc: Protocol) -> None:
    found = {example.name: example for example in load_examples(aitbc)}
    assert str(found["registerAgent/full"].place) == "registerAgent request (whole body)"
    assert found["getAgent/unknown"].place.answer == "404"
    assert found["registerAgent/full"].violates == ""


def test_illegal_example_is_a_legal_one_with_one_change(aitbc: Protocol) -> None:
    found = {example.name: example for example in load_examples(aitbc)}
    base, changed = found["registerAgent/full"], found["registerAgent/request-agent-id-wrong"]
    assert changed.message["agent_id"] == ""
    assert {**changed.message, "agent_id": base.message["agent_id"]} == base.message
    assert base.message["agent_id"] == "surveyor-7"
    assert changed.violates == "AITBC-AGENT-REG-002"


def test_illegal_example_is_legal_elsewhere(aitbc: Protocol) -> None:
    examples = load_examples(aitbc)
    illegal = [example for example in examples if example.violates]
    assert len(illegal) > 200
    for example in illegal:
        like = [e.message for e in examples if e.place == example.place and not e.violates]
        assert example.message not in like, example.name
        assert _around(example.message, example.pointer) in [
            _around(message, example.pointer) for message in like
        ], example.name


def _around(message: Any, pointer: str) -> Any:
    """The message without what stands at `pointer`."""
    if not pointer:
        return None
    *way, last = parse(pointer)
    changed = copy.deepcopy(message)
    try:
        holder = dig(changed, way)
        if isinstance(holder, list):
            del holder[int(last)]
        else:
            holder.pop(last, None)
    except (LookupError, TypeError, AttributeError):
        return message
    return changed


@pytest.mark.parametrize(
    ("text", "pointer", "message", "value"),
    [
        (
            "x: {like: wel, at: /status, drop: true, violates: A}",
            "/examples/x/like",
            "there is no valid example of that name",
            "wel",
        ),
        (
            "x: {like: well, at: /statu, drop: true, violates: A}",
            "/examples/x/at",
            "leads nowhere in the example that it changes",
            "/statu",
        ),
        (
            "x: {like: well, at: /status/0, put: 1, violates: A}",
            "/examples/x/at",
            "leads nowhere in the example that it changes",
            "/status/0",
        ),
        (
            "x: {like: well, at: /a/b/c, put: 1, violates: A}",
            "/examples/x/at",
            "leads nowhere in the example that it changes",
            "/a/b/c",
        ),
        (
            "x: {like: well, at: '', drop: true, violates: A}",
            "/examples/x/at",
            "leads nowhere in the example that it changes",
            "",
        ),
    ],
)
def test_change_that_leads_nowhere_is_refused(
    pack: Pack, text: str, pointer: str, message: str, value: str
) -> None:
    path = pack.write(ILLEGAL, f"examples:\n  {text}\n")
    problem = _refused(pack)
    assert (problem.file, problem.line, problem.pointer) == (str(path), 2, pointer)
    assert (problem.message, problem.value) == (message, value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (ILLEGAL, "x: {message: {}}"),
        (ILLEGAL, "x: {like: well, at: /status, violates: A}"),
        (ILLEGAL, "x: {like: well, at: /status, put: 1, drop: true, violates: A}"),
        (ILLEGAL, "x: {like: well, at: status, put: 1, violates: A}"),
        (LEGAL, "x: {like: well, at: /status, put: 1, violates: A}"),
        (LEGAL, "x: {answer: '200'}"),
        (LEGAL, "X: {message: {}}"),
        (LEGAL, "x: {answer: 200, message: {}}"),
    ],
)
def test_broken_example_file_is_refused(pack: Pack, name: str, text: str) -> None:
    path = pack.write(name, f"examples:\n  {text}\n")
    with pytest.raises(PackError) as refused:
        load_examples(pack.load())
    assert {problem.file for problem in refused.value.problems} == {str(path)}
    assert all(problem.line > 0 for problem in refused.value.problems)


def test_answer_that_is_not_documented_is_refused(pack: Pack) -> None:
    path = pack.write(LEGAL, "examples:\n  x: {answer: '418', message: {}}\n")
    problem = _refused(pack)
    assert (problem.file, problem.line) == (str(path), 2)
    assert (problem.value, problem.hint) == ("418", "200")


@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_file_of_no_operation_is_refused(pack: Pack, kind: str) -> None:
    pack.write(f"examples/{kind}/getHelth.yaml", "examples: {x: {message: {}}}\n")
    problem = _refused(pack)
    assert problem.value == "getHelth"
    assert "getHealth" in problem.hint


def test_illegal_examples_without_legal_ones_are_refused(pack: Pack) -> None:
    (pack.folder / LEGAL).unlink()
    assert "cannot be read" in _refused(pack).message
