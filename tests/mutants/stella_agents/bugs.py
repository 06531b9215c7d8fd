"""What can go wrong in an agent's conduct, and what must happen for it to show."""

from __future__ import annotations

from enum import Enum, StrEnum

__all__ = ["Bug", "Cue", "Reaction", "Trouble"]


class Trouble(StrEnum):
    """What the other side may put an agent through; a healthy one lives on."""

    BUSY = "an answer 503"
    BROKEN = "an answer 500"
    DROPPED = "a connection that broke without an answer"
    NULLS = "an answer whose tasks and renewal are null"
    BARE = "an answer without tasks and renewal"
    EXTRA = "an answer with fields of its own"
    TIMES = "an answer whose times have offsets"
    GARBLED = "an answer that is no JSON"
    GONE = "an answer that says that it is not known any more"
    CANCELLED = "a cancelled task"
    RENEWED = "a renewed certificate"
    REFUSED = "a registration that is refused"
    TASK = "a task"
    FINISHED = "the first task done"
    CLOSED = "a stream that was closed"
    UNKNOWN = "a message of an unknown type"
    UNTYPED = "a message without a type"
    SURPLUS = "a message with fields of its own"
    MISFIT = "an assigned task that is none"
    NO_JSON = "a text frame that is no JSON"
    NO_OBJECT = "a JSON message that is no object"
    BINARY = "a binary frame"
    LARGE = "a message of a hundred KiB"


class Reaction(Enum):
    """Things that healthy agents do not do about a trouble."""

    CRASH = "dies with a traceback"
    QUIT = "leaves with status 0 and without a word"
    STOP = "sends no heartbeats any more"
    HAMMER = "asks again and again without a pause"
    SLOWER = "sends heartbeats at a quarter of the rate from then on"
    DEAF = "never does anything about the stream again"
    REGISTER = "registers again with the used token"


class Bug(StrEnum):
    """A deviation that no single edited message makes; the value says what happens."""

    REGISTERS_TWICE = "registers a second time after it was accepted"
    BEATS_FIRST = "sends a heartbeat under its name before it registers"
    REGISTERS_EACH_START = "registers again before it opens its stream"

    STOPS_WHILE_WORKING = "sends no heartbeat while a task runs"
    BEAT_WAITS = "sends the next heartbeat only when all tasks of the last are done"

    RUNNING_NEVER_FALLS = "runningTasks counts every task there ever was"
    RUNNING_DONE = "runningTasks counts the finished tasks"
    RUNNING_LATE = "runningTasks is the number of three heartbeats before"

    NEVER_COMPLETES = "does the work and never reports it"
    COMPLETES_LATER_AGAIN = "reports each task a second time a moment later"
    BEFORE_WORK = "reports a task done before it begins with it"
    TWICE_IN_WORK = "reports each task when it begins and when it ends"
    FIRST_ONLY = "takes only the first of several tasks in one answer"
    LAST_ONLY = "takes only the last of several tasks in one answer"
    FIRST_EVER = "takes one task in its life"
    BUSY_DROPS = "loses the tasks that come while another runs"
    NO_DEDUPE = "does a task again each time it is told"
    DEDUPE_PER_WAY = "does a task once for each way it comes"
    FORGETS_DONE = "does a task again that is told again after its completion"
    IGNORES_BEAT_TASKS = "never looks at the tasks of a heartbeat's answer"
    IGNORES_POLLED = "polls for tasks and never does them"
    IGNORES_ASSIGNED = "never does what the stream assigns"
    UNKNOWN_IGNORED = "says nothing about a task whose type it does not know"
    UNKNOWN_SUCCEEDS = "reports success for a task whose type it does not know"
    TIMEOUT_IN_MS = "takes a task's time limit for milliseconds"
    NEEDS_PAYLOAD = "drops a task that comes without a payload"
    NEEDS_CREDENTIALS = "drops a task that comes without credentials"
    GIVES_UP_REPORT = "does not report again what was answered with 503"
    INSISTS = "reports a task again and again that is answered with 404"
    STUCK_AFTER_TWO = "reports two tasks and no more"
    MIXES_IDS = "reports each task under the id of the newest one"
    MIXES_RESULTS = "tells of the newest task in each result"

    CANCEL_IGNORED = "goes on with a cancelled task and reports success"
    CANCEL_CHATTERS = "goes on with the progress of a cancelled task"
    CANCEL_WRONG = "cancels another task than the one that is named"
    CANCEL_ALL = "cancels all tasks when one is named"
    CANCEL_SUCCEEDS = "reports success for a task when it is cancelled"
    CANCEL_STILL_RUNNING = "counts a cancelled task as running for ever"

    PROGRESS_AFTER_END = "tells progress of a task after its completion"

    RENEWAL_IGNORED = "never takes a renewed certificate"
    RENEWAL_REGISTERS = "registers again when its certificate is renewed"
    RENEWAL_OLD_KEY = "keeps its old key when a new one comes with the certificate"
    RENEWAL_DROPS_CERTIFICATE = "goes on without any certificate after a renewal"
    RENEWAL_STREAM_OLD = "opens later streams with the certificate from before the renewal"
    RENEWAL_HTTP_OLD = "sends later requests with the certificate from before the renewal"
    UNVERIFIED = "does not verify the orchestrator's certificate"
    UNVERIFIED_LATER = "does not verify the orchestrator's certificate after the registration"

    TWO_STREAMS = "opens two streams and answers on both"
    STREAM_PER_MESSAGE = "opens a stream for each message that it sends"
    NO_RECONNECT = "does not open its stream again"
    RECONNECTS_AT_ONCE = "opens its stream again without any pause"
    RECONNECT_FORGETS = "does all tasks again after the stream was opened again"
    CLOSE_DROPS_TASKS = "gives up what it is doing when its stream ends"
    REOPENED_DEAF = "hears nothing on a stream that it opened again"
    REOPENED_GOES_ON = "cancels nothing on a stream that it opened again"
    RECONNECT_BEATS = "begins with heartbeats anew on each stream, beside those from before"
    RECONNECT_ONCE = "opens its stream again only once"

    TERM_IGNORED = "does nothing when told to stop"
    TERM_FAILS = "exits with status 1 when told to stop"
    TERM_CRASHES = "dies with a traceback when told to stop"
    TERM_BEATS_ON = "goes on with heartbeats for a second after it was told to stop"
    TERM_CUTS = "cuts its stream without a close frame when told to stop"
    TERM_LEAVES_TASKS = "says nothing of what runs when it is told to stop"
    TERM_LIES = "reports success for what it gives up when told to stop"
    TERM_DAWDLES = "takes half a minute to stop"

    LEAKS_TOKEN = "prints the registration token"
    LEAKS_KEY = "prints its private key"
    LEAKS_JWT = "prints the token of the registration's answer"
    LEAKS_CREDENTIALS = "prints the credentials of its tasks"
    QUITS_EARLY = "leaves with status 0 after its third heartbeat"


class Cue(StrEnum):
    """What the other side must do for a fault to show."""

    PLAIN = "tasks on every way, several at once, told again until they are done; SIGTERM"
    REFUSED = "an orchestrator that refuses the registration"
    UNKNOWN = "an orchestrator that knows nothing of the tasks that are reported"
    IDS = "tasks with ids that a path must encode"
    CANCEL = "two long tasks, one of them cancelled"
    TROUBLE = "503, 500, a dropped connection, null and extra fields, an answer that is no JSON"
    ODD = "odd but lawful messages and frames on the stream"
    BROKEN = "a frame with reserved bits on the stream"
    CLOSE = "a stream closed, refused for a while, and accepted again"
    RENEWAL = "a renewed certificate for the same key"
    RENEWAL_KEY = "a renewed certificate with a key of its own"
    RESTART = "an orchestrator that has forgotten the agent"
    IMPOSTOR = "a server whose certificate another authority has signed"
    LATE_IMPOSTOR = "such a server in place of the right one after the registration"
