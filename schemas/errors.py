"""How a broken file is refused: where, what, and what to do about it."""

from dataclasses import dataclass

__all__ = ["PackError", "Problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with one of our files.

    `line` counts from 1, or is 0 where it cannot be told; `pointer` is a JSON Pointer.
    """

    file: str
    message: str
    line: int = 0
    pointer: str = ""
    value: object = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = f" at {self.pointer}" if self.pointer else ""
        shown = "" if self.value is None else f" (value: {_short(self.value)})"
        hint = f"\n    hint: {self.hint}" if self.hint else ""
        return f"{place}{where}: {self.message}{shown}{hint}"


class PackError(ValueError):
    """A file of ours cannot be used. `problems` lists everything found, at least one."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
