"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As shells start what goes on in the background, and its children would inherit it: tests
    # that end a program as Ctrl-C does would wait for it in vain.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is slow, and that is no fault of what is tried.
settings.register_profile("assay", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("assay")
