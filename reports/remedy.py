"""What would make a requirement conclusive that stayed open, by the cause that was given."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["remedy"]

_REMEDIES: Sequence[tuple[str, str]] = (
    (r"has no hook '(?P<name>\w+)'", "Give the target file a hook “{name}” (docs/target.md)."),
    (r"judged from the profile '(?P<name>\w+)' on", "Run it with --profile {name}."),
    (
        r"^nothing was answered (?P<name>[A-Z_]+)$",
        (
            "Let the peer answer {name} once while the suite watches. Where the target file has "
            "the hook “force”, the suite brings some such answers about (docs/target.md)."
        ),
    ),
    (
        r"nothing that was said touched it",
        "Have the peer say what this speaks of: what never came up is listed under Coverage.",
    ),
    (r"give one with (?P<name>--\w+)", "Start the run with {name}."),
    (r"the target file can name", "Name them in the target file (docs/target.md)."),
    (
        r"the run ended before it was judged|the peer no longer accepts connections",
        "Run it again, to its end.",
    ),
    (
        r"the peer says (?P<name>429|503), not now|rate of .* is used up",
        "Run it again when the peer has room: with a higher limit, or alone with --only.",
    ),
    (
        r"a fault in assay",
        "The fault is ours, and told above: report it, and run again once it is mended.",
    ),
    (r"the machine was too busy", "Run it again on a machine with less to do."),
    (
        r"breaks down even when all is well|does not answer, even when all is well",
        "Mend what breaks down without any trouble first, then run it again.",
    ),
    (
        (
            r"(client|agent|script) (had gone|was not there|had left|was never asked|broke down"
            r"|never tried|never asked|asked nothing|said nothing|runs elsewhere)"
        ),
        (
            "Have it stay connected and at work until the situation is over; have it launched by "
            "the run, where it is not."
        ),
    ),
    (
        (
            r"(could (not )?be|cannot be) (registered|opened|read|deleted|seen|had|used|known)"
            r"|broke off|was answered|is answered|handed over n|was not let in|step [\w-]+:"
        ),
        "What it needs first did not work. Mend that, or what fails above, and run it again.",
    ),
)


def remedy(cause: str) -> str:
    """A sentence, or empty where nobody knows what would help, as with what nothing can judge."""
    for pattern, words in _REMEDIES:
        found = re.search(pattern, cause, re.IGNORECASE)
        if found:
            return words.format(**found.groupdict())
    return ""
