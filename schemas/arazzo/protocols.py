"""Which protocol is a scenario of?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from schemas.arazzo.page import Page, Spot, nearest
from schemas.arazzo.pages import locate
from schemas.loader import document_of, load, protocol_ids
from schemas.spec import Protocol

__all__ = ["choose_protocol"]


class _Word(NamedTuple):
    """What one place of a document says."""

    page: Page
    at: Spot
    pack: str


def choose_protocol(page: Page, wanted: Protocol | None) -> Protocol | None:
    """As `x-protocol` says it, or the sources, or who asks; they must not contradict each other.
    `None`, and a complaint, where nobody says it. Raises `PackError` for a broken pack.
    """
    words = [*_words(page)]
    if not words:
        if wanted is None:
            hint = f"add x-protocol: {' or '.join(protocol_ids())}"
            page.complain((), "nothing says which protocol it is of", hint=hint)
        return wanted
    loaded: dict[str, Protocol] = {} if wanted is None else {wanted.id: wanted}
    first = wanted or _load(words[0].pack, loaded)
    for word in words:
        found = _load(word.pack, loaded)
        if found.id != first.id:
            message = f"is of {found.id}, and the scenario is of {first.id}"
            hint = "a scenario is of one protocol"
            word.page.complain(word.at, message, word.pack, hint)
    return first


def _load(pack: str, loaded: dict[str, Protocol]) -> Protocol:
    if pack not in loaded:
        loaded[pack] = load(pack)
    return loaded[pack]


def _words(top: Page) -> Iterator[_Word]:
    for page in top.walk():
        said = page.said.get("x-protocol")
        if said in protocol_ids():
            yield _Word(page, ("x-protocol",), said)
        elif said is not None:
            page.complain(("x-protocol",), "is no protocol", said, nearest(said, protocol_ids()))
    for page in top.walk():
        for index, source in enumerate(page.said["sourceDescriptions"]):
            at = ("sourceDescriptions", str(index), "url")
            path = None if source.get("type") == "arazzo" else locate(page, source["url"], at)
            found = None if path is None else document_of(path)
            if found is not None:
                yield _Word(page, at, found[0])
