"""JSON as it goes over the wire: what came must be able to go back as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.json_text import read_json, write_json


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, -2.5, True, None, "ä\n\u2028😀"]},
        {"token": 2**127 + 1, "small": -(2**63)},
        -(2**70),
        1e300,
        "\ud800",
    ],
)
def test_what_was_read_is_written_as_it_was(value: Any) -> None:
    assert json.loads(write_json(value)) == value
    if value != "\ud800":  # half a pair is no text, and so no message, to orjson
        assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b"{'a': 1}", b"[1,]", b'"\xff"'])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever the reader says of it
        read_json(text)


def test_depth_that_nobody_writes_is_refused() -> None:
    assert read_json(b"[" * 150 + b"]" * 150)
    with pytest.raises(ValueError, match="deeper than 200"):
        read_json(b"[" * 250 + b"]" * 250)
    assert read_json(b"[" + b"[]," * 400 + b"[]]")
