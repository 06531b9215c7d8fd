"""What holds for every test."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As shells start what goes on in the background, and its children would inherit it: tests
    # that end a program as Ctrl-C does would wait for it in vain.
    signal.signal(signal.SIGINT, signal.default_int_handler)
