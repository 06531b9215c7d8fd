"""The JSON Schema of a fault and the reader of faults know the same faults."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.faults import Fault
from mockserver.faults.kinds import KINDS, PARAMETERS
from schemas.files import check, meta_schema

_NUMBERS = st.one_of(
    st.sampled_from([-1, 0, 0.0, 0.05, 0.1, 0.5, 1, 1.0, 1.5, 2, 60, 61, 101, 200, 599, 600]),
    st.sampled_from([999, 1000, 1001, 4999, 5000, 3600, 3601, 86_400, 86_401, 1e6, 1_000_001]),
)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "operation": st.sampled_from(["*", "", "get*"]),
    "pointer": st.sampled_from(["", "/", "/a/0", "a", "/a~", "/~0~1", "/a\n"]),
    "distribution": st.sampled_from(
        ["fixed", "uniform", "normal", "exponential", "pareto", "gamma"]
    ),
}
_STRANGE: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.just("1"), st.just([]), st.just({})
)


def _accepted(said: dict[str, Any]) -> bool:
    return not list(check(said, "fault", Path("fault"), line=1))


def _parsed(said: dict[str, Any]) -> bool:
    try:
        Fault.parse(said)
    except (TypeError, ValueError) as error:
        # What no schema can say: one value against another.
        return str(error).startswith("minimum is no more than maximum")
    return True


@st.composite
def _faults(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from([*KINDS, "delay", "delay", "delay"]))
    own = ["distribution", "operation", "times", *KINDS[kind].parameters]
    foreign = draw(st.integers(0, 9)) == 0
    names = draw(st.lists(st.sampled_from([*PARAMETERS] if foreign else own), unique=True))
    said: dict[str, Any] = {"kind": kind}
    for name in names:
        strange = draw(st.integers(0, 19)) == 0
        said[name] = draw(_STRANGE if strange else _VALUES.get(name, _NUMBERS))
    return said


@given(_faults())
def test_schema_and_reader_agree(said: dict[str, Any]) -> None:
    assert _accepted(said) is _parsed(said)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"kind": "plague"},
        {"kind": ["drop"]},
        {"kind": "drop", "color": "red"},
        {"kind": "drop", "seconds": 1},
        {"kind": "delay", "distribution": "uniform"},
        {"kind": "delay", "distribution": "uniform", "maximum": 1, "seconds": 1},
        {"kind": "delay", "distribution": "pareto", "minimum": 0, "shape": 1},
        {"kind": "corrupt_field", "pointer": "/a\n~2"},
    ],
)
def test_schema_and_reader_refuse_alike(said: dict[str, Any]) -> None:
    assert not _accepted(said)
    assert not _parsed(said)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_fault_shows_of_itself_keeps_the_schema(kind: Any) -> None:
    said = Fault(kind=kind).view()
    assert _accepted(said)
    assert _parsed(said)


def test_defaults_and_bounds_of_the_schema_are_those_of_the_code() -> None:
    told: dict[str, list[dict[str, Any]]] = {}
    _collect(meta_schema("fault"), told)
    assert meta_schema("fault")["properties"]["kind"]["enum"] == [*KINDS]
    assert set(told) == {"kind", *PARAMETERS}
    for name, parameter in PARAMETERS.items():
        assert all(one == two for one, two in pairwise(map(_bounds, told[name])))
        if parameter.type in ("whole", "number"):
            assert _bounds(told[name][0]) == (parameter.least, parameter.most)
        defaults = {default for each in told[name] for default in [each.get("default")]} - {None}
        assert all(default == getattr(Fault(kind="drop"), name) for default in defaults), name


def _bounds(schema: dict[str, Any]) -> tuple[Any, Any]:
    whole = {**meta_schema("fault")["$defs"]["seconds"], **schema} if "$ref" in schema else schema
    return whole.get("minimum"), whole.get("maximum")


def _collect(schema: Any, told: dict[str, list[dict[str, Any]]], *, tests: bool = False) -> None:
    """Every description of every property, but for what only chooses a branch."""
    if isinstance(schema, list):
        for each in schema:
            _collect(each, told)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties" and not tests:
                for name, said in value.items():
                    told.setdefault(name, []).append(said)
            _collect(value, told, tests=key == "if")
