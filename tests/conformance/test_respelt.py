"""Names that come close to documented ones, and are written in another way."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.respelt import respelt_members, respelt_names

_DOCUMENT: dict[str, Any] = {
    "task": {
        "properties": {
            "timeout_seconds": {"type": "number"},
            "data": {"type": "object"},
            "stages": {"items": {"$ref": "#/stage"}},
        }
    },
    "stage": {"properties": {"max_wait": {"type": "number"}}},
}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"timeout_seconds": 1}, []),
        ({"timeoutSeconds": 1}, ["/timeoutSeconds"]),
        ({"TIMEOUT-SECONDS": 1}, ["/TIMEOUT-SECONDS"]),
        ({"timeout_seconds": 1, "timeoutSeconds": 1}, []),
        ({"timeout": 1, "note": 2}, []),
        ({"data": {"timeoutSeconds": 1}}, []),
        ({"stages": [{"max_wait": 1}, {"maxWait": 2}]}, ["/stages/1/maxWait"]),
        ({"stages": {"maxWait": 2}}, []),
        ({"stage": [{"max_wait": 1}]}, ["/stage"]),
        ({"stages": [], "stage": 1}, []),
        (["timeoutSeconds"], []),
        (None, []),
    ],
)
def test_members_are_found_where_the_schema_knows_them(said: Any, wrong: list[str]) -> None:
    assert [each.pointer for each in respelt_members(_DOCUMENT, "#/task", said)] == wrong


def test_names_say_what_is_meant() -> None:
    (found,) = respelt_names(["Docker", "terraform"], ["docker", "ssh"])
    assert (found.said, found.meant) == ("Docker", "docker")
    assert "'docker'" in str(found)
