"""What is written is read again as the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.arazzo.document import read_scenario
from schemas.arazzo.writer import to_yaml, write_scenario
from schemas.files import parse
from tests.schemas.arazzo.scenes import harbour, scene

ODD = [
    *("yes", "null", "~", "", "on", "=", "<<", "1e3", "0x1F", "010", "1_000", "12:30", ".5", "-0"),
    *("2026-11-21", "- a", "a: b", "#x", "a\nb\n", "  x", "\t", "$a", "{$b}", "[", "&a", "*a"),
    *("!t", "%", "@", "`", "'", '"', "?", "-", ":", "\u2028", "\x85", "\x00", "a\r\nb", "é"),
]
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.from_regex(r"[-+]?[0-9_.:eExo]{1,8}"),
    st.sampled_from(ODD),
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        TEXTS,
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)),
    max_leaves=10,
)


def typed(value: Any) -> Any:
    """A value that is equal to another only where all types are."""
    if isinstance(value, dict):
        return [(key, typed(item)) for key, item in value.items()]
    return (
        [typed(item) for item in value] if isinstance(value, list) else (type(value), repr(value))
    )


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXTS, VALUES))
def test_yaml_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    read = parse(to_yaml(document).encode(), "x", as_json=False)
    assert typed(read) == typed(document)


def test_scenario_comes_back_unchanged(tmp_path: Path) -> None:
    read = harbour(tmp_path).read()
    text = write_scenario(read)
    again = scene(tmp_path, text, "again.arazzo.yaml").read()
    assert again.said == read.said
    assert list(again.workflows) == list(read.workflows)
    assert text.startswith("arazzo: 1.1.0\ninfo:\n  title: A pilot goes out\n")
    assert write_scenario(again) == text


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_plain_scenario_of_any_content_comes_back(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    """Titles, descriptions, constants in payloads and foreign fields are kept to the letter."""
    safe = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="${}"))
    document = {
        "arazzo": "1.1.0",
        "info": {"title": data.draw(safe), "version": data.draw(safe)},
        "sourceDescriptions": [{"name": "r", "type": "openapi", "url": "assay:aitbc/openapi.yaml"}],
        "workflows": [
            {
                "workflowId": "w",
                "description": data.draw(safe),
                "steps": [
                    {
                        "stepId": f"s{number}",
                        "operationId": "getHealth",
                        "parameters": [{"name": "X-Any", "in": "header", "value": data.draw(safe)}],
                        "successCriteria": [{"condition": f"$statusCode == {200 + number}"}],
                        "x-others": data.draw(VALUES),
                    }
                    for number in range(data.draw(st.integers(1, 3)))
                ],
            }
        ],
    }
    path = tmp_path_factory.mktemp("any") / "a.arazzo.yaml"
    path.write_text(to_yaml(document), "utf-8")
    read = read_scenario(path)
    assert typed(read.said) == typed(document)
    assert typed(parse(write_scenario(read).encode(), "x", as_json=False)) == typed(document)
