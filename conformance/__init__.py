"""Did the peer keep its word? The suite, its judges and clients, and the command line."""

from conformance.verdict import Evidence, Finding

__all__ = ["Evidence", "Finding"]
