"""Reading our own files: JSON's types only, and complaints that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas import PackError
from schemas.files import check, line_of, read, read_checked, read_marked


def _written(tmp_path: Path, text: str | bytes, name: str = "x.yaml") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-21", "2026-11-21"),
        ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"),
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("True", "True"),
        ("0x1F", "0x1F"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("<<", "<<"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ('"1"', "1"),
    ],
)
def test_yaml_has_the_types_of_json(tmp_path: Path, text: str, value: object) -> None:
    found = read(_written(tmp_path, f"key: {text}\n"))["key"]
    assert found == value
    assert type(found) is type(value)


def test_yaml_keys_are_text(tmp_path: Path) -> None:
    said = read(_written(tmp_path, "200: a\ntrue: b\nnull: c\n2026-11-21: d\n"))
    assert said == {"200": "a", "true": "b", "null": "c", "2026-11-21": "d"}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands here twice"),
        ("a:\n  b: 1\n  b: 1\n", 3, "the key 'b' stands here twice"),
        ("a: 1\n[b, c]: 2\n", 2, "a key is text"),
        ("a: 1\n? {b: c}\n: 2\n", 2, "a key is text"),
        ("a: 1\nb: 'open\n", 3, "is not YAML that we read"),
        ("a: !!python/name:os.system\n", 1, "could not determine a constructor"),
        ("a: 1\n\tb: 2\n", 2, "is not YAML that we read"),
    ],
)
def test_yaml_is_refused_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(PackError, match=r"x\.yaml") as refused:
        read(path)
    (problem,) = refused.value.problems
    assert what in problem.message
    assert problem.line == line
    assert problem.hint


def test_text_beyond_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="is not YAML that we read"):
        read(_written(tmp_path, b"a: \xff\n"))


def test_broken_json_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"x\.json:2: is not JSON"):
        read(_written(tmp_path, '{"a": 1,\n "b": }', "x.json"))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read: No such file") as refused:
        read(tmp_path / "nowhere.yaml")
    assert refused.value.problems[0].hint == "check the path"


def test_check_lists_every_problem_with_line_pointer_value_and_hint(tmp_path: Path) -> None:
    path = _written(
        tmp_path,
        "known:\n- {requirement: A-B-001, reason: slow}\n- requirement: ''\n  reson: x\n",
    )
    with pytest.raises(PackError) as refused:
        read_checked(path, "baseline")
    found = {(p.line, p.pointer, p.hint) for p in refused.value.problems}
    assert found == {
        (3, "/known/1", "add what is missing"),
        (4, "/known/1/reson", "did you mean 'reason'?"),
        (3, "/known/1/requirement", ""),
    }
    assert all(str(path) == problem.file for problem in refused.value.problems)


def test_check_takes_a_part_of_a_meta_schema(tmp_path: Path) -> None:
    part = "baseline#/$defs/entry"
    assert not list(check({"requirement": "A-B-001", "reason": "slow"}, part, tmp_path))
    (problem,) = check({"requirement": "A-B-001"}, part, tmp_path, line=7)
    assert (problem.line, problem.message) == (7, '"reason" is a required property')


def test_a_near_miss_of_a_choice_is_hinted_at(tmp_path: Path) -> None:
    path = _written(tmp_path, "")
    run = {"record": "verdict", "at": "2026-11-21T08:00:00Z", "requirement": "A", "check": "c"}
    said = {**run, "verdict": "inconclusiv", "message": ""}
    (problem,) = check(said, "run-record#/$defs/verdict", path)
    assert problem.hint == "did you mean 'inconclusive'?"
    assert problem.value == "inconclusiv"


@pytest.mark.parametrize(
    ("steps", "line"),
    [([], 1), (["a"], 1), (["a", "1"], 3), (["a", "1", "b"], 4), (["a", "9", "b"], 1), (["z"], 1)],
)
def test_line_of_names_the_place_or_its_nearest_parent(
    tmp_path: Path, steps: list[str], line: int
) -> None:
    assert line_of(_written(tmp_path, "a:\n- 1\n- a: 2\n  b: 3\n"), steps) == line


def test_line_of_tells_nothing_of_what_cannot_be_read(tmp_path: Path) -> None:
    assert line_of(tmp_path / "nowhere.yaml", []) == 0
    assert line_of(_written(tmp_path, "a: 'open"), ["a"]) == 0
    assert line_of(_written(tmp_path, ""), ["a"]) == 0


@pytest.mark.parametrize("name", ["x.yaml", "x.json"])
def test_marked_file_has_the_same_data_and_its_lines(tmp_path: Path, name: str) -> None:
    path = _written(tmp_path, '{"a": 1,\n"b": [2,\n{"c": 3}]}', name)
    data, lines = read_marked(path)
    assert data == read(path)
    places = [[], ["a"], ["b"], ["b", "0"], ["b", "1", "c"], ["b", "1", "missing"]]
    assert [lines.line(at) for at in places] == [1, 1, 2, 2, 3, 3]


def test_empty_file_has_no_lines(tmp_path: Path) -> None:
    data, lines = read_marked(_written(tmp_path, ""))
    assert (data, lines.line(["a"])) == (None, 0)


@pytest.mark.parametrize("text", ["a: &x\n  b: *x\n", "a: &x [1, *x]\n", "a: &x {b: [{c: *x}]}\n"])
def test_value_that_holds_itself_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackError, match="holds itself"):
        read_marked(_written(tmp_path, text))


def test_alias_stands_for_its_value(tmp_path: Path) -> None:
    data, _ = read_marked(_written(tmp_path, "a: &x {b: 1}\nc: [*x, *x]\n"))
    assert data == {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}
