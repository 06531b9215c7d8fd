"""Started in an agent's place: asks for a proxy, and becomes the agent, with the proxy's address.

It is a script, for a Python without site-packages: it stands before each life of each agent, so it
must be over at once. To whoever starts it, and ends it, it is the agent.
"""

import json
import os
import signal
import socket
import sys

__all__ = ["main"]

_AS_SET_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")
"""Signals that Python ignores, which whatever it becomes would ignore then, too."""


def main() -> None:
    """`sys.argv` holds the socket of whoever has the proxies."""
    asking = socket.socket(socket.AF_UNIX)
    asking.connect(sys.argv[1])
    asked = {"pid": os.getpid(), "environment": dict(os.environ)}
    asking.sendall(json.dumps(asked).encode() + b"\n")
    said = json.loads(asking.makefile("rb").readline())
    for name in _AS_SET_BY_PYTHON:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    asking.set_inheritable(True)  # it ends with the agent, and so tells its end
    command = said["command"]
    try:
        os.execvpe(command[0], command, {**os.environ, **said["environment"]})  # noqa: S606
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main()
