"""Faults that a mock can be told to show: what they strike, and what they do to it.

Pure: a plan decides, the wire shell carries out. `kinds` is what there is, as data; `fault` one of
them, `plan` those that are still to strike, `strike` and `bodies` what comes of an answer or a
message, `manner` how it goes out, `fit` whether it can strike in a protocol, `text` the short form.
"""

from mockserver.faults.fault import Fault
from mockserver.faults.plan import FaultPlan

__all__ = ["Fault", "FaultPlan"]
