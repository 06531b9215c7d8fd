"""One way in which a lawful peer is broken."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Mutant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One way in which a lawful peer is broken.

    `name` is unique and stays the same from run to run. `source` is `wire` where what the peer says
    is changed on its way, `behaviour` where the peer itself does it. `place` is an operation, a
    message, a procedure or a channel by its id, and empty for whatever passes. `operator` is the
    kind of change, `pointer` the JSON Pointer of the field that it is made in.

    `part` says which of the place's messages it is: `request`, a documented status, `reply` for
    what a procedure answers, `handshake`; or one part of these, `200.header`. `value` is what is
    put in, where there is a choice. `lawful` says by which rule the result may still keep the
    document, so that nobody need see it; it is empty where the document is broken.
    """

    name: str
    source: str
    place: str
    operator: str
    pointer: str = ""
    lawful: str = ""
    part: str = ""
    value: str = ""
