"""How a broken file is refused: where, what, and what to do about it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["PackError", "Problem", "nearest"]


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


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint: the known name that is most like this one, or all of them where none is."""
    names = [*dict.fromkeys(known)]
    folded = [each for each in names if each.casefold() == name.casefold()]
    near = folded or difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there is {', '.join(names)}" if names else "there is none"


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
