"""From the document to a check and back: no requirement without a judge, no judge without one."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from conformance.frame_rules import FRAME_RULES
from conformance.rules import ANSWER_RULES, REQUEST_RULES
from schemas import Place, Protocol, Requirement, Validators, load, load_requirements, protocol_ids
from schemas.examples import load_examples
from schemas.files import meta_schema
from schemas.validation import PlaceIndex

HOME = Path(__file__).resolve().parent.parent / "conformance" / "protocols"
ROLES = ("coordinator", "agent")
PROTOCOLS = protocol_ids()
RULES = {
    "coordinator": {**ANSWER_RULES, **FRAME_RULES},
    "agent": {**REQUEST_RULES, **FRAME_RULES},
}


@cache
def _rows(protocol: str) -> dict[str, Requirement]:
    return load_requirements(load(protocol))


def _files(protocol: str, role: str) -> list[Path]:
    return sorted((HOME / protocol / role).rglob("test_*.py"))


COLLECT = """
import importlib, json, sys

def ids(marks):
    # those of the check, and those of its single cases
    for mark in marks:
        found = getattr(mark, "mark", mark)
        if found.name == "requirement":
            yield from found.args
        elif found.name == "parametrize":
            for each in found.args[1]:
                yield from ids(getattr(each, "marks", ()))

checks = {}
for name in sys.argv[1:]:
    module, checks[name] = importlib.import_module(name), {}
    shared = getattr(module, "pytestmark", [])
    shared = shared if isinstance(shared, list) else [shared]
    for check, value in vars(module).items():
        if check.startswith("test_") and callable(value):
            marks = [*getattr(value, "pytestmark", ()), *shared]
            checks[name][f"{name}.{check}"] = sorted(set(ids(marks)))
print(json.dumps(checks))
"""
"""Run in a process of its own: here, pytest would refuse the marks that only the suite knows."""


Checks = dict[tuple[str, str], dict[str, set[str]]]


@pytest.fixture(scope="session")
def declared() -> Checks:
    """The ids that each check declares, by protocol and role and the check's name."""
    names = {side: [_module(path) for path in _files(*side)] for side in EVERY_SIDE}
    modules = [module for side in names.values() for module in side]
    ran = subprocess.run(
        [sys.executable, "-c", COLLECT, *modules],
        capture_output=True,
        cwd=HOME.parent.parent,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    found = json.loads(ran.stdout)
    return {
        side: {check: set(ids) for module in modules for check, ids in found[module].items()}
        for side, modules in names.items()
    }


def _module(path: Path) -> str:
    return ".".join(("conformance", "protocols", *path.relative_to(HOME).with_suffix("").parts))


EVERY_SIDE = [(protocol, role) for protocol in PROTOCOLS for role in ROLES]


def test_there_is_something_to_trace(declared: Checks) -> None:
    assert sum(len(_rows(protocol)) for protocol in PROTOCOLS) > 250
    assert all(len(checks) > 5 for checks in declared.values())


@pytest.mark.parametrize(("protocol", "role"), EVERY_SIDE)
def test_requirement_is_judged_or_says_why_not(protocol: str, role: str, declared: Checks) -> None:
    checked = {name for ids in declared[protocol, role].values() for name in ids}
    rows = [row for row in _rows(protocol).values() if row.role == role]
    judged = {row.id for row in rows if row.place or row.rule or row.id in checked}
    excused = {row.id for row in rows if row.untestable}
    assert judged & excused == set(), "they are judged, and say why not"
    assert judged | excused == {row.id for row in rows}


@pytest.mark.parametrize(("protocol", "role"), EVERY_SIDE)
def test_check_declares_what_there_is_for_its_own_side(
    protocol: str, role: str, declared: Checks
) -> None:
    for check, ids in declared[protocol, role].items():
        assert ids, f"{check} declares nothing"
        assert ids <= set(_rows(protocol)), f"{check} declares what no row is"
        others = {name for name in ids if _rows(protocol)[name].role != role}
        assert not others, f"{check} judges the other side"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_place_is_on_the_side_that_is_judged(protocol: str) -> None:
    spec = load(protocol)
    for row in _rows(protocol).values():
        if row.place is not None:
            assert _sender(spec, row.place) == row.role, row.id


def _sender(protocol: Protocol, place: Place) -> str:
    if place.message:
        return protocol.messages[place.message].sender
    return "coordinator" if place.answer else "agent"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_place_is_owned_once(protocol: str) -> None:
    places = [str(row.place) for row in _rows(protocol).values() if row.place is not None]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_place_has_an_example_that_breaks_it_alone(protocol: str) -> None:
    spec = load(protocol)
    validators, index = Validators(spec), PlaceIndex(_rows(protocol).values())
    broken: dict[str, list[str]] = {}
    for example in load_examples(spec):
        shape = validators.place(example.place)
        assert shape is not None, example.name
        at, message = example.place, example.message
        findings = index.judge(at.subject, at.answer, message, shape.explain(message))
        found = [finding.requirement.id for finding in findings if finding.violations]
        assert found == ([example.violates] if example.violates else []), example.name
        broken.setdefault(example.violates, []).append(example.name)
    bound = {row.id for row in _rows(protocol).values() if row.place is not None}
    assert bound == set(broken) - {""}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_rule_exists_for_the_side_that_it_judges(protocol: str) -> None:
    for row in _rows(protocol).values():
        assert not row.rule or row.rule in RULES[row.role], row.id


def test_rules_are_those_that_a_requirement_may_name() -> None:
    known = meta_schema("requirements")["$defs"]["requirement"]["properties"]["rule"]["enum"]
    assert set(known) == {*ANSWER_RULES, *REQUEST_RULES, *FRAME_RULES}
    assert len(known) == len(ANSWER_RULES) + len(REQUEST_RULES) + len(FRAME_RULES)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_capability_has_requirements_of_the_coordinator(protocol: str) -> None:
    judged = {row.capability for row in _rows(protocol).values() if row.role == "coordinator"}
    assert set(load(protocol).capabilities) <= judged


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_silence_makes_a_requirement_no_more_than_implied(protocol: str) -> None:
    for row in _rows(protocol).values():
        assert row.silence is None or row.basis == "implied", row.id


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _words(node: ast.AST) -> set[str]:
    return {
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_operation_is_called_by_some_check(protocol: str) -> None:
    """By its name in a check, or through a method of the dialogue that a check uses."""
    trees = [_tree(path) for path in _files(protocol, "coordinator")]
    said = {word for tree in trees for word in _words(tree)}
    used = {
        node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    for shared in sorted((HOME / protocol).glob("*.py")):
        for node in ast.walk(_tree(shared)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in used:
                said |= _words(node)
    assert set(load(protocol).operations) <= said
