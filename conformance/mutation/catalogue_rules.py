"""Which broken message may still keep the document: the rules, each with its sentence.

Schemas and requirement rows decide, nobody's hand. A row `speaks` of a field or a status where it
has a check of its own (no place, no general rule), belongs to the same section, or to one that is
nobody's own, and names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from conformance.mutation.catalogue_fields import Field
from conformance.mutation.catalogue_places import Body
from schemas.grpc import code_of
from schemas.spec import Protocol, Requirement, Role

__all__ = ["RULES", "Law"]

RULES: Mapping[str, str] = {
    "schemas-allow": "the schemas of the place allow the result, and no row speaks of the field",
    "value-left-open": "no row says which value must stand there: the peer chooses it",
    "nobody-judges": "the document shows no such body, and no row speaks of it",
    "anything-else": "the document lets a peer say anything else, and this is no more than that",
    "status-left-open": "no row speaks of this status, and the other one is an error as well",
    "either-status": "a row lets the status be this one as well",
    "header-left-open": "no row speaks of the header",
    "soon-enough": "it comes a moment later, and no bound is as short",
    "another-message": "it is of a kind that no document knows, and none of its own is asked for",
    "first-counts": "the first answer that ties itself to a question counts, and more may come",
    "own-initiative": "no row says how often, or in which order, this message is said",
    "close-left-open": "no row says with which code, or at all, the connection is closed",
    "rfc-allows": "RFC 6455 lets a message come in any number of fragments",
}

_OFTEN = r"once|twice|duplicate|repeat\w*"
_ORDER = r"order|sequence"
_JSON_IS_JSON = re.compile(r"\b(?:labelled so|says it is JSON) is JSON\b")
_ID = re.compile(r"\b(?:id|\w+_id|\w+Id)\b")
_FIRST = re.compile(r"(?i)\bfirst message that echoes\b")
_CLOSING = re.compile(r"(?i)\bclos\w+\b.*\b[134][0-9]{3}\b|\b[134][0-9]{3}\b.*\bclos\w+")


_FORBIDS = re.compile(r"(?i)\b(?:does|do) not\b|\bnever\b|^no\b")
_ANSWERS = re.compile(r"(?i)\banswers?\b|\brepl(?:y|ies)\b")
_UNIQUE = re.compile(r"(?i)\bno two\b|\bunique\b|\bof its own\b|\bnever\b.*\bagain\b")


def _is_plain_text_of_error(body: Body, field: Field) -> bool:
    """Is it told to people, in common words? Then sections on something else use its name too."""
    error = body.part[:1] in ("4", "5")
    bound = any(field.said(each) for each in ("enum", "const", "pattern", "format", "not"))
    return error and not bound and "_" not in field.name


def _names(rows: Iterable[Requirement], word: str) -> bool:
    """A whole body has no name: whatever is said of it counts."""
    said = re.compile(rf"\b{re.escape(word)}\b" if word else "")
    return any(said.search(row.text) for row in rows)


def _in_words(name: str) -> str:
    """What a row may call one thing of a list: of `open_doors` it may speak as an open door."""
    return name.removesuffix("s").replace("_", " ") if "_" in name and name[-1:] == "s" else ""


class Law:
    """What the rows of one role, and the schemas, have to say about a change."""

    def __init__(
        self, protocol: Protocol, requirements: Mapping[str, Requirement], role: Role
    ) -> None:
        self._role = role
        self._value_of = cache(self._spoken_value)  # asked again for each status of an operation
        self._rows = [row for row in requirements.values() if row.role == role]
        self._checks = [row for row in self._rows if row.place is None and not row.rule]
        told = [row.place for row in self._rows if row.place is not None]
        self._places = {(place.subject, place.answer) for place in told}
        self._correlations = {name: said.correlation for name, said in protocol.messages.items()}
        self._first_counts = any(_FIRST.search(row.text) for row in self._rows)
        owned = {each.section for each in protocol}
        owned |= {each.section for each in protocol.messages.values()}
        self._owned = owned - {""}
        self._beside = {
            message: {each.section for each in channel.messages.values()}
            for channel in protocol.channels.values()
            for message in channel.messages
        }
        """The sections of whatever is said on the same channel."""
        self._else = {
            message.id
            for channel in protocol.channels.values()
            for message in channel.messages.values()
            if channel.discriminator and not message.type
        }
        self._kinds = {
            message: channel.discriminator
            for channel in protocol.channels.values()
            for message in channel.messages
        }
        """Where a message says of what kind it is."""

    def speaks(self, word: str, section: str) -> bool:
        """Does a check of that section, or of one that is nobody's own, name the word?"""
        return bool(word) and _names(self._near(section), word)

    def path(self, name: str, section: str) -> str:
        """Of another value of a path's parameter: its own section may call an id otherwise."""
        an_id = bool(_ID.fullmatch(name)) and any(
            _ID.search(row.text) for row in self._own(section)
        )
        return "" if an_id or self.speaks(name, section) else "value-left-open"

    def structure(self, body: Body, field: Field, operator: str, *, allowed: bool) -> str:
        """Of a change of form; `allowed` is whether the schemas let it pass."""
        if self._unspoken(body):
            return "nobody-judges"
        message = body.place.message
        if operator == "out-of-enum" and message and field.pointer == self._kinds.get(message):
            return "another-message" if self._is_own_initiative(body.section) else ""
        if (
            allowed
            and not self._correlates(body, field)
            and not self.speaks(field.name, body.section)
        ):
            return "schemas-allow"
        return ""

    def value(self, body: Body, field: Field, operator: str) -> str:
        """Of another value of the right form."""
        if self._unspoken(body):
            return "nobody-judges"
        if body.place.message in self._else:
            return "anything-else"
        if not field.pointer and self._role == "agent":
            said = self._own(body.section) if body.place.message else []
            return "" if any(_ANSWERS.search(row.text) for row in said) else "own-initiative"
        if self._correlates(body, field):
            return ""
        near = not _is_plain_text_of_error(body, field)
        spoken = self._value_of(field.name, body.section, near=near, unique=operator != "wrong")
        return "" if spoken else "value-left-open"

    def _correlates(self, body: Body, field: Field) -> bool:
        """Does the document say that answers are told by this field?"""
        known = self._correlations.get(body.place.message, "")
        return bool(known) and known == field.pointer

    def _spoken_value(self, name: str, section: str, *, near: bool, unique: bool) -> bool:
        """That no two are the same says nothing of what one is: such rows count where `unique`."""
        rows = self._near(section) if near else self._own(section)
        told = [row for row in rows if unique or not _UNIQUE.search(row.text)]
        plainly = "" if unique else _in_words(name)
        return _names(told, name) or (plainly != "" and _names(told, plainly))

    def _own(self, section: str) -> list[Requirement]:
        return [row for row in self._checks if row.section == section]

    def _near(self, section: str) -> list[Requirement]:
        return [
            row for row in self._checks if row.section == section or row.section not in self._owned
        ]

    def whole(self, body: Body, operator: str) -> str:
        """Of a body that is `empty`, or `garbled`: no JSON, and still labelled so."""
        if body.shape is not None and not self._unspoken(body):
            return ""
        labels = any(_JSON_IS_JSON.search(row.text) for row in self._rows)
        served = body.operation is None or not body.operation.open or self._promises(body)
        if (operator == "garbled" and labels and served) or self._promises(body, "in JSON"):
            return ""
        return "nobody-judges"

    def _promises(self, body: Body, what: str = "success") -> bool:
        """Does a check say, by its method and path, that this operation is answered so?"""
        asked = body.operation
        name = "" if asked is None else f"{asked.method} {asked.path}"
        return bool(name) and any(name in row.text and what in row.text for row in self._checks)

    def _unspoken(self, body: Body) -> bool:
        """Is it a body that no row speaks of? Such a message of a channel is another one, if it is
        broken.
        """
        place = body.place
        return not place.message and (place.subject, place.answer) not in self._places

    def status(self, body: Body, part: str, new: int) -> str:
        """Of another status in the place of a documented one (`part`)."""
        success = part.startswith("2")
        if body.operation is not None and body.operation.open:
            kept = success and new >= 400 and self._promises(body)
            return "" if kept else "status-left-open"
        if success or new < 400 or new // 100 != int(part[0]):
            return ""
        if part.endswith("XX"):
            return "status-left-open"
        return "" if self.speaks(part, body.section) else "status-left-open"

    def code(self, body: Body, new: int) -> str:
        """Of another status of a procedure, in the place of an error."""
        procedure = re.compile(rf"\b{re.escape(body.place.operation.rpartition('.')[2])}\b")
        about = [row for row in self._checks if procedure.search(row.text)]
        old = code_of(int(body.part))
        if any(_names([row], old) and _names([row], code_of(new)) for row in about):
            return "either-status"
        return self.status(body, body.part, new)

    def header(self, name: str) -> str:
        """Of a header that is missing or says something else."""
        ruled = any("labelled" in row.rule for row in self._rows)
        named = any(name.lower() in row.text.lower() for row in self._checks)
        return "" if named or (name == "Content-Type" and ruled) else "header-left-open"

    def occurrence(self, operator: str, message: str, section: str) -> str:
        """Of a message that is missing, comes twice, in another order, or to somebody else."""
        if message in self._else:
            return "anything-else"
        if operator == "misdirected":
            return ""
        if operator == "duplicated" and self._correlations.get(message) and self._first_counts:
            return "first-counts"
        if operator == "missing":
            return "own-initiative" if self._is_own_initiative(section) else ""
        words = re.compile(rf"(?i)\b(?:{_OFTEN if operator == 'duplicated' else _ORDER})\b")
        # What a coordinator tells on a channel is one stream; an agent's logs are not its answers.
        together = {section} | (self._beside[message] if self._role == "coordinator" else set())
        spoken = any(words.search(row.text) for row in self._checks if row.section in together)
        return "" if spoken else "own-initiative"

    def _is_own_initiative(self, section: str) -> bool:
        """Does no row of that section ask for anything? Bans on too much ask an agent for none."""
        own = self._own(section)
        return not own or (self._role == "agent" and all(_FORBIDS.search(r.text) for r in own))

    def closing(self, operator: str) -> str:
        """Of another close code, or an end without a close frame."""
        if operator == "lost" and any(row.rule == "closed-in-order" for row in self._rows):
            return ""
        spoken = any(_CLOSING.search(row.text) for row in self._rows)
        return "" if spoken else "close-left-open"
