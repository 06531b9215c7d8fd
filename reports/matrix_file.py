"""A matrix as a file: for programs, as `matrix.schema.json` has it, and as a page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from reports.diff_file import about_run
from reports.json_pieces import json_pieces
from reports.matrix import Cell, Column, Matrix, Row
from reports.matrix_text import LEGEND, shown, word
from reports.page import page

__all__ = ["matrix_html", "matrix_pieces"]

_SHOWN = 4_000
"""Rows of a page that a browser still opens at once: beyond it, only the telling ones are there."""

_CONCLUSIONS = {
    "conformant": "Conformant",
    "nonconformant": "Not conformant",
    "inconclusive": "Inconclusive",
}


def matrix_pieces(found: Matrix) -> Iterator[bytes]:
    """The JSON document in pieces, its rows one after the other: all of them."""
    header = found.columns[-1].run.header
    return json_pieces(
        {
            "protocol": header["protocol"]["id"],
            "role": header["role"],
            "remarks": list(found.remarks),
            "runs": [about_run(column.run) for column in found.columns],
            "requirements": map(_row, found.rows),
        }
    )


def matrix_html(found: Matrix) -> str:
    """One page that needs nothing else, not even JavaScript."""
    rows, rest = shown(found, every=True, limit=_SHOWN + 1)
    if len(rows) > _SHOWN:
        rows, rest = shown(found, every=False, limit=_SHOWN)
    sections = [(title, list(group)) for title, group in groupby(rows, key=lambda r: r.section)]
    return page(
        "matrix.html.j2",
        style="matrix.css",
        matrix=found,
        sections=sections,
        rest=rest,
        word=word,
        legend=LEGEND,
        told=lambda row: _told(found, row),
        conclusions=_CONCLUSIONS,
        telling=sum(row.broken or not row.alike for row in rows),
        broken=sum(row.broken for row in rows),
        total=len(rows),
    )


def _told(found: Matrix, row: Row) -> list[tuple[Column, Cell]]:
    """The cells of a row that have something to tell, with their columns."""
    pairs = zip(found.columns, row.cells, strict=True)
    return [(column, cell) for column, cell in pairs if cell.message or cell.broken]


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "level": row.level,
        "basis": row.basis,
        "section": row.section,
        "text": row.text,
        "flaky": row.flaky,
        "cells": [
            {"verdict": cell.verdict or None, "message": cell.message, "known": cell.known}
            for cell in row.cells
        ],
    }
