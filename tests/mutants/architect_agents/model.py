"""The nouns of the client: drafts, styles, troubles and faults; no input or output."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, TypeAlias

from tests.mutants.architect_agents.wire import HeaderForm, Wire

__all__ = [
    "ABSENT",
    "LIST",
    "SERVERS",
    "Absent",
    "Draft",
    "Encoding",
    "Fault",
    "Json",
    "Library",
    "Match",
    "Moment",
    "Needs",
    "OnLoss",
    "Reaction",
    "Reshape",
    "Response",
    "Style",
    "Tamper",
    "TokenMaker",
    "TokenView",
    "Tour",
    "Trouble",
]

# Covariant containers, so that a plain dict[str, str] is a Json without a cast.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

LIST: Final = "list_actions"
SERVERS: Final = "servers"


class Absent(Enum):
    """No token at all, which differs from a null one."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class Library(StrEnum):
    """Who speaks RFC 6455."""

    RAW = "hand-written on a socket"
    WEBSOCKETS = "websockets, asyncio"
    SYNC = "websockets, threads"
    AIOHTTP = "aiohttp"


class Tour(Enum):
    """Which of the listed actions are called."""

    ALL = "every action whose parameters can be filled in"
    PLAIN = "actions that require no parameter"
    SERVERS = "the action of the example only"


class Match(Enum):
    """How an incoming map finds its waiting request. TOKEN and SHAPE are healthy."""

    TOKEN = "the token that was sent"
    SHAPE = "no tokens are sent: a catalogue is known by its looks, nothing else is awaited"
    ORDER = "any map with a token goes to the oldest request"
    NEWEST = "any map with a token goes to the newest request"
    ANY = "any map at all goes to the oldest request"


class Trouble(StrEnum):
    """What a server may lawfully do that a careless client does not expect."""

    EVENT = "event"
    """A map without a token, or with a null one."""
    EVENT_NULL = "event_null"
    """An event whose token stands there and is null."""
    STRANGE = "strange"
    """A map with a token that this client never sent."""
    TWICE = "twice"
    """A second reply to the same token."""
    LATE = "late"
    """A reply to a token that was given up."""
    REORDERED = "reordered"
    """A reply to another than the oldest request."""
    NON_JSON = "non_json"
    NON_MAP = "non_map"
    BINARY = "binary"
    ERROR = "error"
    """A reply that tells of an error."""
    SLOW = "slow"
    """No reply within the style's time-out."""
    LOST = "lost"
    """The connection broke."""
    CLOSED = "closed"
    """The server closed in order."""
    UNREACHABLE = "unreachable"
    """No connection can be made, or the upgrade is refused."""
    REQUIRED_NULL = "required_null"
    REQUIRED_EMPTY = "required_empty"
    REQUIRED_MISSING = "required_missing"
    FLAG_MISSING = "flag_missing"
    DESCRIPTION_MISSING = "description_missing"


class Reaction(Enum):
    """What a client does about a trouble. COPE is healthy."""

    COPE = "take note and go on"
    CRASH = "die with a traceback"
    HANG = "stay, and never do anything again"
    QUIT = "leave with status 0 and no word"
    CLOSE = "close the connection in order"
    DROP = "drop the connection without a word"
    HAMMER = "the same again, at once, for ever"
    ANSWER = "send the message back"
    ACKNOWLEDGE = "send a frame that is no request"
    TAKE = "take it for the reply to the oldest request"


class OnLoss(Enum):
    """What follows the end of a connection; all of these are lawful."""

    RECONNECT = "come back, each time after a longer rest"
    EXIT = "say why and leave with a failure status"
    STAY = "stay without a connection, as the document's example does"


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """A reaction that begins with the occurrence after the first ``skip``."""

    reaction: Reaction
    skip: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """Where in its life the client makes a request; all counts start at 0."""

    action: str
    nth: int = 0
    """Earlier requests on this connection."""
    total: int = 0
    """Earlier requests on any connection."""
    connection: int = 0
    """Earlier connections of this line."""
    line: int = 0
    waiting: int = 0
    """Requests of this connection that wait for a reply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenView:
    """What a token may be made from."""

    moment: Moment
    rng: random.Random
    answered: int = 0
    """Replies on this connection so far."""
    used: tuple[Json, ...] = ()
    """Tokens of this connection, oldest first."""
    given_up: tuple[Json, ...] = ()
    """Tokens whose reply did not come in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One request before it goes out; ``raw`` overrules ``payload`` when it is set.

    Text goes into a text frame, bytes into a binary one.
    """

    payload: Json
    moment: Moment
    raw: str | bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How a style writes JSON."""

    indent: int | None = None
    compact: bool = False
    ascii_only: bool = True
    shuffled: bool = False


TokenMaker: TypeAlias = Callable[[TokenView], "Json | Absent"]
Tamper: TypeAlias = Callable[[Draft], Draft]


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """One way of using the API. Seconds throughout."""

    name: str
    summary: str
    token: TokenMaker
    library: Library = Library.RAW
    form: HeaderForm = HeaderForm.SPACED
    delay: float = 0.0
    """Between the connection and the first request."""
    lists: bool = True
    relist: float | None = None
    """The catalogue is asked for again after this time."""
    tour: Tour = Tour.ALL
    in_flight: int = 1
    batch: int = 0
    """Calls in each round at least; 0: each action once."""
    waits: bool = True
    """Replies are waited for; else they are just printed."""
    period: float = 0.4
    """Rest between two rounds of calls."""
    rounds: int | None = None
    """After this many rounds the script is done: it closes and exits with 0."""
    connections: int = 1
    """Held at the same time."""
    timeout: float = 10.0
    on_loss: OnLoss = OnLoss.RECONNECT
    encoding: Encoding = Encoding()
    fields: Mapping[str, Json] = field(default_factory=dict)
    """Further top-level fields."""
    fragment: int | None = None
    """Longest fragment of a message, in bytes."""
    ping_every: float | None = None
    prints_events: bool = False

    # From here on: what only faults change.
    match: Match = Match.TOKEN
    reactions: Mapping[Trouble, Response] = field(default_factory=dict)
    heeds_flag: bool = True
    unlisted: tuple[str, ...] = ()
    """Actions that are called although the catalogue does not have them."""
    hasty: bool = False
    """Calls before the catalogue has come."""
    list_loop: bool = False
    flood: bool = False
    mute_from: int | None = None
    """From this connection on nothing is sent."""
    connection_per_call: bool = False
    crowd: int = 0
    """Idle connections that are opened beside the first."""
    prints: str = ""
    """What it says before it connects; ``{password}`` in it stands for the password."""
    crowds: bool = False
    """Two more attempts beside each one that follows a failed one."""
    lists_more: bool = False
    """The catalogue is asked for once more on each connection than on the one before."""
    reconnects: int | None = None
    says_goodbye: bool = True
    heeds_term: bool = True
    """SIGTERM ends it."""
    blind_to: Callable[[str], bool] | None = None
    """JSON that it takes for none, because of how it is written."""
    verifies: bool = False
    """Trusts the system's certificate authorities only."""
    ignores_tls: bool = False


Reshape: TypeAlias = Callable[[Style], Style]


class Needs(StrEnum):
    """What the server (or whoever launched the client) must do for a fault to show."""

    NOTHING = "nothing"
    WSS = "a wss URL with a self-signed certificate"
    PARAMETERS = "a catalogue with actions that require parameters, each with a data type"
    CONTROLLER = "a catalogue with a cloud_controller_only action"
    REQUIRED_NULL = "a catalogue with required_parameters null"
    REQUIRED_EMPTY = "a catalogue with required_parameters []"
    REQUIRED_MISSING = "a catalogue entry without required_parameters"
    FLAG_MISSING = "a catalogue entry without cloud_controller_only"
    DESCRIPTION_MISSING = "a catalogue entry without description"
    EVENT = "events, the first of them before the catalogue"
    EVENT_NULL = "events with idempotence null"
    STRANGE = "a map with a token that nobody sent"
    TWICE = "each reply twice"
    REORDERED = "replies to concurrent requests in another order"
    NON_JSON = "a text frame that is no JSON"
    NON_MAP = "a JSON text frame that is no map"
    BINARY = "a binary frame"
    ERROR = "an error reply to some call"
    SLOW = "one call left unanswered for longer than a second"
    LATE = "one reply more than a second late"
    LOST = "the connection dropped, the listener still there"
    CLOSED = "the connection closed in order, the listener still there"
    LOST_OFTEN = "each connection dropped soon after it was made"
    CLOSED_OFTEN = "each connection closed in order soon after it was made"
    UNREACHABLE = "the server gone for a few seconds"
    PING = "pings with payloads of 0, 4 and 125 bytes"
    FRAGMENTS = "replies in fragments, cut inside a character, a ping between them"
    LARGE = "a reply of more than 125 and of more than 65535 bytes"
    DRESSED = "replies with white space, escapes and keys in another order"
    GOODBYE = "SIGTERM"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One seeded bug: exactly one deviation from the lawful style ``reading``.

    ``implied``: no sentence or example of the document forbids it as such.
    """

    name: str
    reading: str
    section: str
    summary: str
    implied: bool = False
    needs: Needs = Needs.NOTHING
    tamper: Tamper | None = None
    wire: Wire | None = None
    reshape: Reshape | None = None
