"""Numbers in few signs."""

from __future__ import annotations

import pytest

from conformance.ids import IdSource, base36


@pytest.mark.parametrize("number", [0, 9, 10, 35, 36, 1295, 1296, 1_796_000_000])
def test_base_36_is_that_of_python(number: int) -> None:
    said = base36(number)
    assert int(said, 36) == number
    assert said == said.lower()
    assert number == 0 or not said.startswith("0")


def test_ids_of_other_workers_are_known() -> None:
    ours, theirs, alone = IdSource("tide", "gw1"), IdSource("tide", "gw12"), IdSource("tide")
    assert ours.are_elsewhere(theirs("mate"))
    assert theirs.are_elsewhere(ours("mate"))
    assert not ours.are_elsewhere(ours("other-mate"))
    assert not alone.are_elsewhere(alone("mate"))
    assert not ours.are_elsewhere("mate-of-somebody-else-1")
