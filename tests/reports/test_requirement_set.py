"""Requirement sets: their digest, and those that are frozen for certificates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.requirement_set import frozen_text, present, renewed, set_digest
from schemas import PackError, load, load_frozen, load_requirements, protocol_ids
from schemas.loader import frozen_file
from schemas.spec import Role
from tests.reports.certifiable import PROTOCOL, ROWS

CHANGED = """\
The requirements of {0} for the {1} are not the set that was frozen last, and certificates are bound
to that one. If the change is meant, add a new set: assay requirements {0} --freeze
"""


@pytest.mark.parametrize("role", ["coordinator", "agent"])
@pytest.mark.parametrize("name", protocol_ids())
def test_requirements_are_a_frozen_set(name: str, role: Role) -> None:
    protocol = load(name)
    rows = load_requirements(protocol)
    own = [each for each in load_frozen(protocol) if each.role == role]
    assert own, CHANGED.format(name, role)
    now = present(protocol, role, rows.values(), own)
    assert now == own[-1], CHANGED.format(name, role)
    assert now.requirements == sum(row.role == role for row in rows.values())


@pytest.mark.parametrize("name", protocol_ids())
def test_frozen_sets_are_as_they_are_written(name: str) -> None:
    """What was edited by hand would be lost by the next --freeze."""
    protocol = load(name)
    assert frozen_file(protocol).read_text("utf-8") == frozen_text(load_frozen(protocol))


@pytest.mark.parametrize("field", ["text", "level", "basis", "section", "capability", "untestable"])
def test_word_changed_is_another_set(field: str) -> None:
    rows = list(ROWS.values())
    changes: dict[str, Any] = {field: "other"}
    changed = [replace(rows[0], **changes), *rows[1:]]
    role = rows[0].role
    assert set_digest(PROTOCOL, role, changed) != set_digest(PROTOCOL, role, rows)


def test_order_of_the_file_and_how_a_row_is_judged_are_no_part_of_it() -> None:
    rows = [replace(row, rule="", hook="") for row in reversed(ROWS.values())]
    assert set_digest(PROTOCOL, "agent", rows) == set_digest(PROTOCOL, "agent", ROWS.values())


def test_renewing_adds_a_set_for_the_role_that_was_changed_alone() -> None:
    sets = load_frozen(PROTOCOL)
    rows = list(ROWS.values())
    assert renewed(PROTOCOL, rows, sets, "2027-01-31") == sets
    at = next(index for index, row in enumerate(rows) if row.role == "agent")
    rows[at] = replace(rows[at], text="It is said otherwise.")
    longer = renewed(PROTOCOL, rows, sets, "2027-01-31")
    assert longer[:-1] == sets
    new, last = longer[-1], [each for each in sets if each.role == "agent"][-1]
    assert (new.role, new.revision, new.number) == ("agent", PROTOCOL.version, last.number + 1)
    assert new.frozen == "2027-01-31"
    assert new.name == f"set {new.number} of revision {PROTOCOL.version}"
    assert present(PROTOCOL, "agent", rows, longer) == new
    assert present(PROTOCOL, "agent", rows, sets) is None


def test_revision_of_the_protocol_counts_from_one() -> None:
    newer = replace(PROTOCOL, version='2 "beta"')
    longer = renewed(newer, list(ROWS.values()), load_frozen(PROTOCOL), "2027-01-31")
    assert [(each.revision, each.number) for each in longer[-2:]] == [(newer.version, 1)] * 2


def test_written_sets_are_read_again(tmp_path: Path) -> None:
    newer = replace(PROTOCOL, version='2 "beta"', folder=str(tmp_path))
    assert load_frozen(newer) == ()
    sets = renewed(newer, list(ROWS.values()), load_frozen(PROTOCOL), "2027-01-31")
    frozen_file(newer).write_text(frozen_text(sets), "utf-8")
    assert load_frozen(newer) == sets


@pytest.mark.parametrize(
    ("changes", "place"), [({"digest": "0" * 64}, "number"), ({"number": 7}, "digest")]
)
def test_set_that_stands_there_twice_is_refused(
    tmp_path: Path, changes: dict[str, Any], place: str
) -> None:
    protocol = replace(PROTOCOL, folder=str(tmp_path))
    first = load_frozen(PROTOCOL)[0]
    frozen_file(protocol).write_text(frozen_text([first, replace(first, **changes)]), "utf-8")
    with pytest.raises(PackError) as caught:
        load_frozen(protocol)
    assert f"at /sets/1/{place}: an earlier entry" in str(caught.value)
