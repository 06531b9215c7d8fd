"""The figures that docs/detection.md tells."""

from __future__ import annotations

from pathlib import Path

from reports.mutation import Score
from tests.mutants.detection import figures
from tests.reports.mutation_builders import CAUGHT, a_file, a_mutant, an_end


def test_figures_tell_their_samples_and_what_survived(tmp_path: Path) -> None:
    lost = a_mutant("getAgent:lost", "survived", implied=True)
    score = Score.read(a_file(tmp_path, CAUGHT, lost, an_end()))
    told = "\n".join(figures([score]))
    assert "Of 2026-03-01." in told
    assert "| aitbc | coordinator | wire | 2 of 90 | 50 % | 100 % | 1 | 1 |" in told
    assert "- aitbc, coordinator, wire: `getAgent:lost` (implied)" in told


def test_there_are_none_where_nothing_was_judged() -> None:
    assert [*figures([])] == ["None yet."]
