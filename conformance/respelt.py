"""Names that an agent gives members and parameters, and that the document writes in another way.
A member's may be in the singular where the document's is in the plural, or the other way round.

What the document does not know is lawful. But `conversationId` alone, where it says
`conversation_id`, is no field of the agent's own: whoever reads it by the document finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas import pointer as json_pointer

__all__ = ["Respelling", "respelt_members", "respelt_names"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Respelling:
    """A name that was said, the documented one that is meant, and where it stands."""

    said: str
    meant: str
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.said!r} is said, and the document calls it {self.meant!r}"


def respelt_names(
    said: Collection[str],
    known: Collection[str],
    steps: tuple[str, ...] = (),
    *,
    key: Callable[[str], str] | None = None,
) -> Iterator[Respelling]:
    """Those that have the letters of a known name which is not said beside them."""
    key = key or _letters
    missing = {key(name): name for name in known if name not in said}
    for name in said:
        meant = None if name in known else missing.get(key(name))
        if meant is not None:
            yield Respelling(said=name, meant=meant, pointer=json_pointer.join((*steps, name)))


def respelt_members(document: Mapping[str, Any], reference: str, said: Any) -> Iterator[Respelling]:
    """Those in a body, down to its last object, as far as the schema at `reference` describes it.
    What holds names of an agent's own has no members in a schema.
    """
    yield from _in(document, {"$ref": reference}, said, ())


def _in(
    document: Mapping[str, Any], node: Any, said: Any, steps: tuple[str, ...]
) -> Iterator[Respelling]:
    while isinstance(node, dict) and "$ref" in node:
        node = json_pointer.dig(document, json_pointer.parse(node["$ref"].lstrip("#")))
    if not isinstance(node, dict):
        return
    if isinstance(said, dict):
        known = node.get("properties", {})
        yield from respelt_names(said, known, steps, key=_singular)
        for name, value in said.items():
            yield from _in(document, known.get(name), value, (*steps, name))
    if isinstance(said, list):
        for number, value in enumerate(said):
            yield from _in(document, node.get("items"), value, (*steps, str(number)))


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _singular(name: str) -> str:
    letters = _letters(name)
    if letters.endswith("ies"):
        return letters.removesuffix("ies") + "y"
    return letters.removesuffix("s")
