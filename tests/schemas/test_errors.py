"""How a problem reads."""

from __future__ import annotations

import pytest

from schemas.errors import PackError, Problem, nearest


def test_problem_shows_place_value_and_hint() -> None:
    problem = Problem(
        file="x.yaml", line=3, pointer="/a", message="is wrong", value="b", hint="mend it"
    )
    assert str(problem) == "x.yaml:3 at /a: is wrong (value: 'b')\n    hint: mend it"


def test_problem_leaves_out_what_it_does_not_know() -> None:
    assert str(Problem(file="x.yaml", message="is wrong")) == "x.yaml: is wrong"


def test_problem_shortens_a_long_value() -> None:
    text = str(Problem(file="x", message="is wrong", value="v" * 200))
    assert text.endswith("…)")
    assert len(text) < 120


def test_pack_error_lists_every_problem() -> None:
    problems = (Problem(file="a", message="one"), Problem(file="b", message="two"))
    error = PackError(*problems)
    assert error.problems == problems
    assert str(error) == "a: one\nb: two"


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("lok", ["list", "look"], "did you mean 'look'?"),
        ("LIST", ["list", "look"], "did you mean 'list'?"),
        ("zebra", ["list", "look", "list"], "there is list, look"),
        ("zebra", [], "there is none"),
    ],
)
def test_nearest_name_is_the_hint(name: str, known: list[str], hint: str) -> None:
    assert nearest(name, known) == hint
