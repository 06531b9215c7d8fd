"""JSON Pointers (RFC 6901), and patterns over them in which `*` stands for any one step."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["dig", "escape", "join", "locations", "matches", "parse"]


def escape(step: object) -> str:
    """One step of a path as it is written in a pointer."""
    return str(step).replace("~", "~0").replace("/", "~1")


def join(steps: Iterable[object]) -> str:
    """Steps to a pointer: `["a", 0]` gives `/a/0`, nothing gives the whole document, ``""``."""
    return "".join(f"/{escape(step)}" for step in steps)


def parse(pointer: str) -> tuple[str, ...]:
    """A pointer to its steps, unescaped. Array indices stay strings."""
    if not pointer:
        return ()
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def matches(pattern: Sequence[str], steps: Sequence[str]) -> bool:
    """Whether `steps` lies at or below the place that `pattern` names."""
    return len(pattern) <= len(steps) and all(
        want in ("*", have) for want, have in zip(pattern, steps, strict=False)
    )


def dig(document: Any, steps: Sequence[str]) -> Any:
    """The value at `steps`. Raises `LookupError` where there is none."""
    for step in steps:
        if isinstance(document, list) and step.isdecimal():
            document = document[int(step)]
        elif isinstance(document, dict):
            document = document[step]
        else:
            raise LookupError(step)
    return document


def locations(document: Any, pattern: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every place in `document` that `pattern` names, in the document's order."""
    if not pattern:
        yield ()
        return
    head, *rest = pattern
    for step, child in _children(document):
        if head in ("*", step):
            for tail in locations(child, rest):
                yield (step, *tail)


def _children(document: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(document, dict):
        yield from ((str(key), value) for key, value in document.items())
    elif isinstance(document, list):
        yield from ((str(index), value) for index, value in enumerate(document))
