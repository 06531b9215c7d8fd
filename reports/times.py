"""Times of a record, for formats that want numbers."""

from __future__ import annotations

from datetime import UTC, datetime

from reports.run import Run

__all__ = ["iso", "milliseconds", "span"]


def milliseconds(text: str, otherwise: int = 0) -> int:
    """A time of the record in milliseconds since 1970 (UTC).

    `otherwise` where it is none that can be counted: the schema's date-time knows leap seconds.
    """
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return otherwise


def iso(at: float) -> str:
    """Milliseconds since 1970 as RFC 3339 has it (UTC)."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(run: Run) -> tuple[int, int]:
    """When a run began and ended, in milliseconds since 1970.

    Of a run without a footer the end is the last verdict that it still told.
    """
    start = milliseconds(run.header["started"])
    if run.footer is not None:
        return start, max(start, milliseconds(run.footer["finished"], start))
    told = (milliseconds(check.at, start) for row in run.requirements for check in row.checks)
    return start, max(start, max(told, default=start))
