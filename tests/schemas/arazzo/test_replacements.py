"""Values that are set in a payload."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.arazzo.expressions import ExpressionError
from schemas.arazzo.replacements import read_replacement

STANDARD = {"type": "jsonpath", "version": "rfc9535"}
OLDER = {"type": "jsonpath", "version": "draft-goessner-dispatch-jsonpath-00"}
PAYLOAD = {"a": {"b": [1, {"c": 2}]}, "d": [{"k": 1}, {"k": 2}]}


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ({"target": "/a/b/0"}, {"a": {"b": ["new", {"c": 2}]}, "d": PAYLOAD["d"]}),
        ({"target": "/a/b/1/c"}, {"a": {"b": [1, {"c": "new"}]}, "d": PAYLOAD["d"]}),
        ({"target": "/a/z"}, {"a": {"b": [1, {"c": 2}], "z": "new"}, "d": PAYLOAD["d"]}),
        ({"target": ""}, "new"),
        (
            {"target": "$.d[?@.k == 2].k", "targetSelectorType": "jsonpath"},
            {"a": PAYLOAD["a"], "d": [{"k": 1}, {"k": "new"}]},
        ),
        (
            {
                "target": "$.d[*].k",
                "targetSelectorType": {"type": "jsonpath", "version": "rfc9535"},
            },
            {"a": PAYLOAD["a"], "d": [{"k": "new"}, {"k": "new"}]},
        ),
    ],
)
def test_value_is_put_and_the_payload_stays(said: dict[str, Any], changed: Any) -> None:
    before = repr(PAYLOAD)
    replacement = read_replacement({**said, "value": "new"})
    assert replacement.put(PAYLOAD, replacement.value) == changed
    assert repr(PAYLOAD) == before


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/x/y", "jsonpointer"),
        ("/a/b/2", "jsonpointer"),
        ("/a/b/x", "jsonpointer"),
        ("$.x", "jsonpath"),
    ],
)
def test_place_that_is_not_there_is_refused(target: str, kind: str) -> None:
    replacement = read_replacement({"target": target, "targetSelectorType": kind, "value": 1})
    with pytest.raises(ExpressionError, match=r"no place|finds nothing"):
        replacement.put(PAYLOAD, 1)


@pytest.mark.parametrize(
    ("target", "kind", "says"),
    [
        ("a", "jsonpointer", "a JSON Pointer"),
        ("a[", "jsonpath", "no JSONPath"),
        ("/a", "xpath", "for XML"),
        (
            "/a",
            {"type": "jsonpath", "version": "draft-goessner-dispatch-jsonpath-00"},
            "not understood",
        ),
    ],
)
def test_target_that_means_nothing_is_refused(target: str, kind: Any, says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        read_replacement({"target": target, "targetSelectorType": kind, "value": 1})
