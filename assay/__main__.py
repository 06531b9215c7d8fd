"""The `assay` command: clears the way for our packages, then hands over to the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["main"]


def main() -> int:
    """Run the command line and return its exit code."""
    _put_first(str(Path(__file__).resolve().parent.parent))
    from conformance.cli import run  # only now: the path decides whose `conformance` it is

    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read what we print, a pager or `head`, has enough of it. Nothing is left to flush
        # there when the interpreter ends, and the code is the one that a shell knows SIGPIPE by.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13
    return code


def _put_first(home: str) -> None:
    """Our own folder before anything that PYTHONPATH or the working directory put in front."""
    foreign = {
        os.path.realpath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)
    }
    foreign.add(os.path.realpath("."))
    ahead = [entry for entry in sys.path if os.path.realpath(entry or ".") not in foreign]
    behind = [entry for entry in sys.path if os.path.realpath(entry or ".") in foreign]
    sys.path[:] = [home, *(entry for entry in ahead if entry != home), *behind]


if __name__ == "__main__":
    sys.exit(main())
