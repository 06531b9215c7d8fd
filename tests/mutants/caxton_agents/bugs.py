"""What a client lives through, how it may react, and what it may do wrong. Names only."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Bug", "Cue", "Reaction", "Trouble"]


class Trouble(StrEnum):
    """What comes from the other side and is not the plain case."""

    RATE = "status 429"
    BUSY = "status 503"
    BROKEN = "status 500"
    DROPPED = "a dropped connection"
    GARBLED = "an answer that is no JSON"
    SLOW = "an answer that takes its time"
    UNAUTHORIZED = "status 401"
    FORBIDDEN = "status 403"
    GONE = "status 404"
    CONFLICT = "status 409"
    INVALID = "status 400"
    NULLS = "null in an answer"
    EXTRA = "an unknown field in an answer"
    EMPTY = "an empty list"
    STATE = "an unknown state"
    EVENT = "an event of an unknown type"
    UNTYPED = "a message without a type"
    SURPLUS = "an event with unknown fields"
    NO_JSON = "a text that is no JSON"
    NO_OBJECT = "a message that is no object"
    BINARY = "a binary message"
    LARGE = "a large message"
    ALERT = "a system alert"
    FAILED = "an event of a failed agent"
    CLOSED = "the end of its WebSocket"


class Reaction(StrEnum):
    """What a client does about a trouble when it has a fault."""

    CRASH = "dies with a traceback"
    QUIT = "leaves with status 0"
    STALL = "does nothing any more"
    HAMMER = "asks again without a pause"
    GIVE_UP = "never asks that again"
    DEAF = "hears nothing any more"


class Bug(StrEnum):
    """A deviation that no single edited request makes; the value says what happens."""

    OFFSET_STUCK = "lists the first page again and again"
    NEXT_OFFSET_IGNORED = "lists on at its own idea of the next offset"
    PAGE_TWICE = "asks each page of the list twice"
    LIST_STOPS_EARLY = "takes the first page of the list for all of it"
    LIST_ENDLESS = "lists on behind the end"
    CURSOR_IGNORED = "reads the first page of the history again and again"
    CURSOR_CONSTANT = "reads on with the first cursor again and again"
    CURSOR_MADE_UP = "reads on with a cursor of its own making"
    CURSOR_ALONE = "forgets the conversation when it reads on"
    HISTORY_STOPS_EARLY = "takes the first page of the history for all of it"
    HISTORY_ENDLESS = "reads on behind the end of the history"

    SENDS_TO_STOPPED = "sends a message to an agent that it has stopped"
    SENDS_TO_REMOVED = "sends a message to an agent that it has removed"
    UPDATES_REMOVED = "updates an agent that it has removed"
    RELOADS_REMOVED = "reloads an agent that it has removed"
    MEASURES_REMOVED = "asks the metrics of an agent that it has removed"
    STOPS_TWICE = "stops its agent a second time"
    REMOVES_TWICE = "removes its agent a second time"
    DISTRIBUTES_TWICE = "distributes its task a second time"
    ROLLS_BACK_TWICE = "rolls its deployment back a second time"
    DISTRIBUTES_FIRST = "distributes a task that it has not created"
    MONITORS_FIRST = "monitors a deployment that it has not created"
    REDEPLOYS = "deploys again under a name that is still its own"
    LITTERS = "deploys under a new name each time and removes nothing"
    NEVER_WAITS = "sends messages before its agent runs"
    RUSHES_DEPLOYS = "deploys more in a row than the burst allows"
    FLOODS_METRICS = "asks metrics more often in a row than the burst allows"

    NEVER_SUBSCRIBES = "opens its WebSocket and subscribes to nothing"
    SUBSCRIBES_TWICE = "subscribes twice to the same"
    SUBSCRIBES_ON = "subscribes again and again to the same"
    NEVER_UNSUBSCRIBES = "leaves without ending its subscription"
    UNSUBSCRIBES_OTHER = "ends a subscription that is not its own"
    UNSUBSCRIBES_TWICE = "ends its subscription twice"
    UNSUBSCRIBES_FIRST = "ends a subscription before it has one"
    NO_RESUBSCRIBE = "does not subscribe again on a new connection"
    NO_RECONNECT = "does not open its WebSocket again"
    RECONNECTS_AT_ONCE = "opens its WebSocket again without any pause"
    RECONNECTS_ONCE = "opens its WebSocket again only once"
    TWO_SOCKETS = "opens two WebSockets and subscribes on both"

    TERM_IGNORED = "does nothing when told to stop"
    TERM_FAILS = "exits with status 1 when told to stop"
    TERM_CRASHES = "dies with a traceback when told to stop"
    TERM_GOES_ON = "goes on with its requests for a second after it was told to stop"
    TERM_CUTS = "cuts its WebSocket without a close frame when told to stop"
    TERM_DAWDLES = "takes half a minute to stop"

    LEAKS_TOKEN = "prints its token"
    QUITS_EARLY = "leaves with status 0 after its first deployment"
    NO_DEADLINE = "calls without any deadline"


class Cue(StrEnum):
    """What the other side must do for a fault to show."""

    PLAIN = "everything succeeds"
    RATE = "429 for a moment, with the time of the reset"
    QUOTA = "429 for a resource limit, without any header"
    BUSY = "503 for a moment, for each operation"
    BROKEN = "500 for a moment, for each operation"
    DROPPED = "the first request of each operation loses its connection, done or not"
    GARBLED = "the first answer of each operation is no JSON"
    SLOW = "the first answer of some operations is late"
    UNAUTHORIZED = "401 for a moment, for some operations"
    FORBIDDEN = "403 to the first request of each operation"
    GONE = "404 to the first request about a thing that is there"
    CONFLICT = "the name of the agent is taken"
    INVALID = "400 to the first request of each operation"
    NULLS = "null where a value is not needed"
    EXTRA = "fields that no document names"
    EMPTY = "lists with nothing in them"
    STATES = "states that no document names"
    ODD = "odd but lawful events and frames on the WebSocket"
    CLOSE = "a WebSocket closed, refused for a while, and accepted again"
